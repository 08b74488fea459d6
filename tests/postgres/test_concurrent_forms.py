"""Two forms of the same page sent at the same moment: one is saved, the other is told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from servers.form_snapshot import switches_shown
from servers.models import BareMetalServer
from tests.forms import as_shown, form
from tests.world import ALICE, World, make_server, make_world
from trustedprofiles.models import User

LIST = "/admin/servers/baremetalserver/"
TOLD = "Nothing was changed, because the page was out of date"

Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def here(on_postgresql: None) -> World:
    return make_world()


@pytest.fixture
def server(here: World) -> BareMetalServer:
    return make_server(here.account, name="web-1")


@pytest.fixture
def browsers(here: World) -> list[Client]:
    alice = User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=here.account)
    clients = [Client(), Client()]
    for each in clients:
        each.force_login(alice)
    return clients


def test_of_two_switches_of_the_console_one_is_switched(
    together: Together, browsers: list[Client], server: BareMetalServer
) -> None:
    path, fields = f"/servers/{server.id}/metadata", as_shown(switches_shown(server))
    script = {"HX-Request": "true"}
    answers = together(
        [
            lambda: browsers[0].post(path, {"enabled": "true", **fields}, headers=script).status_code,
            lambda: browsers[1].post(path, {"protocol": "https", **fields}, headers=script).status_code,
        ]
    )
    assert sorted(answers) == [204, 409]
    server.refresh_from_db()
    assert (server.metadata_enabled, server.metadata_protocol) in ((True, "http"), (False, "https"))


@pytest.mark.parametrize("page", ["list", "form"])
def test_of_two_saves_of_the_admin_one_is_saved(
    together: Together, browsers: list[Client], server: BareMetalServer, page: str
) -> None:
    change = f"{LIST}{server.number}/change/"
    where, id = (LIST, "changelist-form") if page == "list" else (change, "baremetalserver_form")
    prefix = "form-0-" if page == "list" else ""
    page_form = form(browsers[0], where, id)
    data = page_form.data(page_form.default)

    def save(browser: Client, **changes: str) -> bool:
        form_changes = {f"{prefix}{name}": value for name, value in changes.items()}
        return TOLD in browser.post(where, {**data, **form_changes}, follow=True).content.decode()

    answers = together(
        [
            lambda: save(browsers[0], metadata_enabled="on"),
            lambda: save(browsers[1], metadata_protocol="https"),
        ]
    )
    assert sorted(answers) == [False, True]
    server.refresh_from_db()
    assert (server.metadata_enabled, server.metadata_protocol) in ((True, "http"), (False, "https"))
