"""Secondary addresses of a virtual network interface, which are bound and unbound here."""

from django.conf import settings
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, NotFound, existing
from servers import events, quotas
from servers.events import record_change
from servers.models import ReservedIP, VirtualNetworkInterface
from servers.services.addresses import claim_address, release_address
from servers.services.resource_changes import count_change
from servers.services.row_locks import lock_row


@transaction.atomic
def bind_address(interface: VirtualNetworkInterface, id: str, *, by: Party) -> ReservedIP:
    """Make a reserved IP of the same subnet a secondary address; do nothing if it is one already.

    Raises NotFound, Conflict when another resource uses it, OverQuota.
    """
    lock_row(interface.subnet)  # before the interface, as in a request that reserves an address for it
    interface = lock_row(interface)
    ip = existing(
        ReservedIP.objects.filter(subnet=interface.subnet, id=id, owner="user").select_related("subnet").first(),
        "There is no reserved IP of this id in the interface's subnet.",
    )
    if ip.virtual_network_interface_id == interface.pk:
        return ip
    quotas.require_room("ips_of_interface", taken=interface.ips.count(), quotas=settings.BAREMINT_QUOTAS)
    ip = claim_address(ip, path="id")
    ip.virtual_network_interface = interface
    ip.save(update_fields=["virtual_network_interface"])
    count_change(interface)
    record_change(f"{events.VIRTUAL_INTERFACE}.update", interface, by=by)
    return ip


@transaction.atomic
def unbind_address(interface: VirtualNetworkInterface, ip: ReservedIP, *, by: Party) -> None:
    """Unbind a secondary address, and delete it if it has ``auto_delete``.

    Raises Conflict for the primary address, NotFound for an address that is not bound to the interface.
    """
    lock_row(interface.subnet)
    interface = lock_row(interface)
    if interface.primary_ip_id == ip.pk:
        raise Conflict("The primary address cannot be removed from its interface.", code="primary_ip")
    rows = ReservedIP.objects.filter(pk=ip.pk, virtual_network_interface=interface)
    if not rows.update(virtual_network_interface=None):
        raise NotFound("The reserved IP is not bound to the virtual network interface.")
    release_address(ip)
    count_change(interface)
    record_change(f"{events.VIRTUAL_INTERFACE}.update", interface, by=by, status=204)
