"""Floating IPs: public addresses that are allocated and bound to interfaces."""

import ipaddress
import random
from contextlib import suppress

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import BadField, Conflict, InvalidValue, OverQuota, Target, existing
from servers import events
from servers.addressing import is_address
from servers.events import record_change
from servers.models import (
    BareMetalServer,
    FloatingIP,
    NetworkAttachment,
    NetworkInterface,
    PublicGateway,
    VirtualNetworkInterface,
)
from servers.services.metadata_service import refuse_deleting
from servers.services.naming import group_for, random_name, save_named
from servers.services.references import at, require_row
from servers.services.resource_changes import count_change, delete_resource
from servers.services.row_locks import lock_row, make_room
from servers.services.security_groups import Target as Interface
from servers.services.security_groups import find_target
from trustedprofiles.models import Account

POOL = ipaddress.IPv4Network("198.18.0.0/15")
"""Benchmarking space (RFC 2544): never routed, so that no address here is in use on the Internet."""
MOST_TRIES = 10


@transaction.atomic
def create_floating_ip(
    account: Account,
    *,
    region: str,
    zone: str = "",
    target: str = "",
    name: str = "",
    resource_group: str = "",
    path: str = "",
    by: Party,
) -> FloatingIP:
    """Allocate an address in a zone, or allocate one and bind it to ``target``, the id of an interface.

    ``path`` is where the request describes it. Raises BadField, NotUnique, OverQuota, Conflict when the target already
    has a floating IP.
    """
    group = group_for(account, resource_group, path=at(path, "resource_group"))
    lock_row(account)  # before the server, in the same order as everywhere
    interface = _find(account.id, region, target) if target else None
    server = _server(interface) if interface else None
    servers = [lock_row(server)] if server else []
    place = interface.subnet.zone if interface else zone
    others = FloatingIP.objects.filter(account=account, zone=place)
    make_room("floating_ips", within=account, beside=others)
    ip = FloatingIP(
        id=ids.regional_id(region),
        name=name or random_name(),
        account=account,
        resource_group=group,
        region=region,
        zone=place,
        created_at=clock.now(),
    )
    _take_address(ip, path=at(path, "name"))
    if interface:
        _bind(ip, interface)
        _count_changes(servers)
    record_change(f"{events.FLOATING_IP}.create", ip, by=by, status=201)
    return ip


def _take_address(ip: FloatingIP, *, path: str) -> None:
    """Save with the lowest free address, or with any free one when another request took that meanwhile.

    Raises NotUnique for the name at ``path``, OverQuota, Conflict.
    """
    hosts = range(int(POOL.network_address) + 1, int(POOL.broadcast_address))
    for attempt in range(MOST_TRIES):
        addresses = FloatingIP.objects.values_list("address", flat=True)
        numbers = {int(ipaddress.IPv4Address(address)) for address in addresses}
        free = next((number for number in hosts if number not in numbers), None)
        if free is None:
            raise OverQuota(f"All addresses of {POOL} are taken. Delete a floating IP.")
        if attempt:
            free = random.choice([number for number in hosts if number not in numbers])  # noqa: S311  no secret
        ip.address = str(ipaddress.IPv4Address(free))
        with suppress(IntegrityError):
            save_named(ip, path=path)
            return
    raise Conflict("Others were faster, again and again. Retry.")


@transaction.atomic
def update_floating_ip(
    ip: FloatingIP, *, name: str | None = None, target: str | None = None, move: bool = False, by: Party
) -> FloatingIP:
    """Rename a floating IP; with ``move``, bind it to another target or unbind it.

    Raises NotUnique, BadField, InvalidValue for a target in another zone, Conflict for a target that has another
    floating IP.
    """
    interface = _find(ip.account_id, ip.region, target) if target else None
    ip, servers = _lock(ip, interface)
    if name is not None:
        ip.name = name
        save_named(ip)
    if move:
        require_no_gateway(ip)
        _set_holder(ip, None)
        if interface:
            _bind(ip, interface)
        _count_changes(servers)
    record_change(f"{events.FLOATING_IP}.update", ip, by=by)
    return ip


@transaction.atomic
def delete_floating_ip(ip: FloatingIP, *, by: Party) -> None:
    """Delete a floating IP, which also unbinds it. Raises Conflict for the address of a public gateway."""
    ip, servers = _lock(ip)
    require_no_gateway(ip)
    delete_resource(ip, f"{events.FLOATING_IP}.delete", ip, by=by)
    _count_changes(servers)


@transaction.atomic
def bind(interface: Interface, id: str, *, replace: bool = False, by: Party) -> FloatingIP:
    """Bind the floating IP with this id to an interface; do nothing if it is bound to it already.

    An interface with infrastructure NAT has only one floating IP; ``replace`` unbinds the present one first. Raises
    NotFound, InvalidValue for another zone, Conflict when the floating IP is bound elsewhere, or when the interface has
    another one and ``replace`` is not set.
    """
    subnet = interface.subnet
    row = existing(
        FloatingIP.objects.filter(account_id=subnet.account_id, region=subnet.region, id=id).first(),
        "Floating IP not found. Check its id, the account and the region.",
    )
    ip, servers = _lock(row, interface)
    holder = _holder(ip)
    if holder == interface:
        return ip
    if holder:
        raise Conflict(f"{ip.address} is bound to {holder.name}. Unbind it there first.", code="floating_ip_in_use")
    require_no_gateway(ip)
    if replace and lock_row(interface).enable_infrastructure_nat:
        for other in map(lock_row, interface.floating_ips.all()):
            _set_holder(other, None)
            record_change(f"{events.FLOATING_IP}.detach", other, by=by)
    _bind(ip, interface)
    _count_changes(servers)
    record_change(f"{events.FLOATING_IP}.attach", ip, by=by, status=201)
    return ip


@transaction.atomic
def unbind(ip: FloatingIP, *, by: Party) -> None:
    ip, servers = _lock(ip)
    status = 202 if ip.network_interface else 204
    _set_holder(ip, None)
    _count_changes(servers)
    record_change(f"{events.FLOATING_IP}.detach", ip, by=by, status=status)


def lock_unbound(account: Account, region: str, id: str, *, path: str) -> FloatingIP:
    """Lock and return the floating IP with this id or address. Raises BadField, and Conflict for a bound one."""
    rows = FloatingIP.objects.filter(account=account, region=region)
    row = rows.filter(id=id).first() or (rows.filter(address=id).first() if is_address(id) else None)
    ip = lock_row(require_row(row, path, "floating IP that exists here"))
    if holder := _holder(ip):
        raise Conflict(
            f"{path}: {ip.address} is bound to {holder.name}.", code="floating_ip_in_use", target=Target(path)
        )
    require_no_gateway(ip)
    return ip


def require_no_gateway(ip: FloatingIP) -> None:
    """Check that the locked ``ip`` is not the address of a public gateway.

    A public gateway keeps its address as long as it exists. Raises Conflict.
    """
    if gateway := PublicGateway.objects.filter(floating_ip=ip).first():
        raise Conflict(
            f"{ip.address} is the address of the public gateway {gateway.name}. Delete the public gateway.",
            code="floating_ip_in_use",
        )


def _find(account_id: str, region: str, id: str) -> Interface:
    interface = find_target(account_id, region, id)
    if interface is None:
        raise BadField("target names no network interface that exists here.", target=Target("target"))
    return interface


def _holder(ip: FloatingIP) -> Interface | None:
    return ip.network_interface or ip.virtual_network_interface


def _lock(ip: FloatingIP, interface: Interface | None = None) -> tuple[FloatingIP, list[BareMetalServer]]:
    """Lock the servers that the change affects, then the floating IP, and return both as they are now.

    All functions lock in this order. Raises NotFound, Conflict when the floating IP was moved meanwhile.
    """
    holder = _holder(ip)
    servers = {server.pk: server for each in (holder, interface) if each and (server := _server(each))}
    rows = [lock_row(servers[pk]) for pk in sorted(servers)]
    ip = lock_row(ip)
    if _holder(ip) != holder:
        raise Conflict("The floating IP was moved meanwhile. Read it again and retry.")
    return ip, rows


def _server(interface: Interface) -> BareMetalServer | None:
    if isinstance(interface, NetworkInterface):
        return interface.server
    attachment = NetworkAttachment.objects.filter(virtual_network_interface=interface).select_related("server").first()
    return attachment.server if attachment else None


def _count_changes(servers: list[BareMetalServer]) -> None:
    for server in servers:
        count_change(server)


def _bind(ip: FloatingIP, interface: Interface) -> None:
    interface = lock_row(interface)
    if isinstance(interface, NetworkInterface):  # a virtual one may outlive the server
        refuse_deleting(interface.server)
    if interface.subnet.zone != ip.zone:
        raise InvalidValue(f"The floating IP is in zone {ip.zone}, and the interface is not.", target=Target("target"))
    if interface.enable_infrastructure_nat and interface.floating_ips.exists():
        raise Conflict(
            "The interface has a floating IP, and with enable_infrastructure_nat it can have only one.",
            code="network_interface_in_use_floating_ip_exists",
            target=Target("target"),
        )
    _set_holder(ip, interface)


def _set_holder(ip: FloatingIP, interface: Interface | None) -> None:
    ip.network_interface = interface if isinstance(interface, NetworkInterface) else None
    ip.virtual_network_interface = interface if isinstance(interface, VirtualNetworkInterface) else None
    ip.save(update_fields=["network_interface", "virtual_network_interface"])
