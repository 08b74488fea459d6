"""Virtual network interfaces: made, changed, given addresses, deleted."""

from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel.errors import ApiError, Conflict, NotFound, OverQuota, Refusals
from servers.models import FloatingIP, NetworkInterface, ReservedIP, Subnet, VirtualNetworkInterface
from servers.services.floating_ips import create_floating_ip
from servers.services.references import References
from servers.services.reserved_ips import create_reserved_ip
from servers.services.security_groups import create_security_group
from servers.services.virtual_interface_ips import bind_address, unbind_address
from servers.services.virtual_interface_prototypes import (
    IpPrototype,
    VirtualInterfacePrototype,
    find_virtual_interface_rows,
)
from servers.services.virtual_interfaces import (
    create_virtual_interface,
    delete_virtual_interface,
    update_virtual_interface,
)
from servers.services.vpcs import create_vpc
from tests.world import REGION, World, make_server, make_subnet, make_virtual_interface

BY = Party("IBMid-ALICE00001", "Alice", "User")
LOWEST = "10.240.0.4"


@pytest.fixture
def subnet(world: World) -> Subnet:
    return make_subnet(world.account)


@pytest.fixture
def vni(subnet: Subnet) -> VirtualNetworkInterface:
    return make_virtual_interface(subnet)


def make(where: Subnet, /, **asked: Any) -> VirtualNetworkInterface:
    prototype = VirtualInterfacePrototype(**{"subnet": where.id, **asked})
    return create_virtual_interface(where.account, region=REGION, prototype=prototype, by=BY)


def refused(where: Subnet, /, **asked: Any) -> list[tuple[str, str]]:
    """Code and path of everything that is wrong, as an attachment would report it."""
    prototype = VirtualInterfacePrototype(**{"subnet": where.id, **asked})
    references = References()
    find_virtual_interface_rows(where.account_id, REGION, prototype, path="vni", references=references)
    return [(each.code, each.target.name if each.target else "") for each in references.refusals]


def addresses(vni: VirtualNetworkInterface) -> list[str]:
    return sorted(vni.ips.values_list("address", flat=True))


# --- made ----------------------------------------------------------------------------------------------------------


def test_a_virtual_interface_is_in_the_default_group_of_its_vpc(vni: VirtualNetworkInterface) -> None:
    assert list(vni.security_groups.all()) == [vni.vpc.default_security_group]


def test_an_address_that_is_asked_for_does_not_go_to_the_one_that_may_have_any(subnet: Subnet) -> None:
    interface = make(subnet, ips=(IpPrototype(address=LOWEST),))
    assert (interface.primary_ip.address, addresses(interface)) == ("10.240.0.5", [LOWEST, "10.240.0.5"])


def test_the_subnet_may_be_left_to_the_primary_address(subnet: Subnet) -> None:
    ip = create_reserved_ip(subnet, by=BY)
    interface = make(subnet, subnet="", primary_ip=IpPrototype(reserved_ip=ip.id))
    assert (interface.subnet, interface.primary_ip) == (subnet, ip)


def test_nothing_remains_of_a_virtual_interface_that_is_refused_late(
    subnet: Subnet, vni: VirtualNetworkInterface
) -> None:
    before = ReservedIP.objects.count()
    with pytest.raises(ApiError) as refusal:
        make(subnet, ips=(IpPrototype(), IpPrototype(address=vni.primary_ip.address)))
    assert refusal.value.target
    assert (refusal.value.status, refusal.value.target.name) == (409, "ips[1]")
    assert (VirtualNetworkInterface.objects.count(), ReservedIP.objects.count()) == (1, before)


WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "unknown-subnet": ({"subnet": "none"}, [("bad_field", "vni.subnet")]),
    "unknown-primary": (
        {"subnet": "", "primary_ip": IpPrototype(reserved_ip="none")},
        [("bad_field", "vni.primary_ip")],
    ),
    "outside": ({"primary_ip": IpPrototype(address="10.1.1.1")}, [("invalid_value", "vni.primary_ip.address")]),
    "provider-name": ({"name": "ibm-mine"}, [("invalid_value", "vni.name")]),
    "provider-ip-name": ({"ips": (IpPrototype(name="ibm-mine"),)}, [("invalid_value", "vni.ips[0].name")]),
    "spoofing": (
        {"allow_ip_spoofing": True, "enable_infrastructure_nat": False},
        [("invalid_value", "vni.allow_ip_spoofing")],
    ),
    "unknown-group": ({"security_groups": ("none",)}, [("bad_field", "vni.security_groups[0]")]),
    "unknown-resource-group": ({"resource_group": "none"}, [("bad_field", "vni.resource_group")]),
    "nine-addresses": ({"ips": (IpPrototype(),) * 8}, [("invalid_value", "vni.ips")]),
    "address-twice": (
        {"ips": (IpPrototype(address="10.240.0.9"), IpPrototype(address="10.240.0.9"))},
        [("invalid_value", "vni.ips[1].address")],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(subnet: Subnet, case: str) -> None:
    request, expected = WRONG[case]
    assert refused(subnet, **request) == expected


def test_more_security_groups_than_the_quota_are_refused(subnet: Subnet) -> None:
    groups = tuple(create_security_group(subnet.account, vpc=subnet.vpc, by=BY).id for _ in range(6))
    assert refused(subnet, security_groups=groups) == [("invalid_value", "vni.security_groups")]


def test_a_security_group_of_another_vpc_is_not_found(subnet: Subnet) -> None:
    other = create_vpc(subnet.account, region=REGION, by=BY)
    group = create_security_group(subnet.account, vpc=other, by=BY)
    assert refused(subnet, security_groups=(group.id,)) == [("bad_field", "vni.security_groups[0]")]


def test_a_reserved_ip_of_another_subnet_is_refused(world: World, subnet: Subnet) -> None:
    other = make_subnet(world.account, name="other", cidr="10.240.1.0/24")
    ip = create_reserved_ip(other, by=BY)
    assert refused(subnet, ips=(IpPrototype(reserved_ip=ip.id),)) == [("invalid_value", "vni.ips[0]")]


def test_a_reserved_ip_is_not_bound_twice(subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    primary = IpPrototype(reserved_ip=vni.primary_ip.id)
    assert refused(subnet, primary_ip=primary) == [("reserved_ip_in_use", "vni.primary_ip")]


def test_the_primary_address_of_a_servers_interface_is_bound(world: World) -> None:
    make_server(world.account, name="web-1")
    primary = IpPrototype(reserved_ip=NetworkInterface.objects.get().primary_ip.id)
    assert refused(Subnet.objects.get(), primary_ip=primary) == [("reserved_ip_in_use", "vni.primary_ip")]


def test_a_reserved_ip_is_named_once(subnet: Subnet) -> None:
    ip = IpPrototype(reserved_ip=create_reserved_ip(subnet, by=BY).id)
    assert refused(subnet, primary_ip=ip, ips=(ip,)) == [("invalid_value", "vni.ips[0]")]


def test_another_accounts_resources_are_not_found(world: World, subnet: Subnet) -> None:
    foreign = make_subnet(world.other_account)
    ip = create_reserved_ip(foreign, by=BY)
    group = foreign.vpc.default_security_group
    assert group
    problems = refused(subnet, ips=(IpPrototype(reserved_ip=ip.id),), security_groups=(group.id,))
    assert problems == [("bad_field", "vni.ips[0]"), ("bad_field", "vni.security_groups[0]")]
    assert refused(subnet, subnet=foreign.id) == [("bad_field", "vni.subnet")]


def test_a_virtual_interface_made_by_itself_cannot_have_auto_delete(subnet: Subnet) -> None:
    with pytest.raises(Refusals) as refusal:
        make(subnet, auto_delete=True, name="ibm-mine")
    assert [each.target and each.target.name for each in refusal.value.each] == ["name", "auto_delete"]


# --- changed -------------------------------------------------------------------------------------------------------


def test_a_change_refused_tells_all_that_is_wrong(vni: VirtualNetworkInterface) -> None:
    changes = {
        "name": "ibm-mine",
        "auto_delete": True,
        "allow_ip_spoofing": True,
        "enable_infrastructure_nat": False,
    }
    with pytest.raises(Refusals) as refusal:
        update_virtual_interface(vni, by=BY, **changes)
    names = [each.target and each.target.name for each in refusal.value.each]
    assert names == ["name", "auto_delete", "allow_ip_spoofing"]


def test_every_change_makes_another_entity_tag(vni: VirtualNetworkInterface) -> None:
    interface = update_virtual_interface(vni, name="other", by=BY)
    assert (interface.name, interface.revision) == ("other", vni.revision + 1)


# --- addresses -----------------------------------------------------------------------------------------------------


def test_a_ninth_address_is_refused(subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    ips = [create_reserved_ip(subnet, by=BY) for _ in range(8)]
    for ip in ips[:7]:
        bind_address(vni, ip.id, by=BY)
    with pytest.raises(OverQuota):
        bind_address(vni, ips[7].id, by=BY)


def test_what_another_interface_has_is_not_bound(subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    other = make_virtual_interface(subnet, name="other")
    with pytest.raises(Conflict, match="bound"):
        bind_address(vni, other.primary_ip.id, by=BY)


@pytest.mark.parametrize("whose", ["provider", "another subnet", "unknown"])
def test_what_is_no_address_for_it_is_not_found(
    world: World, subnet: Subnet, vni: VirtualNetworkInterface, whose: str
) -> None:
    elsewhere = create_reserved_ip(make_subnet(world.account, name="other", cidr="10.240.1.0/24"), by=BY)
    address_ids = {
        "provider": subnet.reserved_ips.filter(owner="provider")[0].id,
        "another subnet": elsewhere.id,
        "unknown": "none",
    }
    with pytest.raises(NotFound):
        bind_address(vni, address_ids[whose], by=BY)


@pytest.mark.parametrize("auto_delete", [True, False])
def test_an_address_taken_away_is_freed_if_it_says_so(
    subnet: Subnet, vni: VirtualNetworkInterface, auto_delete: bool
) -> None:
    ip = create_reserved_ip(subnet, target=vni.id, auto_delete=auto_delete, by=BY)
    unbind_address(vni, ip, by=BY)
    assert list(ReservedIP.objects.filter(pk=ip.pk).values_list("virtual_network_interface")) == (
        [] if auto_delete else [(None,)]
    )


def test_an_address_that_went_to_another_interface_meanwhile_stays_there(
    subnet: Subnet, vni: VirtualNetworkInterface
) -> None:
    ip = create_reserved_ip(subnet, target=vni.id, auto_delete=True, by=BY)
    other = make_virtual_interface(subnet, name="other")
    ReservedIP.objects.filter(pk=ip.pk).update(virtual_network_interface=other)
    with pytest.raises(NotFound):
        unbind_address(vni, ip, by=BY)
    assert ip in other.ips.all()


# --- deleted -------------------------------------------------------------------------------------------------------


def test_addresses_go_along_or_stay_unbound(subnet: Subnet) -> None:
    ip_prototype = IpPrototype(address="10.240.0.9", auto_delete=False)
    interface = make(subnet, primary_ip=IpPrototype(address="10.240.0.8"), ips=(ip_prototype,))
    delete_virtual_interface(interface, by=BY)
    rows = ReservedIP.objects.filter(owner="user").values_list("address", "virtual_network_interface")
    assert list(rows) == [("10.240.0.9", None)]


def test_the_floating_ip_of_a_deleted_virtual_interface_stays_unbound(
    world: World, vni: VirtualNetworkInterface
) -> None:
    create_floating_ip(world.account, region=REGION, target=vni.id, by=BY)
    delete_virtual_interface(vni, by=BY)
    assert FloatingIP.objects.get().virtual_network_interface is None
