"""No text that a browser sends makes a page of the admin fail."""

from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.test import Client

from tests.odd import ENCODED, FEW
from tests.world import ALICE, World, make_server
from trustedprofiles.models import User

pytestmark = pytest.mark.thorough

LISTS = sorted(f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry)
LISTS_WITH_ACTIONS = ["/admin/servers/baremetalserver/", "/admin/trustedprofiles/user/", "/admin/auth/group/"]
QUERIES = ("q", "o", "p", "all", "e", "id__exact", "number__exact", "name", "status__exact", "_to_field", "_popup")
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def browser(world: World) -> Client:
    make_server(world.account, name="web-1")
    alice = User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=world.account)
    browser = Client(raise_request_exception=False)
    browser.force_login(alice)
    return browser


def failing(browser: Client, method: str, paths: list[str], body: str = "") -> list[str]:
    answers = [(path, browser.generic(method, path, body, content_type=FORM)) for path in paths]
    return [path[:100] for path, answer in answers if answer.status_code >= 500]


@pytest.mark.parametrize("path", LISTS)
def test_no_text_of_a_query_makes_a_list_fail(browser: Client, path: str) -> None:
    assert failing(browser, "GET", [f"{path}?{name}={each}" for name in QUERIES for each in FEW]) == []


@pytest.mark.parametrize("path", LISTS)
def test_no_text_in_place_of_an_id_makes_a_page_fail(browser: Client, path: str) -> None:
    pages = [f"{path}{each}/{page}/" for each in FEW for page in ("change", "history", "delete")]
    assert failing(browser, "GET", pages) == []


@pytest.mark.parametrize("path", LISTS_WITH_ACTIONS)
def test_no_text_of_an_action_makes_a_list_fail(browser: Client, path: str) -> None:
    for value in ENCODED.values():
        queries = [f"action={action}&_selected_action={value}" for action in ("use_https", "delete_selected")]
        for body in (f"action={value}", *queries, f"index={value}&action=use_https"):
            assert failing(browser, "POST", [path], body) == []


def test_no_text_of_a_form_makes_a_page_fail(browser: Client) -> None:
    [user] = User.objects.all()
    change = f"/admin/trustedprofiles/user/{user.pk}/change/"
    names = ("username", "iam_id", "account", "first_name", "email", "groups", "date_joined_0", "last_login_0")
    for value in ENCODED.values():
        assert failing(browser, "POST", [change], "&".join(f"{name}={value}" for name in names)) == []
        added = "&".join(f"{name}={value}" for name in ("username", "password1", "password2"))
        assert failing(browser, "POST", ["/admin/trustedprofiles/user/add/"], added) == []


@pytest.mark.parametrize("value", ENCODED.values(), ids=ENCODED)
def test_no_text_makes_signing_in_fail(world: World, value: str) -> None:
    browser = Client(raise_request_exception=False)
    answer = browser.post("/admin/login/", f"username={value}&password={value}&next={value}", content_type=FORM)
    assert answer.status_code < 500
    assert urlsplit(answer.get("Location", "")).netloc == ""
