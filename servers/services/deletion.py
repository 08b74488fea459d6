"""The end of a server: its links, addresses and rows go together."""

from django.db import transaction

from controlplane.activity.record import Party
from servers.models import BareMetalServer, ReservedIP
from trustedprofiles.services.links import unlink_everything


@transaction.atomic
def remove(server: BareMetalServer, *, by: Party) -> bool:
    """Delete a server that is being deleted. Returns False when another worker did.

    Addresses with ``auto_delete`` become free; every trusted profile's link to the server goes, whoever made it.
    """
    deleting = BareMetalServer.objects.select_for_update().filter(pk=server.pk, status=BareMetalServer.Status.DELETING)
    if (found := deleting.first()) is None:
        return False
    addresses = ReservedIP.objects.filter(network_interface__server=found, auto_delete=True)
    held = list(addresses.values_list("pk", flat=True))
    found.delete()
    ReservedIP.objects.filter(pk__in=held).delete()
    unlink_everything(server.crn, by=by)
    return True
