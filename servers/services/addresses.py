"""Addresses of a subnet, reserved so that concurrent requests never get the same one."""

from django.db.models import Q

from controlplane.kernel import clock, ids
from controlplane.kernel.errors import BadField, Conflict, InvalidValue, NotFound, NotUnique, Target
from servers.addressing import contains, next_free
from servers.models import NetworkInterface, ReservedIP, Subnet, VirtualNetworkInterface
from servers.services.naming import random_name
from servers.services.references import References, in_use
from servers.services.resource_changes import insert_or_refuse
from servers.services.row_locks import lock_row


def reserve_address(
    subnet: Subnet, *, address: str = "", name: str = "", auto_delete: bool = True, path: str = ""
) -> ReservedIP:
    """Reserve an address: the requested one, or the lowest free one. Must run in a transaction.

    The subnet's row is locked, so that a concurrent request waits and sees which addresses are taken; the unique
    constraint also guarantees it. ``path`` is the property of the request, for the refusals: InvalidValue for an
    address outside the subnet, NotUnique for a name that is taken, Conflict when there is no such free address,
    BadField when the subnet was deleted meanwhile.
    """
    _lock_subnet(subnet, path)
    if address and not contains(subnet.ipv4_cidr_block, address):
        raise InvalidValue(
            f"{address} is outside of the subnet, which is {subnet.ipv4_cidr_block}.", target=_at(path, "address")
        )
    if name and subnet.reserved_ips.filter(name=name).exists():
        raise NotUnique(f"Provided Name ({name}) is not unique", target=_at(path, "name"))
    addresses = set(subnet.reserved_ips.values_list("address", flat=True))
    free = address or next_free(subnet.ipv4_cidr_block, addresses)
    if free is None or free in addresses:
        raise _no_address(subnet, free, path)
    ip = ReservedIP(
        id=ids.zonal_id(subnet.zone),
        name=name or random_name(),
        subnet=subnet,
        address=free,
        auto_delete=auto_delete,
        created_at=clock.now(),
    )
    insert_or_refuse(ip, _no_address(subnet, free, path))
    return ip


def claim_address(ip: ReservedIP, *, path: str) -> ReservedIP:
    """Return an existing, unbound reserved IP, for the caller to bind. Must run in a transaction.

    Its subnet is locked, so that no other transaction binds or deletes the reserved IP before this one ends. Raises
    BadField when it was deleted meanwhile, Conflict when it was bound.
    """
    _lock_subnet(ip.subnet, path)
    current = ReservedIP.objects.filter(pk=ip.pk).first()
    if current is None:
        raise BadField(f"{path} names a reserved IP that was deleted meanwhile.", target=Target(path))
    if current.virtual_network_interface_id or is_primary(current):
        raise in_use("reserved_ip", f"{current.address} was bound meanwhile. Name another reserved IP.", path=path)
    return current


def require_unbound(ip: ReservedIP, *, path: str, references: References) -> None:
    """Note a Conflict when the reserved IP is bound or belongs to the provider."""
    free = ip.owner == "user" and not ip.virtual_network_interface_id and not is_primary(ip)
    message = "The reserved IP is in use. Name another, or leave it out."
    references.require_free(free, path, "reserved_ip", message)


def is_primary(ip: ReservedIP) -> bool:
    """Return whether the reserved IP is the primary address of an interface."""
    return (
        NetworkInterface.objects.filter(primary_ip=ip).exists()
        or VirtualNetworkInterface.objects.filter(primary_ip=ip).exists()
    )


def addresses_of(interface: VirtualNetworkInterface) -> Q:
    """Return the condition that selects the reserved IPs of a virtual network interface, including the primary one."""
    return Q(virtual_network_interface=interface) | Q(primary_of=interface)


def release_address(ip: ReservedIP) -> None:
    """Delete an address with ``auto_delete`` whose interface was deleted.

    An address without ``auto_delete`` stays reserved and unbound.
    """
    ReservedIP.objects.filter(pk=ip.pk, auto_delete=True).delete()


def _lock_subnet(subnet: Subnet, path: str) -> None:
    try:
        lock_row(subnet)
    except NotFound:
        raise BadField(f"Subnet {subnet.name} was deleted meanwhile.", target=_at(path)) from None


def _no_address(subnet: Subnet, address: str | None, path: str) -> Conflict:
    if address is None:
        return Conflict(
            f"Subnet {subnet.name} has no free address. Free one, or take another subnet.", target=_at(path)
        )
    message = f"{address} is taken. Ask for another, or leave the choice to the service."
    return Conflict(message, code="address_in_use", target=_at(path))


def _at(path: str, leaf: str = "") -> Target:
    return Target(".".join(part for part in (path, leaf) if part) or "address")
