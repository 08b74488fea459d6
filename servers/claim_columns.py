"""The claims of many servers at once, one column for each claim.

The values are those that ``claims_of`` gives for one server.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from controlplane.kernel.crn import Crn
from servers.models import VPC, BareMetalServer, FloatingIP, NetworkAttachment, NetworkInterface, Subnet
from trustedprofiles.claim_conditions import Claim
from trustedprofiles.tag_rules import CRN

VIRTUAL = "virtual_network_interface__"


class ClaimRow(NamedTuple):
    """The columns of a server from which most of its claims are derived."""

    number: int
    id: str
    name: str
    account_id: str
    region: str
    zone: str
    profile: str
    resource_group_id: str
    resource_group__name: str
    vpc__id: str
    vpc__name: str
    vpc__region: str
    vpc__account_id: str

    @property
    def crn(self) -> str:
        return str(Crn("is", self.zone, self.account_id, BareMetalServer.crn_type, self.id))

    @property
    def policy_attributes(self) -> dict[str, str]:
        """The attributes that ``BareMetalServer.policy_attributes`` gives."""
        return {
            "region": self.region,
            "bareMetalServerId": self.id,
            "vpcId": self.vpc__id,
            "resourceGroupId": self.resource_group_id,
            CRN: self.crn,
        }


class Port(NamedTuple):
    """A connection of a server to a subnet. The primary one sorts first."""

    is_secondary: bool
    number: int
    address: str
    holder: tuple[str, int]
    """The target of floating IPs: the name of their column, and its value."""
    subnet_id: str
    subnet_crn: str
    subnet_name: str


def claim_rows(account_id: str, *, most: int) -> list[ClaimRow]:
    """Return the newest servers of an account, in all regions."""
    rows = BareMetalServer.objects.filter(account_id=account_id).order_by("-number")
    return [ClaimRow._make(row) for row in rows.values_list(*ClaimRow._fields)[:most]]


def claims_named(server: BareMetalServer, names: Sequence[str]) -> dict[str, Claim]:
    """Return the claims of one server with these names; empty when it was deleted meanwhile."""
    rows = BareMetalServer.objects.filter(number=server.number).values_list(*ClaimRow._fields)
    columns = ClaimTable([ClaimRow._make(row) for row in rows]).columns(names)
    return {name: column[0] for name, column in columns.items() if column}


class ClaimTable:
    """The claims of servers of one account."""

    def __init__(self, rows: Sequence[ClaimRow]) -> None:
        self.rows = rows

    def columns(self, names: Sequence[str]) -> dict[str, list[Claim]]:
        """Return the claims with these names, each with one value for each row. An unknown name has no column.

        This takes a constant number of queries, and none unless a claim about subnets or addresses is requested.
        """
        return {
            name: [COLUMNS[name](row) if name in COLUMNS else self._of_ports(name, row) for row in self.rows]
            for name in names
            if name in COLUMNS or name in OF_PORTS or name == ADDRESSES
        }

    def _of_ports(self, name: str, row: ClaimRow) -> Claim:
        ports = self._ports.get(row.number, ())
        if name == ADDRESSES:
            floating = [address for port in ports for address in self._floating.get(port.holder, ())]
            return (*floating, *(port.address for port in ports))
        return tuple(OF_PORTS[name](port) for port in ports)

    @cached_property
    def _ports(self) -> Mapping[int, Sequence[Port]]:
        by_server: dict[int, list[Port]] = defaultdict(list)
        if not self.rows:
            return by_server
        account_id, first = self.rows[0].account_id, min(row.number for row in self.rows)
        columns = ("primary_ip__address", "subnet__id", "subnet__zone", "subnet__account_id", "subnet__name")
        for model, prefix, holder in (
            (NetworkInterface, "", "network_interface_id"),
            (NetworkAttachment, VIRTUAL, "virtual_network_interface_id"),
        ):
            names = ["server_id", "is_primary", "number", f"{prefix}number", *(f"{prefix}{name}" for name in columns)]
            rows = model.objects.filter(server__account_id=account_id, server_id__gte=first).values_list(*names)
            for server, is_primary, number, holder_id, address, id, zone, owner, name in rows:
                crn = str(Crn("is", zone, owner, Subnet.crn_type, id))
                by_server[server].append(Port(not is_primary, number, address, (holder, holder_id), id, crn, name))
        for ports in by_server.values():
            ports.sort()
        return by_server

    @cached_property
    def _floating(self) -> Mapping[tuple[str, int], Sequence[str]]:
        addresses: dict[tuple[str, int], list[str]] = defaultdict(list)
        if self.rows:
            rows = FloatingIP.objects.filter(account_id=self.rows[0].account_id)
            for address, interface, virtual in rows.values_list(
                "address", "network_interface_id", "virtual_network_interface_id"
            ):
                addresses[("network_interface_id", interface)].append(address)
                addresses[("virtual_network_interface_id", virtual)].append(address)
        return addresses


def _vpc_crn(row: ClaimRow) -> str:
    return str(Crn("is", row.vpc__region, row.vpc__account_id, VPC.crn_type, row.vpc__id))


ADDRESSES = "ip_addresses.address"
COLUMNS: dict[str, Callable[[ClaimRow], str]] = {
    "resource": lambda row: row.id,
    "name": lambda row: row.name,
    "crn": lambda row: row.crn,
    "account_id": lambda row: row.account_id,
    "resource_group_id": lambda row: row.resource_group_id,
    "resource_group_name": lambda row: row.resource_group__name,
    "region": lambda row: row.region,
    "zone": lambda row: row.zone,
    "vpc_id": lambda row: row.vpc__id,
    "iaas.crn": lambda row: row.crn,
    "iaas.accountID": lambda row: row.account_id,
    "iaas.instanceID": lambda row: row.id,
    "iaas.zone": lambda row: row.zone,
    "iaas.region": lambda row: row.region,
    "iaas.profile_name": lambda row: row.profile,
    "iaas.resource_group_id": lambda row: row.resource_group_id,
    "vpc.crn": _vpc_crn,
    "vpc.name": lambda row: row.vpc__name,
    "vpc.id": lambda row: row.vpc__id,
}
OF_PORTS: dict[str, Callable[[Port], str]] = {
    "subnet_id": lambda port: port.subnet_id,
    "subnets.id": lambda port: port.subnet_id,
    "subnets.crn": lambda port: port.subnet_crn,
    "subnets.name": lambda port: port.subnet_name,
}
