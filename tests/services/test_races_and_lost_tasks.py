"""A broker that is away, a task that comes late, another request that comes first: none waits, nothing is lost."""

import time
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from controlplane.activity.record import Party
from controlplane.celery import app
from controlplane.kernel import clock
from controlplane.kernel.enqueue import enqueue
from controlplane.kernel.errors import Conflict
from servers.models import BareMetalServer
from servers.services import transitions
from servers.services.actions import act
from servers.services.network_interfaces import InterfacePrototype, InterfaceRows, attach_interface
from servers.tasks import advance_server
from tests.api.vpc import SERVERS, Api
from tests.world import World, make_server

BY = Party("IBMid-ALICE00001", "Alice", "User")
LATER = timedelta(days=1)


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


# --- the broker ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["redis+socket:///nonexistent/valkey.sock", "redis://127.0.0.1:1/0"])
def test_a_broker_that_is_away_delays_no_request(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(app.conf, "broker_write_url", url)
    monkeypatch.setitem(app.conf, "task_always_eager", False)
    began = time.monotonic()
    enqueue("baremint.server-step", "0717-x", after_seconds=1.0)
    assert time.monotonic() - began < 2


def test_nothing_that_goes_wrong_with_the_task_can_undo_the_answer(
    server: BareMetalServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """Django logs what a robust callback raises, and goes on."""
    monkeypatch.setitem(app.conf, "broker_write_url", "no-such-transport://")
    monkeypatch.setitem(app.conf, "task_always_eager", False)
    with django_capture_on_commit_callbacks(execute=True):
        answer = Api().call("POST", f"{SERVERS}/{server.id}/stop", {"type": "soft"})
    assert "No such transport" in caplog.text
    assert answer.status_code == 204
    server.refresh_from_db()
    assert server.transition == "stop"


# --- tasks and sweeps ----------------------------------------------------------------------------------------------


def test_a_server_that_cannot_be_moved_does_not_hold_up_those_behind_it(world: World, server: BareMetalServer) -> None:
    other = make_server(world.account, name="web-2")
    for each in (server, other):
        act(each, action="stop", by=BY)
    BareMetalServer.objects.filter(pk=server.pk).update(transition="dance")
    assert transitions.run_due(clock.now() + LATER) == 1
    other.refresh_from_db()
    assert other.status == "stopped"


def test_a_late_task_of_an_earlier_transition_does_not_hurry_the_next(server: BareMetalServer, settings: Any) -> None:
    act(server, action="stop", by=BY)
    transitions.run_due(clock.now() + LATER)
    settings.BAREMINT_PROVISION_SECONDS = 60
    act(server, action="start", by=BY)
    advance_server(server.id)
    server.refresh_from_db()
    assert server.status == "starting"


# --- addresses -----------------------------------------------------------------------------------------------------


def test_an_interface_that_loses_the_race_for_a_reserved_address_is_told(world: World, server: BareMetalServer) -> None:
    interface = server.network_interfaces.get()
    late = make_server(world.account, name="late")
    interface_prototype = InterfacePrototype(subnet=interface.subnet.id)
    interface_rows = InterfaceRows(
        interface_prototype, "primary_network_interface", interface.subnet, interface.primary_ip, []
    )
    with pytest.raises(Conflict, match="bound meanwhile"):
        attach_interface(late, interface_rows, is_primary=False)
