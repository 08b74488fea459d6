"""Switching a server's metadata service."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.errors import NotFound
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import server_by_number
from servers.services.actions import update_server
from servers.services.metadata_service import switch_metadata_service
from tests.world import World, make_server

OWNER = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


def switch(server: BareMetalServer, **switches: Any) -> BareMetalServer:
    return switch_metadata_service(server, by=OWNER, **switches)


def session(server: BareMetalServer) -> str:
    actual_server = server_by_number(server.number)
    assert actual_server is not None
    return facts_of(actual_server).metadata_session


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({"enabled": False}, (False, "http")),
        ({"protocol": "https"}, (True, "https")),
        ({"enabled": False, "protocol": "https"}, (False, "https")),
        ({}, (True, "http")),
    ],
)
def test_what_is_given_is_switched_and_the_rest_stays(
    server: BareMetalServer, switches: dict[str, Any], expected: tuple[bool, str]
) -> None:
    switch(server, **switches)
    server.refresh_from_db()
    assert (server.metadata_enabled, server.metadata_protocol) == expected


def test_switching_off_and_on_begins_a_new_session(server: BareMetalServer) -> None:
    # D-04
    before = session(server)
    switch(server, enabled=False)
    switch(server, enabled=True)
    assert session(server) != before


@pytest.mark.parametrize("switches", [{"enabled": True}, {"protocol": "https"}])
def test_other_switches_keep_the_session(server: BareMetalServer, switches: dict[str, Any]) -> None:
    before = session(server)
    switch(server, **switches)
    assert session(server) == before


def test_switching_off_twice_ends_one_session(server: BareMetalServer) -> None:
    switch(server, enabled=False)
    before = session(server)
    switch(server, enabled=False)
    assert session(server) == before


def test_every_switch_is_a_new_revision_so_that_every_process_looks_again(server: BareMetalServer) -> None:
    assert switch(server, protocol="https").revision == server.revision + 1


def test_a_switch_does_not_undo_what_changed_since_the_row_was_read(server: BareMetalServer) -> None:
    update_server(server, name="renamed", by=OWNER)
    switch(server, enabled=False)
    server.refresh_from_db()
    assert (server.name, server.metadata_enabled) == ("renamed", False)


def test_a_switch_leaves_one_event_that_says_what_is_set(server: BareMetalServer) -> None:
    primary_keys = set(ActivityEvent.objects.values_list("pk", flat=True))
    switch(server, protocol="https")
    event = ActivityEvent.objects.exclude(pk__in=primary_keys).get()
    assert event.action == "is.bare-metal-server.bare-metal-server.update"
    assert event.data == {"metadata_service": {"enabled": True, "protocol": "https"}}


def test_a_server_that_vanished_is_not_found(server: BareMetalServer) -> None:
    BareMetalServer.objects.filter(pk=server.pk).delete()
    with pytest.raises(NotFound):
        switch(server, enabled=False)


def test_a_server_being_deleted_answers_no_metadata(server: BareMetalServer) -> None:
    BareMetalServer.objects.filter(pk=server.pk).update(status="deleting")
    actual_server = server_by_number(server.number)
    assert actual_server is not None
    assert not facts_of(actual_server).metadata_enabled
