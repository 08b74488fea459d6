"""Network attachments of bare metal servers."""

from typing import Any

from controlplane.cli.arguments import argument, arguments
from controlplane.cli.client import Client
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import Command, Options, force_option, option_properties, server_argument, vlans
from controlplane.cli.vpc.lookups import ATTACHMENTS, SERVERS
from controlplane.cli.vpc.network_options import VLANS, attachment_body, attachment_options

TABLE: list[Column] = [
    ("ID", "id"),
    ("Name", "name"),
    ("Lifecycle state", "lifecycle_state"),
    ("Type", "type"),
    ("Interface type", "interface_type"),
    ("Address", "primary_ip.address"),
    ("Subnet", "subnet.name"),
    ("Virtual network interface", "virtual_network_interface.name"),
]
FIELDS: list[Column] = [
    *TABLE,
    ("VLAN", "vlan"),
    ("Allowed VLANs", "allowed_vlans"),
    ("Port speed (Mbps)", "port_speed"),
    ("Created", "created_at"),
]


_arguments = arguments(server_argument, argument("nac", metavar="NAC", help="name or id of the network attachment"))


def _create(client: Client, options: Options) -> dict[str, Any]:
    path = SERVERS.path(client, options, "network_attachments")
    return client.call("POST", f"/v1/{path}", attachment_body(client, options))


def _update(client: Client, options: Options) -> dict[str, Any]:
    body = option_properties(options, name="name", allowed_vlans="allowed_vlans")
    return client.call("PATCH", f"/v1/{ATTACHMENTS.path(client, options)}", body)


NAC = "bare-metal-server-network-attachment"
COMMANDS = {
    f"{NAC}s": Command(
        "List the network attachments of a bare metal server",
        "web-1",
        server_argument,
        ATTACHMENTS.everything,
        TABLE,
        "bm-nacs",
    ),
    NAC: Command("Show a network attachment", "web-1 eth0", _arguments, ATTACHMENTS.show, FIELDS, "bm-nac"),
    f"{NAC}-create": Command(
        "Add a network attachment to a bare metal server",
        "web-9 --interface-type vlan --vlan 100 --vni-subnet demo-us-south-1",
        arguments(server_argument, attachment_options),
        _create,
        FIELDS,
        "bm-nacc",
        changes=True,
    ),
    f"{NAC}-update": Command(
        "Change a network attachment",
        "web-9 eth0 --name front",
        arguments(
            _arguments,
            argument("--name", help="new name"),
            argument("--allowed-vlans", type=vlans, metavar="VLANS", help=VLANS),
        ),
        _update,
        FIELDS,
        "bm-nacu",
        changes=True,
    ),
    f"{NAC}-delete": Command(
        "Delete network attachments of a bare metal server",
        "web-9 eth1",
        arguments(
            server_argument,
            argument("nacs", metavar="NAC", nargs="+", help="names or ids of network attachments"),
            force_option,
        ),
        ATTACHMENTS.delete,
        alias="bm-nacd",
        changes=True,
    ),
}
