"""A server is made whole or not at all."""

from dataclasses import replace
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError, Conflict, NotUnique, OverQuota, Refusals
from servers import catalog
from servers.models import BareMetalServer, Disk, Image, Initialization, NetworkInterface, ReservedIP, Subnet
from servers.services.initialization import InitializationPrototype
from servers.services.network_interfaces import InterfacePrototype
from servers.services.provisioning import ServerPrototype, create_server
from servers.services.transitions import advance
from servers.services.virtual_interface_prototypes import IpPrototype
from tests.tables import check_each, undone
from tests.world import REGION, World, make_profile, make_server
from trustedprofiles.models import ProfileLink

BY = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def prototype(world: World) -> ServerPrototype:
    make_server(world.account, name="web-1")
    return ServerPrototype(
        profile="bx2-metal-96x384",
        zone=f"{REGION}-1",
        name="db-1",
        initialization=InitializationPrototype(image=Image.objects.all()[0].id),
        interfaces=(InterfacePrototype(subnet=Subnet.objects.get().id),),
    )


def counts() -> list[int]:
    models = (BareMetalServer, Disk, Initialization, NetworkInterface, ReservedIP, ProfileLink, ActivityEvent)
    return [model._default_manager.count() for model in models]


def create(world: World, prototype: ServerPrototype, **changes: Any) -> BareMetalServer:
    return create_server(world.account, prototype=replace(prototype, **changes), by=BY)


def test_a_new_server_is_pending_on_its_way_to_running(world: World, prototype: ServerPrototype) -> None:
    server = create(world, prototype)
    assert (server.status, server.transition) == ("pending", "create")
    assert server.transition_due_at is not None


def test_a_server_that_is_made_at_once_is_what_the_worker_would_have_made_of_it(
    world: World, prototype: ServerPrototype, django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    settings.BAREMINT_PROVISION_SECONDS = 0
    rows_by_mode = {}
    for at_once in (False, True):
        with undone(), django_capture_on_commit_callbacks() as callbacks:
            server = create_server(world.account, prototype=prototype, at_once=at_once, by=BY)
            if not at_once:
                while advance(server.id, now=clock.now()):
                    pass
            server = BareMetalServer.objects.get(id=server.id)
            events = list(ActivityEvent.objects.order_by("id").values_list("action", "outcome", "initiator_id"))
            rows_by_mode[at_once] = (
                server.status,
                server.transition,
                server.transition_due_at,
                server.revision,
                events,
            )
    assert rows_by_mode[True] == rows_by_mode[False]
    assert rows_by_mode[True][:3] == ("running", "", None)
    assert callbacks == []


def test_a_server_that_fails_at_once_fails_after_it_was_created(world: World, prototype: ServerPrototype) -> None:
    failing = replace(prototype, name="fail-cannot-start-network")
    server = create_server(world.account, prototype=failing, at_once=True, by=BY)
    assert (server.status, server.status_reasons[0]["code"]) == ("failed", "cannot_start_network")
    outcomes = ActivityEvent.objects.filter(target_id=server.crn).order_by("id").values_list("outcome", flat=True)
    assert list(outcomes) == ["success", "failure"]


def test_every_profile_of_the_region_gives_its_disks_and_defaults(world: World, prototype: ServerPrototype) -> None:
    def check(name: str) -> None:
        profile = catalog.profiles()[name]
        with undone():
            server = create(world, prototype, profile=name)
            disks = list(server.disks.order_by("number"))
            assert len(disks) == profile.secondary_disk_count + bool(profile.boot_disk_size)
            assert [disk.is_boot for disk in disks] == [True, *[False] * (len(disks) - 1)]
            assert (server.bandwidth, server.tpm_mode) == (profile.default_bandwidth, profile.tpm_modes[0])

    check_each([profile.name for profile in catalog.profiles_of(REGION)], check)


def test_a_profile_that_the_region_does_not_offer_is_refused(world: World, prototype: ServerPrototype) -> None:
    def check(name: str) -> None:
        with pytest.raises(Refusals, match="is not offered"):
            create(world, prototype, profile=name)

    check_each([name for name, profile in catalog.profiles().items() if REGION not in profile.regions], check)


def test_a_server_takes_the_lowest_free_address(world: World, prototype: ServerPrototype) -> None:
    addresses = [create(world, prototype, name=f"db-{number}").network_interfaces.get() for number in range(3)]
    assert [each.primary_ip.address for each in addresses] == ["10.240.0.5", "10.240.0.6", "10.240.0.7"]


def test_numbers_are_never_used_again(world: World, prototype: ServerPrototype) -> None:
    """The number is the server's loopback address: a successor must not be reached under it."""
    first = create(world, prototype)
    number = first.number
    first.delete()
    assert create(world, prototype, name="db-2").number > number


def test_a_reserved_address_is_used_once(world: World, prototype: ServerPrototype) -> None:
    first = create(world, prototype)
    primary_ip = first.network_interfaces.get().primary_ip
    other_prototype = primary(prototype, IpPrototype(reserved_ip=primary_ip.id))
    with pytest.raises(Refusals, match="in use"):
        create(world, other_prototype, name="db-2")
    first.delete()
    second = create(world, other_prototype, name="db-2")
    assert second.network_interfaces.get().primary_ip == primary_ip


def test_an_address_of_the_provider_is_not_given(world: World, prototype: ServerPrototype) -> None:
    reserved_ip = ReservedIP.objects.filter(owner="provider")[0]
    with pytest.raises(Refusals, match="in use"):
        create(world, primary(prototype, IpPrototype(reserved_ip=reserved_ip.id)))


def test_the_default_security_group_is_used_when_none_is_asked_for(world: World, prototype: ServerPrototype) -> None:
    server = create(world, prototype)
    assert list(server.network_interfaces.get().security_groups.all()) == [server.vpc.default_security_group]


def test_a_full_subnet_conflicts(world: World, prototype: ServerPrototype) -> None:
    Subnet.objects.update(ipv4_cidr_block="10.240.0.0/29")
    for number in range(2):
        create(world, prototype, name=f"db-{number}")
    before = counts()
    with pytest.raises(Conflict):
        create(world, prototype, name="db-2")
    assert counts() == before


def primary(prototype: ServerPrototype, ip: IpPrototype) -> ServerPrototype:
    """The prototype, asking for an address."""
    return replace(prototype, interfaces=(replace(prototype.interfaces[0], primary_ip=ip),))


FAILURES: dict[str, tuple[dict[str, Any], type[ApiError]]] = {
    "name-taken": ({"name": "web-1"}, Refusals),
    "no-profile": ({"profile": "none"}, Refusals),
    "address-in-use": ({"ip": IpPrototype(address="10.240.0.4")}, Conflict),
    "address-elsewhere": ({"ip": IpPrototype(address="10.0.0.4")}, Refusals),
    "address-name-taken": ({"ip": IpPrototype(name="taken")}, NotUnique),
}


@pytest.mark.parametrize(("changes", "expected"), FAILURES.values(), ids=FAILURES.keys())
def test_what_fails_leaves_nothing_behind(
    world: World, prototype: ServerPrototype, changes: dict[str, Any], expected: type[ApiError]
) -> None:
    """Also when the last step fails: a profile was to be linked before the address turned out to be taken."""
    ReservedIP.objects.filter(owner="user").update(name="taken")
    profile = make_profile(world.account)
    initialization = replace(prototype.initialization, trusted_profile={"id": profile.id})
    if "ip" in changes:
        prototype, changes = primary(prototype, changes["ip"]), {}
    before = counts()
    with pytest.raises(expected):
        create(world, prototype, initialization=initialization, **changes)
    assert counts() == before


def test_two_accounts_may_use_the_same_name(world: World, prototype: ServerPrototype) -> None:
    assert make_server(world.other_account, name="web-1").name == "web-1"


def test_the_quota_is_per_account(world: World, prototype: ServerPrototype, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"bare_metal_servers": 1}
    with pytest.raises(OverQuota):
        create(world, prototype)
    assert make_server(world.other_account, name="theirs")


def test_a_linked_profile_and_the_server_leave_an_event_each(world: World, prototype: ServerPrototype) -> None:
    profile = make_profile(world.account)
    count = ActivityEvent.objects.count()
    initialization = replace(prototype.initialization, trusted_profile={"id": profile.id})
    server = create(world, prototype, initialization=initialization)
    link, created = ActivityEvent.objects.order_by("pk")[count:]
    assert link.action == "iam-identity.account-profile-link.create"
    assert (created.action, created.target_id) == ("is.bare-metal-server.bare-metal-server.create", server.crn)
