"""Disks of a bare metal server."""

from django.db import transaction

from controlplane.activity.record import Party
from servers.events import DISK, record_change
from servers.models import BareMetalServer, Disk
from servers.services.metadata_service import refuse_deleting
from servers.services.naming import save_named
from servers.services.row_locks import lock_row


@transaction.atomic
def rename_disk(server: BareMetalServer, disk: Disk, *, name: str | None = None, by: Party) -> Disk:
    """Rename a disk.

    Raises NotUnique when another disk of the server has the name, ServerStatusConflict while it is being deleted.
    """
    server = lock_row(server)
    refuse_deleting(server)
    disk = lock_row(disk)
    if name is not None:
        disk.name = name
        save_named(disk)
    record_change(f"{DISK}.update", server, by=by)
    return disk
