"""The commands that show the resources that servers use: VPCs, subnets, addresses, SSH keys, images."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from controlplane.cli.arguments import argument, arguments, no_arguments
from controlplane.cli.client import Client
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import Command, Options, all_resource_groups_options
from controlplane.cli.vpc.lookups import in_vpc, resource_group

OWNERS = {"provider": "not:null", "user": "null"}
"""The owners of images in IBM's command line, and the value of the filter ``remote.account.id``."""


@dataclass(frozen=True)
class Filter:
    option: str
    help: str
    query: Callable[[Client, str], dict[str, str]]


def _plain(name: str) -> Callable[[Client, str], dict[str, str]]:
    """Return a filter that passes the value on, unless it is ``all``."""
    return lambda client, value: {} if value == "all" else {name: value}


VPC = Filter("--vpc", "name, id or CRN of a VPC", lambda client, value: {"vpc.id": client.find("vpcs", value)["id"]})
IN_SUBNETS = (
    VPC,
    Filter("--zone", "name of a zone", _plain("zone.name")),
    Filter("--rt", "name of the routing table", _plain("routing_table.name")),
)
OF_IMAGES = (
    Filter("--visibility", "all, public or private", _plain("visibility")),
    Filter("--status", "statuses, separated by commas, or all", _plain("status")),
    Filter("--user-data-format", "cloud_init, esxi_kickstart, ipxe, separated by commas", _plain("user_data_format")),
    Filter(
        "--remote-account-id",
        "provider, user, or the id of an account",
        lambda client, value: {"remote.account.id": OWNERS.get(value, value)},
    ),
)
OF_VPCS = (Filter("--classic-access", "true or false", _plain("classic_access")),)


@dataclass(frozen=True)
class Resource:
    """A collection of the VPC API with one command to list it and one to show an item."""

    one: str
    many: str
    name: str
    """Singular name in help texts; an ``s`` is added for the plural."""
    example: str
    columns: list[Column]
    filters: tuple[Filter, ...] = ()
    """Filters besides the resource group."""
    is_in_vpc: bool = False
    """Whether ``--vpc`` selects an item if several have the name."""

    def commands(self) -> dict[str, Command]:
        columns: list[Column] = [("ID", "id"), ("Name", "name"), *self.columns]
        fields: list[Column] = [*columns, ("Resource group", "resource_group.name"), ("CRN", "crn")]
        filters = [argument(each.option, help=f"only those with this: {each.help}") for each in self.filters]
        in_vpc = [argument("--vpc", help="name, id or CRN of its VPC, if several have the name")]
        item = arguments(
            argument("identifier", metavar=self.one.upper().replace("-", "_"), help="name, id or CRN"),
            *(in_vpc if self.is_in_vpc else []),
        )
        return {
            self.many: Command(
                f"List the {self.name}s", "", arguments(all_resource_groups_options, *filters), self._list, columns
            ),
            self.one: Command(f"Show one of the {self.name}s", self.example, item, self._show, fields),
        }

    @property
    def _collection(self) -> str:
        return self.many.replace("-", "_")

    def _list(self, client: Client, options: Options) -> list[dict[str, Any]]:
        group = resource_group(client, options)
        query = {"resource_group.id": group} if group else {}
        for each in self.filters:
            if (value := options[each.option.removeprefix("--").replace("-", "_")]) is not None:
                query |= each.query(client, value)
        return client.everything(self._collection, query=query)

    def _show(self, client: Client, options: Options) -> dict[str, Any]:
        if self.is_in_vpc and options["vpc"]:
            return in_vpc(client, self._collection, options["identifier"], options["vpc"])
        return client.find(self._collection, options["identifier"])


STATUS, ZONE, IN_VPC, ADDRESS = ("Status", "status"), ("Zone", "zone.name"), ("VPC", "vpc.name"), ("Address", "address")
RESOURCES = (
    Resource("vpc", "vpcs", "VPC", "demo", [STATUS, ("Created", "created_at")], OF_VPCS),
    Resource(
        "subnet",
        "subnets",
        "subnet",
        "demo-us-south-1",
        [ZONE, ("CIDR", "ipv4_cidr_block"), IN_VPC, ("Free", "available_ipv4_address_count")],
        IN_SUBNETS,
        is_in_vpc=True,
    ),
    Resource(
        "floating-ip", "floating-ips", "floating IP", "my-address", [ADDRESS, STATUS, ZONE, ("Target", "target.name")]
    ),
    Resource("public-gateway", "public-gateways", "public gateway", "my-gateway", [STATUS, ZONE, IN_VPC], (), True),
    Resource("security-group", "security-groups", "security group", "my-group", [IN_VPC], (VPC,), is_in_vpc=True),
    Resource("network-acl", "network-acls", "network ACL", "my-acl", [IN_VPC], is_in_vpc=True),
    Resource(
        "virtual-network-interface",
        "virtual-network-interfaces",
        "virtual network interface",
        "my-interface",
        [("Address", "primary_ip.address"), ("Subnet", "subnet.name"), ("Target", "target.name"), ZONE],
    ),
    Resource(
        "key", "keys", "SSH key", "demo", [("Type", "type"), ("Length", "length"), ("Fingerprint", "fingerprint")]
    ),
    Resource(
        "image",
        "images",
        "image",
        "ibm-debian-11-11-minimal-amd64-2",
        [STATUS, ("System", "operating_system.name")],
        OF_IMAGES,
    ),
)


REGION: list[Column] = [("Name", "name"), STATUS, ("Endpoint", "endpoint")]
COMMANDS: dict[str, Command] = {
    **{name: command for resource in RESOURCES for name, command in resource.commands().items()},
    "regions": Command(
        "List the regions", "", no_arguments, lambda client, options: client.everything("regions"), REGION
    ),
    "region": Command(
        "Show a region",
        "eu-de",
        argument("region_name", metavar="REGION_NAME", help="such as eu-de"),
        lambda client, options: client.find_named("regions", options["region_name"]),
        REGION,
    ),
}
