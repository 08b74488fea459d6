"""No page of console and admin asks the database more often because there is more to show, nor takes longer."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Model
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.bench.population import populate
from controlplane.console.urls import urlpatterns
from controlplane.observability import health
from controlplane.timekeeping.models import ClockSetting
from identity.models import KeyPair, RevocationList
from servers.form_snapshot import switches_shown
from servers.models import AccountSettings, BareMetalServer, NetworkInterface
from tests.certified import issue
from tests.console.test_server_table import use
from tests.forms import as_shown
from tests.multitude import multiply
from tests.policies import make_content
from tests.world import ALICE, World, make_profile, make_server
from trustedprofiles.api.rule_requests import RuleBody
from trustedprofiles.models import Account, ResourceGroup, TrustedProfile, User
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.rules import RuleContent, create_rule

FEW, MANY, VERY_MANY = 3, 60, 300
TIMES = 6
BY = Party(ALICE.iam_id, "Alice", "User")
RULE = {
    "type": "Profile-CR",
    "cr_type": "BMS",
    "name": "web",
    "conditions": [
        {"claim": "name", "operator": "CONTAINS", "value": "-"},
        {"claim": "subnet_id", "operator": "NOT_EQUALS", "value": "x"},
    ],
}
TYPED = {"claim-0": "name", "operator-0": "CONTAINS", "value-0": "web", "claim-1": "ip_addresses.address"}
ONCE = {
    *(BareMetalServer, NetworkInterface),  # multiplied as a whole
    *(TrustedProfile, ClockSetting, AccountSettings, RevocationList),
}
OWN: dict[type[Model], dict[str, Any]] = {
    Account: {"is_first": False},
    ResourceGroup: {"is_default": False},
    KeyPair: {"state": KeyPair.State.RETIRED, "activated_at": None},
}


@pytest.fixture
def servers(world: World, keys: None) -> list[BareMetalServer]:
    profile = make_profile(world.account, name="reader")
    new_servers = [
        make_server(world.account, name=f"web-{place}", metadata_enabled=True, profile=profile) for place in range(FEW)
    ]
    create_rule(profile, content=RuleContent(**RuleBody.check(RULE)), by=BY)
    create_policy(world.account, content=make_content(profile.iam_id, "Viewer"), api_version="v1", by=BY)
    for server in new_servers:
        use(server)
        issue(server)
    return new_servers


@pytest.fixture
def browser(world: World) -> Client:
    browser = Client(headers={"Accept": "text/html"})
    browser.force_login(User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=world.account))
    return browser


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are executed inside."""
    statements: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield statements


def pages_of_the_console() -> list[str]:
    names = {
        "server_id": BareMetalServer.objects.order_by("number")[0].id,
        "profile_id": TrustedProfile.objects.order_by("created_at")[0].id,
        "number": ActivityEvent.objects.order_by("id")[0].pk,
        "slug": "identity-token",
    }
    paths = [str(each.pattern) for each in urlpatterns]
    return ["/" + re.sub(r"<\w+:(\w+)>", lambda match: str(names[match[1]]), path) for path in paths]


def pages_of_the_admin() -> list[str]:
    """Of each kind of record its list, a search in it, its first record and the history of that."""
    paths = ["/admin/"]
    for model in admin.site._registry:
        kind = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        paths += [kind, f"{kind}?q=web"]
        if (first := model._default_manager.order_by("pk").first()) is not None:
            paths += [f"{kind}{first.pk}/change/", f"{kind}{first.pk}/history/"]
    return paths


PAGES = [pytest.param(pages_of_the_console, id="console")]
PAGES += [pytest.param(pages_of_the_admin, id="admin", marks=pytest.mark.thorough)]


def asked(browser: Client, paths: list[str]) -> dict[str, Callable[[], Any]]:
    """What is asked for at each path; forms that only ask are pages, too."""
    calls: dict[str, Callable[[], Any]] = {path: partial(browser.get, path) for path in paths}
    calls = {path: ask for path, ask in calls.items() if ask().status_code == 200}
    profile = TrustedProfile.objects.order_by("created_at")[0].id
    calls[f"/profiles/{profile}/preview"] = lambda: browser.post(f"/profiles/{profile}/preview", TYPED)
    calls["/servers/actions"] = lambda: browser.post("/servers/actions", switching_off())
    return calls


def switching_off() -> dict[str, Any]:
    first_servers = BareMetalServer.objects.order_by("number")[:MANY]
    fields = as_shown(*map(switches_shown, first_servers))
    return {"action": "disable", "server": [server.id for server in first_servers], **fields}


def queries(asking: Mapping[str, Callable[[], Any]]) -> dict[str, int]:
    counts = {}
    for path, ask in asking.items():
        health.forget()
        with counted() as statements:
            assert ask().status_code == 200
        counts[path] = len(statements)
    return counts


def multiply_everything() -> None:
    populate(MANY)
    BareMetalServer.objects.update(metadata_enabled=True)
    profile = TrustedProfile.objects.order_by("created_at")[0]
    multiply(profile.rules.get(), MANY)
    for model in admin.site._registry.keys() - ONCE:
        if row := model._default_manager.order_by("pk").first():
            multiply(row, MANY, **OWN.get(model, {}))
    multiply(profile, MANY)


@pytest.mark.thorough
@pytest.mark.parametrize("pages", PAGES)
def test_no_page_takes_more_queries_when_there_is_more_to_show(
    browser: Client, servers: list[BareMetalServer], pages: Callable[[], list[str]]
) -> None:
    Group.objects.create(name="few")
    asking = asked(browser, pages())
    assert len(asking) > 25
    few = queries(asking)
    multiply_everything()
    many = queries(asking)
    assert {path: (few[path], many[path]) for path in few if many[path] > few[path]} == {}


COSTS = ["/servers/{server}", "/servers/{server}/state", "/servers/{server}/holdings"]
COSTS += ["/profiles/{profile}", "/profiles/{profile}/state", "/profiles/{profile}/matches"]


@pytest.mark.thorough
def test_three_hundred_servers_cost_a_page_less_than_twice_what_three_do(
    browser: Client, servers: list[BareMetalServer]
) -> None:
    profile = TrustedProfile.objects.get()
    asking: dict[str, Callable[[], Any]] = {
        path: partial(browser.get, path.format(server=servers[0].id, profile=profile.id)) for path in COSTS
    }
    asking["preview"] = lambda: browser.post(f"/profiles/{profile.id}/preview", TYPED)
    few = {path: cost(ask) for path, ask in asking.items()}
    populate(VERY_MANY)
    ratios = {path: cost(ask) / few[path] for path, ask in asking.items()}
    assert {path: ratio for path, ratio in ratios.items() if ratio >= 2} == {}


def cost(ask: Callable[[], Any]) -> float:
    """Seconds of CPU time, the least of a few, when the second of them is warm."""
    start_times = []
    for _ in range(TIMES):
        began = time.process_time()
        assert ask().status_code == 200
        start_times.append(time.process_time() - began)
    return min(start_times)
