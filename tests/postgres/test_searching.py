"""No word makes a search or a filter fail on PostgreSQL, whose columns take no text for an address, number or date."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db.models import GenericIPAddressField, Model
from django.test import Client

from controlplane.activity.record import Party
from controlplane.kernel.crn import Crn
from tests.world import ALICE, make_server, make_world
from trustedprofiles.models import User
from trustedprofiles.search_query import parse_query
from trustedprofiles.selectors import tagged_resources
from trustedprofiles.services.tags import attach_tags

pytestmark = pytest.mark.thorough

WORDS = ["web", "10.240", "10.240.0.4/24", "::1", "-1", "9" * 25, "2025-02-30", "a%25b%5C"]
PAGES = {
    "/servers/table": ("q", "status", "metadata", "protocol", "zone", "sort", "page"),
    "/activity/list": ("q", "action", "outcome", "since", "before"),
    "/activity/export": ("q", "action", "outcome", "since", "format"),
}


@pytest.fixture
def browser(on_postgresql: None) -> Client:
    account = make_world().account
    make_server(account, name="web-1")
    browser = Client(headers={"Accept": "text/html"}, raise_request_exception=False)
    browser.force_login(User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=account))
    return browser


def failing(browser: Client, paths: Iterator[str]) -> list[str]:
    return [path for path in paths if browser.get(path).status_code >= 500]


def test_no_word_makes_the_console_fail(browser: Client) -> None:
    assert failing(browser, (f"{path}?{name}={word}" for path in PAGES for name in PAGES[path] for word in WORDS)) == []


def test_no_word_that_is_searched_for_makes_the_admin_fail(browser: Client) -> None:
    searched = [model for model, options in admin.site._registry.items() if options.search_fields]
    assert len(searched) > 5
    assert failing(browser, (f"{_list(model)}?q={word}" for model in searched for word in WORDS)) == []


def test_no_filter_makes_the_admin_fail(browser: Client) -> None:
    kinds = {type(field): (model, field) for model in admin.site._registry for field in model._meta.concrete_fields}
    assert GenericIPAddressField in kinds
    assert (
        failing(
            browser, (f"{_list(model)}?{field.name}__exact={word}" for model, field in kinds.values() for word in WORDS)
        )
        == []
    )


def test_the_filters_that_the_admin_offers_are_taken(browser: Client) -> None:
    pairs = [(model, name) for model, options in admin.site._registry.items() for name in options.list_filter]
    assert len(pairs) > 5
    urls = (f"{_list(model)}?{name}__exact={word}" for model, name in pairs for word in WORDS)
    answers = [(path, browser.get(path).status_code) for path in urls]
    assert [each for each in answers if each[1] not in (200, 302)] == []


@pytest.mark.usefixtures("on_postgresql")
def test_wildcards_of_a_query_for_tags_mean_what_they_do_on_sqlite() -> None:
    """``%`` and ``_``, which LIKE has for itself, are ordinary characters."""
    account = make_world().account
    crn = Crn.parse(f"crn:v1:bluemix:public:is:us-south:a/{account.id}::vpc:r006_1")
    attach_tags(account, crn=crn, type="user", names=["my_tag"], by=Party.of(ALICE))
    queries = ("tags:MY_*", "tags:my?tag", "r006*", "crn:*:r006_?", "tags:my-t*", "tags:m%*", "crn:*R006_1")
    matches = [bool(tagged_resources(account.id, parse_query(query))) for query in queries]
    assert matches == [True, True, False, True, False, False, False]


def _list(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
