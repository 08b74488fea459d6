"""A switch that is refused in the admin is told to the person; it is no fault of the service."""

from typing import Any

import pytest
from django.test import Client

from controlplane.kernel.errors import NotFound
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.forms import form, send
from tests.world import ALICE, World, make_server
from trustedprofiles.models import User

pytestmark = pytest.mark.thorough

LIST = "/admin/servers/baremetalserver/"
GONE = "The bare metal server was deleted meanwhile."
LEAVING = "The server is being deleted and cannot be changed any more."


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=world.account))
    return client


@pytest.fixture
def servers(world: World, monkeypatch: pytest.MonkeyPatch) -> list[BareMetalServer]:
    """Two servers, the second of which is deleted between the look and the switch."""
    there, deleted_server = (make_server(world.account, name=name) for name in ("web-1", "web-2"))

    def switch(server: BareMetalServer, **options: Any) -> BareMetalServer:
        if server.pk == deleted_server.pk:
            raise NotFound(GONE)
        return switch_metadata_service(server, **options)

    monkeypatch.setattr("servers.admin.switch_metadata_service", switch)
    return [there, deleted_server]


def test_a_bulk_action_switches_the_servers_that_it_is_allowed_to(
    browser: Client, servers: list[BareMetalServer]
) -> None:
    BareMetalServer.objects.filter(pk=servers[1].pk).update(status="deleting")
    page_form = form(browser, LIST, "changelist-form")
    numbers = [each.number for each in servers]
    answer = send(
        browser, LIST, page_form, page_form.button(name="index"), action="use_https", _selected_action=numbers
    )
    page = answer.content.decode()
    assert f"{LEAVING} (web-2)" in page
    assert "Switched the metadata service of 1 servers." in page


def test_the_form_of_a_server_says_why_a_switch_is_refused(browser: Client, servers: list[BareMetalServer]) -> None:
    path = f"{LIST}{servers[1].number}/change/"
    page = send(browser, path, form(browser, path, "baremetalserver_form"), metadata_enabled="on")
    assert (page.status_code, f"{GONE} (web-2)" in page.content.decode()) == (200, True)
