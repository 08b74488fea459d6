"""Addresses of a subnet: exact under concurrency."""

from django.db import IntegrityError, transaction
from django.db.models import Q

from controlplane.kernel import clock, ids
from controlplane.kernel.errors import BadField, Conflict, InvalidValue, NotFound, NotUnique, Target
from servers.addressing import contains, next_free
from servers.models import NetworkInterface, ReservedIP, Subnet, VirtualNetworkInterface
from servers.services.naming import random_name
from servers.services.references import References, in_use
from servers.services.row_locks import lock_row


def reserve_address(
    subnet: Subnet, *, address: str = "", name: str = "", auto_delete: bool = True, path: str = ""
) -> ReservedIP:
    """Take an address: the asked one, or the lowest free one. Must run in a transaction.

    The subnet's row is held, so that whoever comes at the same time waits and sees what was taken; the unique
    constraint stands behind it. ``path`` is the property that asked, for the refusals: InvalidValue for an address
    outside the subnet, NotUnique for a name that is taken, Conflict when there is no such free address,
    BadField when the subnet was deleted meanwhile.
    """
    _hold_subnet(subnet, path)
    if address and not contains(subnet.ipv4_cidr_block, address):
        raise InvalidValue(
            f"{address} is outside of the subnet, which is {subnet.ipv4_cidr_block}.", target=_at(path, "address")
        )
    if name and subnet.reserved_ips.filter(name=name).exists():
        raise NotUnique(f"Provided Name ({name}) is not unique", target=_at(path, "name"))
    taken = set(subnet.reserved_ips.values_list("address", flat=True))
    free = address or next_free(subnet.ipv4_cidr_block, taken)
    if free is None or free in taken:
        raise _no_address(subnet, free, path)
    try:
        with transaction.atomic():
            return ReservedIP.objects.create(
                id=ids.zonal_id(subnet.zone),
                name=name or random_name(),
                subnet=subnet,
                address=free,
                auto_delete=auto_delete,
                created_at=clock.now(),
            )
    except IntegrityError:
        raise _no_address(subnet, free, path) from None


def claim_address(ip: ReservedIP, *, path: str) -> ReservedIP:
    """A reserved IP that is there and unbound, for somebody to bind. Must run in a transaction.

    Its subnet is held, so that nobody else binds or deletes it before the transaction ends. Raises BadField
    when it was deleted meanwhile, Conflict when it was bound.
    """
    _hold_subnet(ip.subnet, path)
    found = ReservedIP.objects.filter(pk=ip.pk).first()
    if found is None:
        raise BadField(f"{path} names a reserved IP that was deleted meanwhile.", target=Target(path))
    if found.virtual_network_interface_id or is_primary(found):
        raise in_use("reserved_ip", f"{found.address} was bound meanwhile. Name another reserved IP.", path=path)
    return found


def require_unbound(ip: ReservedIP, *, path: str, references: References) -> None:
    """Notes a Conflict when the reserved IP is bound, or kept by the provider."""
    free = ip.owner == "user" and not ip.virtual_network_interface_id and not is_primary(ip)
    message = "The reserved IP is in use. Name another, or leave it out."
    references.require_free(free, path, "reserved_ip", message)


def is_primary(ip: ReservedIP) -> bool:
    """Whether an interface cannot be without it."""
    return (
        NetworkInterface.objects.filter(primary_ip=ip).exists()
        or VirtualNetworkInterface.objects.filter(primary_ip=ip).exists()
    )


def addresses_of(interface: VirtualNetworkInterface) -> Q:
    """Picks the reserved IPs of a virtual network interface, the primary one among them."""
    return Q(virtual_network_interface=interface) | Q(primary_of=interface)


def release_address(ip: ReservedIP) -> None:
    """What becomes of an address whose holder is gone: freed with ``auto_delete``, kept unbound without."""
    ReservedIP.objects.filter(pk=ip.pk, auto_delete=True).delete()


def _hold_subnet(subnet: Subnet, path: str) -> None:
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
