"""Network attachments of bare metal servers."""

from argparse import ArgumentParser
from typing import Any

from controlplane.cli.client import Client
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import Command, Options, force_option, option_properties, server_argument, vlans
from controlplane.cli.vpc.lookups import server_path
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


def _arguments(parser: ArgumentParser) -> None:
    server_argument(parser)
    parser.add_argument("nac", metavar="NAC", help="name or id of the network attachment")


def _path(client: Client, options: Options) -> str:
    attachments = server_path(client, options["server"], "network_attachments")
    return f"{attachments}/{client.find(attachments, options['nac'])['id']}"


def _list(client: Client, options: Options) -> list[dict[str, Any]]:
    return client.everything(server_path(client, options["server"], "network_attachments"))


def _show(client: Client, options: Options) -> dict[str, Any]:
    return client.call("GET", f"/v1/{_path(client, options)}")


def _create_arguments(parser: ArgumentParser) -> None:
    server_argument(parser)
    attachment_options(parser)


def _create(client: Client, options: Options) -> dict[str, Any]:
    path = server_path(client, options["server"], "network_attachments")
    return client.call("POST", f"/v1/{path}", attachment_body(client, options))


def _update_arguments(parser: ArgumentParser) -> None:
    _arguments(parser)
    parser.add_argument("--name", help="new name")
    parser.add_argument("--allowed-vlans", type=vlans, metavar="VLANS", help=VLANS)


def _update(client: Client, options: Options) -> dict[str, Any]:
    body = option_properties(options, name="name", allowed_vlans="allowed_vlans")
    return client.call("PATCH", f"/v1/{_path(client, options)}", body)


def _delete_arguments(parser: ArgumentParser) -> None:
    server_argument(parser)
    parser.add_argument("nacs", metavar="NAC", nargs="+", help="names or ids of network attachments")
    force_option(parser)


def _delete(client: Client, options: Options) -> None:
    for path in [_path(client, {**options, "nac": each}) for each in options["nacs"]]:
        client.call("DELETE", f"/v1/{path}")


NAC = "bare-metal-server-network-attachment"
COMMANDS = {
    f"{NAC}s": Command(
        "List the network attachments of a bare metal server", "web-1", server_argument, _list, TABLE, "bm-nacs"
    ),
    NAC: Command("Show a network attachment", "web-1 eth0", _arguments, _show, FIELDS, "bm-nac"),
    f"{NAC}-create": Command(
        "Add a network attachment to a bare metal server",
        "web-9 --interface-type vlan --vlan 100 --vni-subnet demo-us-south-1",
        _create_arguments,
        _create,
        FIELDS,
        "bm-nacc",
        changes=True,
    ),
    f"{NAC}-update": Command(
        "Change a network attachment",
        "web-9 eth0 --name front",
        _update_arguments,
        _update,
        FIELDS,
        "bm-nacu",
        changes=True,
    ),
    f"{NAC}-delete": Command(
        "Delete network attachments of a bare metal server",
        "web-9 eth1",
        _delete_arguments,
        _delete,
        alias="bm-nacd",
        changes=True,
    ),
}
