"""Select the servers of the lab and read what the lab shows of each. Nothing is written."""

from dataclasses import dataclass

from django.conf import settings

from controlplane.lab import cloud_init, filesystem, host_names
from servers import catalog
from servers.models import BareMetalServer, Key
from servers.network_connections import ports_of
from servers.selectors import servers_for_facts

NOT_STARTED = (BareMetalServer.Status.PENDING, BareMetalServer.Status.FAILED)
"""A server that has never run cannot be entered."""
MAX_SERVERS = 64
"""Each server costs two processes and a veth pair; the oldest servers come first."""


@dataclass(frozen=True)
class LabServer:
    """A server as the lab shows it. An equal value needs no update."""

    number: int
    id: str
    crn: str
    name: str
    address: str
    mac: str
    metadata_reachable: bool
    """Whether the server has a route to 169.254.169.254."""
    files: tuple[tuple[str, str], ...]
    """Path and text."""


def fingerprint() -> object:
    """Return a value that changes when ``listed_servers`` may change; cheap enough to read several times a second."""
    rows = BareMetalServer.objects.exclude(status__in=NOT_STARTED).order_by("number")
    return list(rows.values_list("number", "revision", "status", "name")[: MAX_SERVERS + 1])


def listed_servers() -> tuple[LabServer, ...]:
    """Return the servers of the lab, of all accounts and regions, at most MAX_SERVERS."""
    rows = servers_for_facts().exclude(status__in=NOT_STARTED).order_by("number")[:MAX_SERVERS]
    return tuple(_lab_server(row) for row in rows)


def left_out() -> int:
    """Return how many servers exceed MAX_SERVERS."""
    return max(0, BareMetalServer.objects.exclude(status__in=NOT_STARTED).count() - MAX_SERVERS)


def _lab_server(row: BareMetalServer) -> LabServer:
    port = next(each for each in ports_of(row) if each.is_primary)
    address = str(port.primary_ip.address)
    hosts = host_names.hosts_file(
        hostname=row.name, address=address, control_plane=host_names.control_plane_hosts(catalog.regions())
    )
    key_ids = [key["id"] for key in row.initialization.keys]
    keys = Key.objects.filter(account_id=row.account_id, id__in=key_ids).values_list("public_key", flat=True)
    meta_data = cloud_init.meta_data(instance_id=row.id, hostname=row.name, public_keys=list(keys))
    files = {
        filesystem.SERVER_FOLDER / "hosts": hosts,
        filesystem.SERVER_FOLDER / "hostname": f"{row.name}\n",
        filesystem.SERVER_FOLDER / "resolv.conf": host_names.RESOLVER,
        filesystem.SEED / "meta-data": meta_data,
        filesystem.SEED / "user-data": row.initialization.user_data,
    }
    return LabServer(
        number=row.number,
        id=row.id,
        crn=row.crn,
        name=row.name,
        address=address,
        mac=port.holder.mac_address,
        metadata_reachable=_metadata_reachable(row),
        files=tuple((str(path), text) for path, text in files.items()),
    )


def _metadata_reachable(row: BareMetalServer) -> bool:
    if settings.BAREMINT_METADATA_DISABLED == "forbid":
        return True
    on = row.metadata_enabled and not row.account_switched_off  # type: ignore[attr-defined]
    return bool(on and row.status != BareMetalServer.Status.DELETING)
