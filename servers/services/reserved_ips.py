"""Reserved IPs as resources of their own: reserved, bound to a virtual network interface, changed, deleted.

A function that needs several rows locks them in this order: subnet, virtual network interface, reserved IP.
"""

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, InvalidValue, Target
from servers import events
from servers.events import record_change
from servers.models import ReservedIP, Subnet, VirtualNetworkInterface
from servers.services.addresses import addresses_of, is_primary, reserve_address
from servers.services.naming import PROVIDER_NAMES
from servers.services.references import require_row
from servers.services.resource_changes import count_change, lock_both, save_change
from servers.services.row_locks import lock_row, make_room


@transaction.atomic
def create_reserved_ip(
    subnet: Subnet, *, address: str = "", auto_delete: bool = False, name: str = "", target: str = "", by: Party
) -> ReservedIP:
    """Reserve an address of a subnet: the requested one, or the lowest free one.

    ``target`` is the id of a virtual network interface in the subnet, whose secondary address it becomes. Raises
    InvalidValue, BadField, NotUnique, Conflict when there is no such free address, OverQuota.
    """
    subnet = lock_row(subnet)
    _refuse_provider_name(name)
    interface = _interface(subnet, target) if target else None
    if auto_delete and interface is None:
        raise _unbound()
    ip = reserve_address(subnet, address=address, name=name, auto_delete=auto_delete)
    if interface:
        ip.virtual_network_interface = interface
        ip.save(update_fields=["virtual_network_interface"])
        count_change(interface)
    record_change(f"{events.RESERVED_IP}.create", subnet, by=by, status=201)
    return ip


@transaction.atomic
def update_reserved_ip(
    ip: ReservedIP, *, auto_delete: bool | None = None, name: str | None = None, by: Party
) -> ReservedIP:
    """Change the given properties. Raises InvalidValue, NotUnique, Conflict for the provider's addresses."""
    subnet, ip = lock_both(ip.subnet, ip)
    _refuse_provider_owned(ip)
    _refuse_provider_name(name or "")
    if auto_delete and not (ip.virtual_network_interface_id or is_primary(ip)):
        raise _unbound()
    ip.auto_delete = ip.auto_delete if auto_delete is None else auto_delete
    ip.name = name or ip.name
    return save_change(ip, f"{events.RESERVED_IP}.update", subnet, by=by)


@transaction.atomic
def delete_reserved_ip(ip: ReservedIP, *, by: Party) -> None:
    """Delete a reserved IP. Raises Conflict for the provider's ones and for an interface's primary address."""
    subnet = lock_row(ip.subnet)
    interfaces = VirtualNetworkInterface.objects.select_for_update(no_key=True, of=("self",))
    interface = interfaces.filter(ips=ip).first()
    ip = lock_row(ip)
    _refuse_provider_owned(ip)
    if is_primary(ip):
        raise Conflict(
            f"{ip.address} is the primary IP of a network interface. Delete that first.",
            code="reserved_ip_in_use_network_interface_exists",
        )
    if interface:
        count_change(interface)
    ip.delete()
    record_change(f"{events.RESERVED_IP}.delete", subnet, by=by, status=204)


def _interface(subnet: Subnet, id: str) -> VirtualNetworkInterface:
    """Lock and return the virtual network interface, which must have room for one more address."""
    rows = VirtualNetworkInterface.objects.filter(account=subnet.account_id, region=subnet.region)
    interface = require_row(rows.filter(id=id).first(), "target", "virtual network interface that exists here")
    if interface.subnet_id != subnet.pk:
        raise InvalidValue(
            "target: the virtual network interface is in another subnet. Reserve an IP there.", target=Target("target")
        )
    addresses = ReservedIP.objects.filter(addresses_of(interface))
    make_room("ips_of_interface", within=interface, beside=addresses, target=Target("target"))
    interface.refresh_from_db()
    return interface


def _refuse_provider_name(name: str) -> None:
    if name.startswith(PROVIDER_NAMES):
        raise InvalidValue("Names that begin with ibm- are the provider's. Choose another.", target=Target("name"))


def _refuse_provider_owned(ip: ReservedIP) -> None:
    if ip.owner == "provider":
        raise Conflict(f"{ip.address} is the provider's. It stays as it is.", code="reserved_ip_provider_owned")


def _unbound() -> InvalidValue:
    return InvalidValue("auto_delete must be false: the reserved IP is bound to nothing.", target=Target("auto_delete"))
