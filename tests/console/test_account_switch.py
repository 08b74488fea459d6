"""The account's switch over the metadata service of all of its servers, wherever a server's own switch is."""

from datetime import timedelta

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.services.identity_tokens import create_identity_token
from servers.facts import facts_of
from servers.form_snapshot import account_shown
from servers.models import AccountSettings, BareMetalServer
from servers.selectors import server_by_number
from servers.services.metadata_service import switch_account
from tests.forms import as_shown, form, send
from tests.world import World, make_server

pytestmark = pytest.mark.usefixtures("keys")

SWITCH = 'aria-label="Metadata service of the account"'


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


def turn_off(world: World) -> None:
    switch_account(world.account, enabled=False, by=Party())


def is_off() -> bool:
    return AccountSettings.objects.filter(metadata_service=False).exists()


@pytest.mark.parametrize("path", ["/servers", "/servers/table", "/servers/{}", "/servers/{}/state"])
def test_a_server_that_is_on_but_off_for_the_account_says_so(
    alice: Client, world: World, server: BareMetalServer, path: str
) -> None:
    where = path.format(server.id)
    page = alice.get(where).content.decode()
    assert (SWITCH in page, "off for the account" in page) == (True, False)
    turn_off(world)
    page = alice.get(where).content.decode()
    assert f'aria-checked="false" {SWITCH}' in page
    assert "off for the account" in page
    assert "No server of the account has it, whatever its own switch says." in page


@pytest.mark.parametrize(("path", "id"), [("/servers", "servers-form"), ("/servers/{}", "server-form")])
def test_the_switch_of_the_account_is_turned_where_it_is_shown(
    alice: Client, world: World, server: BareMetalServer, path: str, id: str
) -> None:
    where = path.format(server.id)
    for expected in (True, False):
        page_form = form(alice, where, id)
        assert send(alice, where, page_form, page_form.button(id="account-metadata")).status_code == 200
        assert is_off() is expected
    events = ActivityEvent.objects.filter(action="baremint.account.update").order_by("pk")
    assert [each.data["metadata_service"]["enabled"] for each in events] == [False, True]
    assert BareMetalServer.objects.get().metadata_enabled


def test_switching_the_account_off_asks_first_and_says_how_many_tokens_ended(
    alice: Client, server: BareMetalServer
) -> None:
    row = server_by_number(server.number)
    assert row
    create_identity_token(facts_of(row), lifetime=timedelta(hours=1), nonce=None, now=clock.now())
    page_form = form(alice, "/servers", "servers-form")
    answer = send(alice, "/servers", page_form, page_form.button(id="account-metadata"))
    assert "This ends 1 identity token of programs on its servers." in answer.content.decode()
    assert not is_off()
    body = {"enabled": "false", "confirmed": "yes", **as_shown(account_shown(server.account, enabled=True))}
    page = alice.post("/account/metadata", body, follow=True).content.decode()
    assert "Switched off for the account: Account a. Ended: 1 identity token." in page
    assert "This server has no active token." in alice.get(f"/servers/{server.id}").content.decode()


def test_a_stale_page_does_not_undo_a_switch_of_the_account(
    alice: Client, world: World, server: BareMetalServer
) -> None:
    turn_off(world)
    page_form = form(alice, "/servers", "servers-form")
    data = {**page_form.data(), "enabled": "true"}
    switch_account(world.account, enabled=True, by=Party())
    switch_account(world.account, enabled=False, by=Party())
    assert alice.post("/account/metadata", {**data, "seen": "x"}, headers={"HX-Request": "true"}).status_code == 409
    assert is_off()


def test_who_operates_servers_sees_it_locked_and_does_not_switch_it(olga: Client, server: BareMetalServer) -> None:
    page = olga.get("/servers").content.decode()
    button = page.partition(SWITCH)[2].partition("</button>")[0]
    assert " disabled" in button
    body = {"enabled": "false", **as_shown(account_shown(server.account, enabled=True))}
    assert olga.post("/account/metadata", body).status_code == 403
    assert not is_off()


@pytest.mark.parametrize("body", [{}, {"enabled": "maybe"}])
def test_a_switch_that_says_nothing_clear_does_nothing(alice: Client, body: dict[str, str]) -> None:
    assert alice.post("/account/metadata", body).status_code == 400
    assert not AccountSettings.objects.exists()
