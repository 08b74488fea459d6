"""Rules for a server's connections of either kind: PCI ones need a stopped server, VLANs use PCI ones."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import ApiError, Conflict, InvalidValue, ServerStatusConflict, Target
from servers import quotas
from servers.events import record_change
from servers.models import BareMetalServer, NetworkAttachment, NetworkInterface, Subnet, VirtualNetworkInterface
from servers.network_connections import port_of
from servers.services.metadata_service import refuse_deleting
from servers.services.references import References
from servers.services.resource_changes import count_change
from servers.services.row_locks import lock_row

TRUNK = "pci"
"""The type of a connection that carries VLANs for others."""
Connection = NetworkInterface | NetworkAttachment


@dataclass(frozen=True, kw_only=True)
class ConnectionPrototype:
    """A connection of either kind to create."""

    name: str = ""
    interface_type: str = TRUNK
    allowed_vlans: tuple[int, ...] = ()
    vlan: int | None = None


@contextmanager
def changing_connections(
    server: BareMetalServer, event: str, *, by: Party, status: int = 200
) -> Iterator[BareMetalServer]:
    """Lock a server, change its connections in this block, and record the event, all in one transaction.

    A caller inside the server could notice the change, so cached data of the server becomes stale. Raises NotFound,
    ServerStatusConflict while the server is being deleted.
    """
    with transaction.atomic():
        server = lock_row(server)
        refuse_deleting(server)
        yield server
        count_change(server)
        record_change(event, server, by=by, status=status)


def require_stopped(server: BareMetalServer) -> None:
    if server.status != BareMetalServer.Status.STOPPED or server.transition:
        raise ServerStatusConflict(
            f"PCI interfaces can be added and deleted only while the server is stopped; it is {server.status}. Stop it."
        )


def settle_connection(
    server: BareMetalServer,
    prototype: ConnectionPrototype,
    *,
    subnet: Subnet | None,
    path: str,
    references: References,
) -> None:
    """Check that a connection is in the zone and the VPC of its server, whose PCI connections allow its VLAN.

    Raises Refusals with all problems, including those in ``references``; ``path`` is the property that names the
    subnet.
    """
    if subnet:
        references.require(subnet.zone == server.zone, path, f"It must be in the server's zone, {server.zone}.")
        references.require(subnet.vpc_id == server.vpc_id, path, "It must be in the server's VPC.")
    references.add(_vlan_problems(server, prototype, subnet=subnet))
    references.settle()


def require_slot(server: BareMetalServer, interface_type: str) -> None:
    """Raise OverQuota when one more PCI interface would exceed the quota."""
    if interface_type == TRUNK:
        rows = (server.network_interfaces, server.network_attachments)
        trunks = sum(each.filter(interface_type=TRUNK).count() for each in rows)
        quotas.require_room("pci_interfaces", taken=trunks, quotas=settings.BAREMINT_QUOTAS)


def let_start(server: BareMetalServer) -> None:
    """Mark the PCI connections that waited for the start of the server as in use, once it has started."""
    for rows in (server.network_interfaces, server.network_attachments):
        rows.filter(awaits_start=True).update(awaits_start=False)


def _vlan_problems(
    server: BareMetalServer, prototype: ConnectionPrototype, *, subnet: Subnet | None
) -> Iterator[ApiError]:
    """Yield the problems of a connection of type ``vlan``.

    A PCI connection must allow its VLAN, and the VLAN must serve no other subnet.
    """
    vlan = prototype.vlan
    if prototype.interface_type == TRUNK or vlan is None:
        return
    rows: list[Connection] = [*server.network_interfaces.all(), *server.network_attachments.all()]
    if not any(vlan in row.allowed_vlans for row in rows if row.interface_type == TRUNK):
        yield no_trunk(vlan, "vlan")
    served = [port_of(row).subnet for row in rows if row.vlan == vlan]
    if subnet and served and served[0] != subnet:
        yield serves_another(vlan, served[0], "vlan")


def no_trunk(vlan: int, path: str) -> ApiError:
    return InvalidValue(
        f"No PCI interface of the server allows VLAN {vlan}. Add it to the allowed_vlans of one first.",
        target=Target(path),
    )


def serves_another(vlan: int, subnet: Subnet, path: str) -> ApiError:
    return InvalidValue(
        f"VLAN {vlan} serves subnet {subnet.name} of the server, and a VLAN serves one. Choose another VLAN.",
        target=Target(path),
    )


def refuse_several_floating_ips(holder: NetworkInterface | VirtualNetworkInterface) -> None:
    """Raise Conflict when infrastructure NAT is to be enabled for an interface with several floating IPs."""
    if holder.floating_ips.count() > 1:
        raise Conflict(
            "The interface has several floating IPs, and with enable_infrastructure_nat it can have only one.",
            target=Target("enable_infrastructure_nat"),
        )


def refuse_lost_vlans(
    row: Connection, allowed: list[int], *, beside: Iterable[NetworkInterface] | Iterable[NetworkAttachment]
) -> None:
    """Raise Conflict when ``row`` is to allow fewer VLANs than the connections in ``beside`` need.

    Raises InvalidValue for a connection other than a PCI one.
    """
    if row.interface_type != TRUNK:
        raise InvalidValue("Only PCI interfaces have allowed_vlans.", target=Target("allowed_vlans"))
    rows: list[Connection] = list(beside)
    elsewhere = {vlan for each in rows if each.interface_type == TRUNK for vlan in each.allowed_vlans}
    if vlans := sorted({each.vlan for each in rows if each.vlan is not None} - elsewhere - set(allowed)):
        numbers = ", ".join(map(str, vlans))
        raise Conflict(f"VLAN {numbers} is in use. Delete what uses it first.", target=Target("allowed_vlans"))
