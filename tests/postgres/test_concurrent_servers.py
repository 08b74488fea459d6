"""Servers made, moved and connected at the same moment: nothing over a quota, nothing twice, one winner."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError, OverQuota
from servers.models import BareMetalServer, Image, NetworkAttachment, ServerTally, Subnet
from servers.services import reservation_terms, transitions
from servers.services.actions import act, update_server
from servers.services.attachments import AttachmentPrototype
from servers.services.initialization import InitializationPrototype
from servers.services.metadata_service import switch_metadata_service
from servers.services.network_interfaces import InterfacePrototype
from servers.services.provisioning import ServerPrototype, create_server
from servers.services.reservation_affinity import ReservationAffinity
from servers.services.reservations import activate_reservation
from servers.services.virtual_interface_prototypes import VirtualInterfacePrototype
from servers.services.virtual_interfaces import create_virtual_interface
from tests.world import REGION, World, make_reservation, make_server, make_world

BY = Party("IBMid-ALICE00001", "Alice", "User")
CALLERS = 8

Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def here(on_postgresql: None) -> World:
    return make_world()


@pytest.fixture
def server(here: World) -> BareMetalServer:
    return make_server(here.account, name="web-1", metadata_enabled=True)


def prototype(server: BareMetalServer, **connections: Any) -> ServerPrototype:
    subnet = Subnet.objects.get(account=server.account)
    return ServerPrototype(
        profile="bx2-metal-96x384",
        zone=server.zone,
        initialization=InitializationPrototype(image=Image.objects.filter(region=REGION)[0].id),
        **(connections or {"interfaces": (InterfacePrototype(subnet=subnet.id),)}),
    )


def outcomes(results: list[Any]) -> tuple[int, list[ApiError]]:
    """How many succeeded, and what the others were refused with; anything else is a failure."""
    refusals = [each for each in results if isinstance(each, ApiError)]
    assert [each for each in results if isinstance(each, Exception)] == refusals
    return len(results) - len(refusals), refusals


def test_the_quota_of_servers_is_exact(here: World, server: BareMetalServer, together: Together, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"bare_metal_servers": 4}
    server_prototype = prototype(server)
    successes, refusals = outcomes(
        together([lambda: create_server(here.account, prototype=server_prototype, by=BY)] * CALLERS)
    )
    assert successes == 3
    assert {type(each) for each in refusals} == {OverQuota}
    assert BareMetalServer.objects.count() == 4


def test_a_name_is_given_once(here: World, server: BareMetalServer, together: Together) -> None:
    server_prototype = ServerPrototype(**{**vars(prototype(server)), "name": "db-1"})
    successes, refusals = outcomes(
        together([lambda: create_server(here.account, prototype=server_prototype, by=BY)] * CALLERS)
    )
    assert successes == 1
    assert {each.code for each in refusals} == {"validation_unique_failed"}


def test_two_accounts_do_not_count_for_each_other(here: World, server: BareMetalServer, together: Together) -> None:
    other = make_server(here.other_account, name="theirs")
    calls = [
        lambda: create_server(here.account, prototype=prototype(server), by=BY),
        lambda: create_server(here.other_account, prototype=prototype(other), by=BY),
    ]
    assert outcomes(together(calls * 3))[0] == 6
    assert sorted(ServerTally.objects.values_list("count", flat=True)) == [4, 4]


def test_a_reservation_is_used_exactly(here: World, server: BareMetalServer, together: Together) -> None:
    """By servers that name it, and by those that use it by themselves, as many as there is room for."""
    reservations = {}
    for policy in ("restricted", "automatic"):
        one = make_reservation(server, total=3, affinity_policy=policy)
        reservations[policy] = activate_reservation(one, by=BY)
    together([lambda: reservation_terms.run_due(clock.now() + timedelta(days=1))] * 2)
    automatic = prototype(server)
    manual = replace(automatic, reservation_affinity=ReservationAffinity(pool=(reservations["restricted"].id,)))
    calls = [lambda each=each: create_server(here.account, prototype=each, by=BY) for each in (automatic, manual)]
    _, refusals = outcomes(together(calls * 5))
    assert {policy: one.servers.count() for policy, one in reservations.items()} == {"restricted": 3, "automatic": 3}
    assert [each.code for each in refusals] == ["reservation_capacity_unavailable"] * 2


def test_a_virtual_interface_is_attached_once(here: World, server: BareMetalServer, together: Together) -> None:
    subnet = Subnet.objects.get()
    virtual = create_virtual_interface(
        here.account,
        region=REGION,
        prototype=VirtualInterfacePrototype(subnet=subnet.id),
        by=BY,
    )
    server_prototype = prototype(server, attachments=(AttachmentPrototype(interface=virtual.id),))
    successes, _ = outcomes(
        together([lambda: create_server(here.account, prototype=server_prototype, by=BY)] * CALLERS)
    )
    assert (successes, NetworkAttachment.objects.count()) == (1, 1)


@pytest.mark.parametrize("action", ["stop", "restart"])
def test_an_action_is_taken_by_one_caller(server: BareMetalServer, together: Together, action: str) -> None:
    successes, refusals = outcomes(together([lambda: act(server, action=action, by=BY)] * CALLERS))
    assert successes == 1
    assert {each.status for each in refusals} == {409}


def test_a_step_is_taken_by_one_worker(server: BareMetalServer, together: Together) -> None:
    act(server, action="restart", by=BY)
    later = clock.now() + timedelta(days=1)
    results = together([lambda: transitions.advance(server.id, now=later)] * CALLERS)
    assert results.count(True) == 1


def test_a_server_is_deleted_by_one_worker(server: BareMetalServer, together: Together) -> None:
    BareMetalServer.objects.update(status="stopped")
    act(server, action="delete", by=BY)
    later = clock.now() + timedelta(days=1)
    results = together([lambda: transitions.advance(server.id, now=later)] * CALLERS)
    assert (results.count(True), results.count(False)) == (1, CALLERS - 1)


def test_no_change_is_lost(server: BareMetalServer, together: Together) -> None:
    before = server.revision
    calls: list[Callable[[], Any]] = [
        lambda: update_server(server, name="renamed", by=BY),
        lambda: switch_metadata_service(server, protocol="https", by=BY),
        lambda: update_server(server, reservation_affinity=ReservationAffinity("disabled"), by=BY),
    ]
    assert outcomes(together(calls))[0] == 3
    server.refresh_from_db()
    row_after = (server.name, server.metadata_protocol, server.reservation_affinity_policy, server.revision)
    assert row_after == ("renamed", "https", "disabled", before + 3)
