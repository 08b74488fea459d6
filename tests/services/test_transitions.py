"""Servers move on in steps, each taken once, whichever process takes it and however late."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.celery import app
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict, NotFound
from servers.models import BareMetalServer, Disk, NetworkInterface, ReservedIP
from servers.services import deletion, transitions
from servers.services.actions import act, update_server
from tests.broker import broker_in_memory, taken
from tests.world import World, make_profile, make_server
from trustedprofiles.models import ProfileLink, TrustedProfile
from trustedprofiles.services.links import create_link

BY = Party("IBMid-ALICE00001", "Alice", "User")
LATER = timedelta(days=1)


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", profile=make_profile(world.account))


def seen(server: BareMetalServer) -> list[str]:
    """Take every step. Returns the statuses passed."""
    statuses = []
    while BareMetalServer.objects.filter(pk=server.pk).exclude(transition="").exists():
        assert transitions.advance(server.id, now=clock.now() + LATER)
        statuses += BareMetalServer.objects.filter(pk=server.pk).values_list("status", flat=True)
    return statuses


@pytest.mark.parametrize(
    ("action", "status", "statuses"),
    [
        ("start", "stopped", ["running"]),
        ("stop", "running", ["stopped"]),
        ("restart", "running", ["running"]),
        ("delete", "stopped", []),
        ("delete", "failed", []),
    ],
)
def test_an_action_leads_to_its_end(server: BareMetalServer, action: str, status: str, statuses: list[str]) -> None:
    BareMetalServer.objects.update(status=status)
    act(server, action=action, by=BY)
    assert seen(server) == statuses
    assert not BareMetalServer.objects.exclude(transition="", transition_due_at=None).exists()


def test_a_step_is_not_taken_before_it_is_due(server: BareMetalServer, settings: Any) -> None:
    settings.BAREMINT_PROVISION_SECONDS = 60
    now = clock.now()
    act(server, action="stop", by=BY)
    assert not transitions.advance(server.id, now=now)
    assert transitions.run_due(now) == 0
    assert transitions.run_due(now + timedelta(seconds=61)) == 1


def test_a_step_begun_before_the_clock_was_moved_back_does_not_wait_for_it_to_catch_up(server: BareMetalServer) -> None:
    act(server, action="stop", by=BY)
    assert transitions.run_due(clock.now() - timedelta(hours=1)) == 1


def test_a_step_is_taken_once(server: BareMetalServer) -> None:
    act(server, action="restart", by=BY)
    assert transitions.advance(server.id, now=clock.now() + LATER)
    revision = BareMetalServer.objects.get().revision
    assert not transitions.advance(server.id, now=clock.now() + LATER)
    assert BareMetalServer.objects.get().revision == revision


def test_a_worker_that_comes_second_changes_nothing(server: BareMetalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read the row; only one UPDATE finds it as it was read."""
    act(server, action="stop", by=BY)
    real = transitions.lifecycle.next_step

    def overtaken(*args: Any, **options: Any) -> Any:
        BareMetalServer.objects.update(status="stopped", transition="", transition_due_at=None)
        return real(*args, **options)

    monkeypatch.setattr(transitions.lifecycle, "next_step", overtaken)
    assert not transitions.advance(server.id, now=clock.now() + LATER)


def test_each_step_is_noticed_inside_the_server(server: BareMetalServer) -> None:
    before = BareMetalServer.objects.get().revision
    act(server, action="restart", by=BY)
    transitions.run_due(clock.now() + LATER)
    assert BareMetalServer.objects.get().revision == before + 2


def test_the_sweep_moves_all_that_is_due(world: World, server: BareMetalServer) -> None:
    other = make_server(world.account, name="web-2")
    for each in (server, other):
        act(each, action="stop", by=BY)
    assert transitions.run_due(clock.now() + LATER) == 2
    assert set(BareMetalServer.objects.values_list("status", flat=True)) == {"stopped"}


def test_a_server_that_is_gone_has_no_step(server: BareMetalServer) -> None:
    BareMetalServer.objects.all().delete()
    assert not transitions.advance(server.id, now=clock.now() + LATER)


def test_the_broker_may_be_away(
    server: BareMetalServer,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setitem(app.conf, "broker_write_url", "redis+socket:///nonexistent/valkey.sock")
    monkeypatch.setitem(app.conf, "task_always_eager", False)
    with django_capture_on_commit_callbacks(execute=True):
        act(server, action="stop", by=BY)
    assert seen(server) == ["stopped"]


def test_the_next_step_is_sent_for_by_name_when_the_row_is_there(
    server: BareMetalServer, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with broker_in_memory():
        with django_capture_on_commit_callbacks(execute=True):
            act(server, action="stop", by=BY)
            assert taken() is None
        task = taken()
        assert task is not None
        assert (task.headers["task"], task.payload[0]) == ("baremint.server-step", [server.id])
        assert taken() is None


# --- the end of a server ----------------------------------------------------------------------------------------


def end(server: BareMetalServer) -> None:
    BareMetalServer.objects.filter(pk=server.pk).update(status="stopped")
    act(server, action="delete", by=BY)
    assert transitions.run_due(clock.now() + LATER) == 1


def test_disks_interfaces_address_and_links_go_with_the_server(world: World, server: BareMetalServer) -> None:
    foreign = make_profile(world.other_account, name="theirs")
    create_link(foreign, cr_type="BMS", crn=server.crn, is_cross_account=True, by=BY)
    assert ProfileLink.objects.count() == 2
    end(server)
    for model in (BareMetalServer, Disk, NetworkInterface, ProfileLink):
        assert not model._default_manager.exists()
    assert not ReservedIP.objects.filter(owner="user").exists()
    assert TrustedProfile.objects.count() == 2


def test_an_address_that_is_to_be_kept_stays_and_is_free(server: BareMetalServer) -> None:
    ReservedIP.objects.filter(owner="user").update(auto_delete=False)
    end(server)
    assert ReservedIP.objects.filter(owner="user", network_interface=None).count() == 1


def test_other_servers_keep_what_is_theirs(world: World, server: BareMetalServer) -> None:
    other = make_server(world.account, name="web-2", profile=TrustedProfile.objects.get())
    disks = other.disks.count()
    end(server)
    other.refresh_from_db()
    assert (other.disks.count(), other.network_interfaces.count()) == (disks, 1)
    assert [link.crn for link in ProfileLink.objects.all()] == [other.crn]


@pytest.mark.parametrize("status", ["running", "stopped", "failed"])
def test_only_what_is_being_deleted_is_removed(server: BareMetalServer, status: str) -> None:
    BareMetalServer.objects.update(status=status)
    assert not deletion.remove(server, by=BY)
    assert BareMetalServer.objects.exists()


def test_a_deletion_leaves_one_event_when_it_is_asked_for(server: BareMetalServer) -> None:
    end(server)
    [event] = ActivityEvent.objects.filter(action="is.bare-metal-server.bare-metal-server.delete")
    assert (event.target_id, event.initiator_id, event.reason_code) == (server.crn, BY.id, 202)


# --- what is refused --------------------------------------------------------------------------------------------


def test_a_server_that_is_deleted_meanwhile_is_not_found(server: BareMetalServer) -> None:
    end(server)
    for attempt in (lambda: act(server, action="start", by=BY), lambda: update_server(server, name="x", by=BY)):
        with pytest.raises(NotFound):
            attempt()


def test_a_refused_action_leaves_no_event_and_no_change(server: BareMetalServer) -> None:
    before = (list(BareMetalServer.objects.values()), ActivityEvent.objects.count())
    with pytest.raises(Conflict):
        act(server, action="start", by=BY)
    assert (list(BareMetalServer.objects.values()), ActivityEvent.objects.count()) == before


def test_an_action_looks_at_the_row_not_at_what_the_caller_read(server: BareMetalServer) -> None:
    BareMetalServer.objects.update(status="stopped")
    assert server.status == "running"
    with pytest.raises(Conflict):
        act(server, action="stop", by=BY)
