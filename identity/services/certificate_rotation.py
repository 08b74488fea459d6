"""The switch of a server's certificate rotation: one function, whoever turns it."""

from datetime import datetime

from django.db import transaction

from controlplane.activity.record import Party, record
from controlplane.kernel.errors import Conflict
from identity.models import CertificateRotation
from servers.models import BareMetalServer
from servers.services.room import hold

READ_EVENT = "baremint.certificate-rotation.read"
EVENT = "baremint.certificate-rotation.update"


@transaction.atomic
def switch_certificate_rotation(
    server: BareMetalServer, *, enabled: bool, by: Party, now: datetime
) -> CertificateRotation | None:
    """Turn it on, for the certificates that are valid now and those to come, or off. One event.

    Returns the switch, None when it is off. Raises NotFound for a deleted server, Conflict for one that is being
    deleted.
    """
    server = hold(server)
    if server.status == BareMetalServer.Status.DELETING:
        raise Conflict("The server is being deleted and cannot be changed any more.")
    rotation = None
    if enabled:
        rotation, _ = CertificateRotation.objects.get_or_create(server=server, defaults={"enabled_at": now})
    else:
        CertificateRotation.objects.filter(server=server).delete()
    record(
        EVENT,
        initiator=by,
        target=Party(server.crn, server.name, "BareMetalServer"),
        account_id=server.account_id,
        data={"certificate_rotation": {"enabled": enabled}},
    )
    return rotation
