"""A server that changes all the time is still answered: by the metadata service, and by IAM."""

import json
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db.models import F
from django.http import HttpResponse
from django.test import RequestFactory

from controlplane.kernel import clock
from identity import key_cache, key_encryption
from identity.inside import caller_address, views
from identity.services import grants, key_rotation
from servers.addressing import loopback_address
from servers.models import BareMetalServer
from tests.world import World, make_profile, make_server, make_world

Together = Callable[[list[Callable[[], Any]]], list[Any]]
CALLS = 30


@pytest.fixture
def world(on_postgresql: None) -> World:
    return make_world()


@pytest.fixture
def server(world: World, keys_from_the_pool: None) -> BareMetalServer:
    caller_address.fresh_facts.cache_clear()
    key_encryption.ensure_kek()
    key_cache.forget()
    key_rotation.ensure_keys(now=clock.now())
    return make_server(world.account, name="web-1", metadata_enabled=True)


def identity_token(server: BareMetalServer) -> HttpResponse:
    return views.token(
        RequestFactory().put(
            "/identity/v1/token?version=2025-08-26",
            headers={"Host": loopback_address(server.number), "Metadata-Flavor": "ibm"},
        )
    )


def while_it_changes(server: BareMetalServer, together: Together, call: Callable[[], Any]) -> Any:
    """What many calls come to while another thread changes the server as fast as can be."""
    end_event = Event()

    def change() -> None:
        while not end_event.is_set():
            BareMetalServer.objects.filter(pk=server.pk).update(revision=F("revision") + 1)

    def ask() -> list[Any]:
        try:
            return [call() for _ in range(CALLS)]
        finally:
            end_event.set()

    return together([ask, change])[0]


def test_the_metadata_service_answers_while_the_server_changes(server: BareMetalServer, together: Together) -> None:
    answers = while_it_changes(server, together, lambda: identity_token(server).status_code)
    assert answers == [200] * CALLS


def test_iam_answers_while_the_server_changes(world: World, server: BareMetalServer, together: Together) -> None:
    profile = make_profile(world.account, name="reader", linked_to=server)
    token = json.loads(identity_token(server).content)["access_token"]

    def exchange() -> str:
        granted = grants.exchange_compute_resource(
            token, selector={"id": profile.id}, client_id="default", clock=clock.now
        )
        return granted.token.token

    assert len(while_it_changes(server, together, exchange)) == CALLS
