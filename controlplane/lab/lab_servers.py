"""Which servers belong in the lab, and what of each of them the lab shows. Reads; nothing is written."""

from dataclasses import dataclass

from django.conf import settings

from controlplane.lab import cloud_init, filesystem, host_names
from servers import catalog
from servers.models import BareMetalServer, Key
from servers.network_connections import ports_of
from servers.selectors import servers_for_facts

NOT_THERE = (BareMetalServer.Status.PENDING, BareMetalServer.Status.FAILED)
"""Before a server has run, there is nothing to step into."""
MOST_MEMBERS = 64
"""Each is two processes and a cable; the oldest servers come first."""


@dataclass(frozen=True)
class Member:
    """A server as the lab shows it; when two are equal, nothing needs to be done."""

    number: int
    id: str
    crn: str
    name: str
    address: str
    mac: str
    answers: bool
    """Whether 169.254.169.254 is there at all."""
    files: tuple[tuple[str, str], ...]
    """Path and text."""


def fingerprint() -> object:
    """Changes whenever ``members`` may have changed; cheap enough to ask several times a second."""
    rows = BareMetalServer.objects.exclude(status__in=NOT_THERE).order_by("number")
    return list(rows.values_list("number", "revision", "status", "name")[: MOST_MEMBERS + 1])


def members() -> tuple[Member, ...]:
    """All that belong in the lab, in any account and region, but no more than MOST_MEMBERS."""
    rows = servers_for_facts().exclude(status__in=NOT_THERE).order_by("number")[:MOST_MEMBERS]
    return tuple(_member(row) for row in rows)


def left_out() -> int:
    """How many servers are too many."""
    return max(0, BareMetalServer.objects.exclude(status__in=NOT_THERE).count() - MOST_MEMBERS)


def _member(row: BareMetalServer) -> Member:
    port = next(each for each in ports_of(row) if each.is_primary)
    address = str(port.primary_ip.address)
    hosts = host_names.hosts_file(
        hostname=row.name, address=address, control_plane=host_names.control_plane_hosts(catalog.regions())
    )
    known = [key["id"] for key in row.initialization.keys]
    keys = Key.objects.filter(account_id=row.account_id, id__in=known).values_list("public_key", flat=True)
    meta_data = cloud_init.meta_data(instance_id=row.id, hostname=row.name, public_keys=list(keys))
    files = {
        filesystem.OWN / "hosts": hosts,
        filesystem.OWN / "hostname": f"{row.name}\n",
        filesystem.OWN / "resolv.conf": host_names.RESOLVER,
        filesystem.SEED / "meta-data": meta_data,
        filesystem.SEED / "user-data": row.initialization.user_data,
    }
    return Member(
        number=row.number,
        id=row.id,
        crn=row.crn,
        name=row.name,
        address=address,
        mac=port.holder.mac_address,
        answers=_answers(row),
        files=tuple((str(path), text) for path, text in files.items()),
    )


def _answers(row: BareMetalServer) -> bool:
    if settings.BAREMINT_METADATA_DISABLED == "forbid":
        return True
    on = row.metadata_enabled and not row.account_switched_off  # type: ignore[attr-defined]
    return bool(on and row.status != BareMetalServer.Status.DELETING)
