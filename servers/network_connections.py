"""A server's connections to the network, of either kind.

A server has network interfaces of its own, or attachments of virtual network interfaces; of the latter, IBM's API shows
a network interface too, read-only, with the attachment's id and name.
"""

from dataclasses import dataclass

from servers.models import (
    BareMetalServer,
    FloatingIP,
    NetworkAttachment,
    NetworkInterface,
    ReservedIP,
    SecurityGroup,
    Subnet,
    VirtualNetworkInterface,
)


@dataclass(frozen=True)
class Port:
    row: NetworkInterface | NetworkAttachment
    holder: NetworkInterface | VirtualNetworkInterface
    """The interface with the addresses, the security groups and the floating IPs: the row itself, or the virtual
    one."""

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def is_primary(self) -> bool:
        return self.row.is_primary

    @property
    def subnet(self) -> Subnet:
        return self.holder.subnet

    @property
    def primary_ip(self) -> ReservedIP:
        return self.holder.primary_ip

    @property
    def floating_ips(self) -> list[FloatingIP]:
        return list(self.holder.floating_ips.all())

    @property
    def security_groups(self) -> list[SecurityGroup]:
        return list(self.holder.security_groups.all())


def port_of(row: NetworkInterface | NetworkAttachment) -> Port:
    return Port(row, row.virtual_network_interface if isinstance(row, NetworkAttachment) else row)


def ports_of(server: BareMetalServer) -> list[Port]:
    """Return the connections of a server: the primary one first, then in the order of their creation."""
    rows: list[NetworkInterface | NetworkAttachment] = [
        *server.network_interfaces.all(),
        *server.network_attachments.all(),
    ]
    return [port_of(row) for row in sorted(rows, key=lambda row: (not row.is_primary, row.number))]
