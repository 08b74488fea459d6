"""The deletion of a server together with its links, addresses and rows."""

from django.db import transaction

from controlplane.activity.record import Party
from servers.models import BareMetalServer, NetworkAttachment, NetworkInterface
from servers.services.addresses import release_address
from servers.services.reservation_affinity import detach
from servers.services.row_locks import lock_row
from servers.services.virtual_interfaces import detach as detach_interface
from trustedprofiles.services.links import unlink_everything
from trustedprofiles.services.tags import forget


@transaction.atomic
def remove(server: BareMetalServer, *, by: Party) -> bool:
    """Delete a server that is being deleted. Returns False when another worker has deleted it.

    Addresses and virtual network interfaces with ``auto_delete`` are deleted with it, others remain, and its floating
    IPs remain unbound. The link of every trusted profile to the server is deleted, even one that another caller
    created, and so are its tags.
    """
    if server.reservation_id:  # it is being deleted, so it is not attached to another one from now on
        lock_row(server.account)
    deleting = BareMetalServer.objects.select_for_update().filter(pk=server.pk, status=BareMetalServer.Status.DELETING)
    if (row := deleting.first()) is None:
        return False
    own = NetworkInterface.objects.filter(server=row).select_related("primary_ip")
    addresses = [interface.primary_ip for interface in own]
    attached = NetworkAttachment.objects.filter(server=row).select_related("virtual_network_interface")
    virtual = [attachment.virtual_network_interface for attachment in attached]
    reservation = row.reservation
    row.delete()
    if reservation:
        detach(server, reservation, by=by)
    for address in addresses:
        release_address(address)
    for interface in virtual:
        detach_interface(interface, by=by)
    unlink_everything(server.crn, by=by)
    forget(server.crn)
    return True
