"""Reserved IPs: taken, bound, changed, given back; who keeps them."""

from typing import Any

import pytest
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import ApiError, BadField, Conflict, InvalidValue, NotUnique, OverQuota
from servers.models import ReservedIP, Subnet, VirtualNetworkInterface
from servers.services.addresses import claim_address, release_address, reserve_address
from servers.services.reserved_ips import create_reserved_ip, delete_reserved_ip, update_reserved_ip
from servers.services.subnets import delete_subnet
from tests.tables import alone, check_each
from tests.world import World, make_server, make_subnet, make_virtual_interface

BY = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def subnet(world: World) -> Subnet:
    return make_subnet(world.account)


@pytest.fixture
def vni(subnet: Subnet) -> VirtualNetworkInterface:
    return make_virtual_interface(subnet)


def make(subnet: Subnet, **asked: Any) -> ReservedIP:
    return create_reserved_ip(subnet, by=BY, **asked)


# --- taken ---------------------------------------------------------------------------------------------------------


def test_addresses_are_taken_from_the_lowest_on(subnet: Subnet) -> None:
    assert make(subnet, address="10.240.0.5").address == "10.240.0.5"
    assert [make(subnet).address for _ in range(3)] == ["10.240.0.4", "10.240.0.6", "10.240.0.7"]


def test_an_address_that_is_given_back_goes_out_again(subnet: Subnet) -> None:
    delete_reserved_ip(make(subnet), by=BY)
    assert make(subnet).address == "10.240.0.4"


BAD: dict[str, tuple[dict[str, Any], type[ApiError], str]] = {
    "outside": ({"address": "10.240.1.4"}, InvalidValue, "address"),
    "taken": ({"address": "10.240.0.4"}, Conflict, "address"),
    "provider": ({"address": "10.240.0.1"}, Conflict, "address"),
    "broadcast": ({"address": "10.240.0.255"}, Conflict, "address"),
    "provider-name": ({"name": "ibm-mine"}, InvalidValue, "name"),
    "name": ({"name": "first"}, NotUnique, "name"),
    "auto-delete": ({"auto_delete": True}, InvalidValue, "auto_delete"),
    "target": ({"target": "0717-none"}, BadField, "target"),
}


def test_a_reserved_ip_is_refused(subnet: Subnet) -> None:
    def check(name: str) -> None:
        request, kind, path = BAD[name]
        make(subnet, name="first")
        with pytest.raises(kind) as refusal:
            make(subnet, **request)
        assert refusal.value.target
        assert refusal.value.target.name == path

    check_each(BAD, alone(check))


# --- bound ---------------------------------------------------------------------------------------------------------


def test_a_reserved_ip_becomes_a_secondary_address(subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    ip = make(subnet, target=vni.id, auto_delete=True)
    vni.refresh_from_db()
    assert (ip.virtual_network_interface, ip.auto_delete, vni.revision) == (vni, True, 2)


def test_an_interface_of_another_subnet_is_refused(world: World, vni: VirtualNetworkInterface) -> None:
    other = make_subnet(world.account, name="other", cidr="10.240.1.0/24")
    with pytest.raises(InvalidValue, match="another subnet"):
        make(other, target=vni.id)


def test_an_interface_has_at_most_eight_addresses(subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    for _ in range(7):
        make(subnet, target=vni.id)
    with pytest.raises(OverQuota):
        make(subnet, target=vni.id)


def test_an_interface_of_another_account_is_not_found(
    world: World, subnet: Subnet, vni: VirtualNetworkInterface
) -> None:
    foreign = make_subnet(world.other_account)
    with pytest.raises(BadField):
        make(foreign, target=vni.id)


def test_a_secondary_address_is_given_back(subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    delete_reserved_ip(make(subnet, target=vni.id), by=BY)
    vni.refresh_from_db()
    assert vni.revision == 3


def test_an_unbound_address_is_claimed_as_it_is_by_now(subnet: Subnet) -> None:
    ip = make(subnet, name="before")
    update_reserved_ip(ReservedIP.objects.get(pk=ip.pk), name="meanwhile", by=BY)
    with transaction.atomic():
        assert claim_address(ip, path="primary_ip").name == "meanwhile"


def test_a_bound_address_is_not_claimed_again(subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    for ip in (vni.primary_ip, make(subnet, target=vni.id)):
        with pytest.raises(Conflict, match="bound"), transaction.atomic():
            claim_address(ip, path="primary_ip")


def test_what_went_meanwhile_is_not_found(subnet: Subnet) -> None:
    ip = make(subnet)
    ReservedIP.objects.filter(pk=ip.pk).delete()
    with pytest.raises(BadField), transaction.atomic():
        claim_address(ip, path="primary_ip")
    delete_subnet(Subnet.objects.get(), by=BY)
    with pytest.raises(BadField), transaction.atomic():
        reserve_address(subnet, path="primary_ip")


@pytest.mark.parametrize(("auto_delete", "left"), [(True, 0), (False, 1)])
def test_an_address_whose_holder_is_gone_is_freed_or_kept(subnet: Subnet, auto_delete: bool, left: int) -> None:
    with transaction.atomic():
        ip = reserve_address(subnet, auto_delete=auto_delete)
        release_address(ip)
    assert ReservedIP.objects.filter(pk=ip.pk).count() == left


def test_what_an_address_becomes_is_decided_by_the_last_word(subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    ip = make(subnet, target=vni.id, auto_delete=True)
    update_reserved_ip(ReservedIP.objects.get(pk=ip.pk), auto_delete=False, by=BY)
    release_address(ip)
    assert ReservedIP.objects.filter(pk=ip.pk).exists()


# --- changed and given back ----------------------------------------------------------------------------------------


def test_a_reserved_ip_is_renamed(subnet: Subnet) -> None:
    assert update_reserved_ip(make(subnet), name="new", by=BY).name == "new"


@pytest.mark.parametrize(
    ("asked", "kind"), [({"name": "ibm-x"}, InvalidValue), ({"name": "first"}, NotUnique)], ids=["provider", "taken"]
)
def test_a_name_is_refused(subnet: Subnet, asked: dict[str, str], kind: type[ApiError]) -> None:
    make(subnet, name="first")
    with pytest.raises(kind):
        update_reserved_ip(make(subnet), by=BY, **asked)


def test_only_a_bound_address_is_deleted_with_what_has_it(subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    with pytest.raises(InvalidValue, match="auto_delete"):
        update_reserved_ip(make(subnet), auto_delete=True, by=BY)
    assert update_reserved_ip(vni.primary_ip, auto_delete=True, by=BY).auto_delete


def test_what_is_the_providers_stays_as_it_is(subnet: Subnet) -> None:
    gateway = subnet.reserved_ips.get(address="10.240.0.1")
    with pytest.raises(Conflict, match="provider"):
        delete_reserved_ip(gateway, by=BY)
    with pytest.raises(Conflict, match="provider"):
        update_reserved_ip(gateway, name="mine", by=BY)


def test_a_primary_address_stays_with_its_interface(world: World, subnet: Subnet, vni: VirtualNetworkInterface) -> None:
    of_a_server = make_server(world.account, name="web-1").network_interfaces.get().primary_ip
    for ip in (of_a_server, vni.primary_ip):
        with pytest.raises(Conflict, match="primary IP"):
            delete_reserved_ip(ip, by=BY)
