"""Switching the metadata service in the admin does what the REST API does."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from controlplane.activity.models import ActivityEvent
from servers.models import AccountSettings, BareMetalServer
from tests.forms import form, send
from tests.world import ALICE, World, make_profile, make_server
from trustedprofiles.models import User

LIST = "/admin/servers/baremetalserver/"
UPDATE = "is.bare-metal-server.bare-metal-server.update"


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", profile=make_profile(world.account, name="demo-viewer"))


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    alice = User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=world.account)
    client.force_login(alice)
    return client


def updates() -> list[tuple[str, str, str, dict[str, Any]]]:
    events = ActivityEvent.objects.filter(action=UPDATE).order_by("pk")
    return [(event.initiator_id, event.target_id, event.outcome, event.data) for event in events]


def save_list(browser: Client, server: BareMetalServer, **switches: str) -> None:
    page_form = form(browser, LIST, "changelist-form")
    changes = {f"form-0-{name}": value for name, value in switches.items()}
    assert send(browser, LIST, page_form, page_form.default, **changes).redirect_chain


def save_form(browser: Client, server: BareMetalServer, **changes: str) -> None:
    path = f"{LIST}{server.number}/change/"
    send(browser, path, form(browser, path, "baremetalserver_form"), **changes)


def act(browser: Client, action: str, *servers: BareMetalServer) -> None:
    page_form = form(browser, LIST, "changelist-form")
    numbers = [server.number for server in servers]
    send(browser, LIST, page_form, page_form.button(name="index"), action=action, _selected_action=numbers)


def test_the_list_shows_the_switches_and_what_matters_beside_them(browser: Client, server: BareMetalServer) -> None:
    page = browser.get(LIST).content.decode()
    for word in ("web-1", "Running", "metadata_enabled", "metadata_protocol", "demo-viewer"):
        assert word in page


def test_the_list_switches_the_service_on(browser: Client, server: BareMetalServer) -> None:
    save_list(browser, server, metadata_enabled="on")
    server.refresh_from_db()
    assert server.metadata_enabled


@pytest.mark.parametrize(("posted", "expected"), [({}, False), ({"metadata_service": "on"}, True)])
def test_the_switch_of_the_whole_account_is_turned(
    browser: Client, world: World, posted: dict[str, str], expected: bool
) -> None:
    answer = browser.post("/admin/servers/accountsettings/add/", {"account": world.account.id, **posted})
    assert answer.status_code == 302
    assert AccountSettings.objects.get().metadata_service is expected
    [event] = ActivityEvent.objects.filter(action="baremint.account.update")
    assert (event.initiator_id, event.data) == (ALICE.iam_id, {"metadata_service": {"enabled": expected}})


def test_the_list_switches_the_protocol(browser: Client, server: BareMetalServer) -> None:
    save_list(browser, server, metadata_protocol="https")
    server.refresh_from_db()
    assert server.metadata_protocol == "https"


def test_the_form_switches_the_service_on(browser: Client, server: BareMetalServer) -> None:
    save_form(browser, server, metadata_enabled="on")
    server.refresh_from_db()
    assert server.metadata_enabled


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("enable_metadata_service", (True, "http")),
        ("disable_metadata_service", (False, "http")),
        ("use_https", (False, "https")),
        ("use_http", (False, "http")),
    ],
)
def test_a_bulk_action_switches_every_selected_server(
    browser: Client, server: BareMetalServer, world: World, action: str, expected: tuple[bool, str]
) -> None:
    other = make_server(world.account, name="web-2")
    act(browser, action, server, other)
    rows = BareMetalServer.objects.all()
    assert {(row.metadata_enabled, row.metadata_protocol) for row in rows} == {expected}


def test_a_switch_in_the_admin_leaves_the_event_that_the_rest_api_leaves(
    browser: Client, server: BareMetalServer
) -> None:
    save_list(browser, server, metadata_enabled="on")
    api = APIClient()
    api.force_authenticate(user=ALICE)  # type: ignore[arg-type]
    path = f"/v1/bare_metal_servers/{server.id}?version=2025-08-26&generation=2"
    api.patch(path, {"metadata_service": {"enabled": True}}, format="json")
    [by_admin, by_rest] = updates()
    assert by_admin == by_rest


def test_a_save_that_changes_nothing_leaves_no_event(browser: Client, server: BareMetalServer) -> None:
    save_list(browser, server)
    assert updates() == []


def test_nothing_but_the_switches_can_be_changed(browser: Client, server: BareMetalServer) -> None:
    save_form(browser, server, name="other", status="failed")
    server.refresh_from_db()
    assert (server.name, server.status) == ("web-1", "running")


@pytest.mark.parametrize("path", [f"{LIST}add/", f"{LIST}{{number}}/delete/"])
def test_servers_are_neither_added_nor_deleted_here(browser: Client, server: BareMetalServer, path: str) -> None:
    assert browser.get(path.format(number=server.number)).status_code == 403


def test_the_list_takes_the_same_queries_for_one_server_and_for_five(
    browser: Client, server: BareMetalServer, world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        browser.get(LIST)
    for number in range(4):
        make_server(world.account, name=f"more-{number}")
    with django_assert_max_num_queries(len(one)):
        browser.get(LIST)


def test_an_unauthenticated_visitor_is_sent_to_the_login(client: Client, server: BareMetalServer) -> None:
    assert client.get(LIST)["Location"].startswith("/admin/login/")
