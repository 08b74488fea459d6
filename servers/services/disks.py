"""Disks of a bare metal server."""

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotUnique, Target
from servers.models import BareMetalServer, Disk
from servers.services.events import DISK_UPDATE, record_server_event


@transaction.atomic
def rename_disk(server: BareMetalServer, disk: Disk, *, name: str | None = None, by: Party) -> Disk:
    """Raises NotUnique when another disk of the server has the name."""
    if name is not None:
        disk.name = name
        try:
            with transaction.atomic():
                disk.save()
        except IntegrityError:
            raise NotUnique(f"Provided Name ({name}) is not unique", target=Target("name")) from None
    record_server_event(DISK_UPDATE, server, by=by)
    return disk
