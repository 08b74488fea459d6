"""Network interfaces of bare metal servers, their floating IPs and reserved IPs; disks."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from controlplane.cli.client import Client
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import (
    Command,
    Options,
    boolean_option,
    force_option,
    names,
    option_properties,
    server_argument,
    vlans,
)
from controlplane.cli.vpc.lookups import interface_path, security_groups, server_path, subnet
from controlplane.cli.vpc.network_options import GROUPS, VLANS, primary_ip

TABLE: list[Column] = [
    ("ID", "id"),
    ("Name", "name"),
    ("Status", "status"),
    ("Type", "type"),
    ("Interface type", "interface_type"),
    ("Address", "primary_ip.address"),
    ("Subnet", "subnet.name"),
    ("Floating IPs", "floating_ips"),
]
FIELDS: list[Column] = [
    *TABLE,
    ("VLAN", "vlan"),
    ("Allowed VLANs", "allowed_vlans"),
    ("Security groups", "security_groups"),
    ("IP spoofing", "allow_ip_spoofing"),
    ("Infrastructure NAT", "enable_infrastructure_nat"),
    ("MAC address", "mac_address"),
    ("Port speed (Mbps)", "port_speed"),
    ("Created", "created_at"),
]
FLOATING_IP: list[Column] = [
    ("ID", "id"),
    ("Name", "name"),
    ("Address", "address"),
    ("Status", "status"),
    ("Zone", "zone.name"),
    ("Target", "target.name"),
]
RESERVED_IP: list[Column] = [
    ("ID", "id"),
    ("Name", "name"),
    ("Address", "address"),
    ("Owner", "owner"),
    ("Auto delete", "auto_delete"),
]
DISK: list[Column] = [("ID", "id"), ("Name", "name"), ("Size (GB)", "size"), ("Interface", "interface_type")]


def interface_arguments(parser: ArgumentParser) -> None:
    server_argument(parser)
    parser.add_argument("nic", metavar="NIC", help="name or id of the network interface")


def _with(name: str, about: str, arguments: Callable[[ArgumentParser], None]) -> Callable[[ArgumentParser], None]:
    def add(parser: ArgumentParser) -> None:
        arguments(parser)
        parser.add_argument(name, metavar=name.upper(), help=about)

    return add


floating_ip_arguments = _with("floating_ip", "name, id or CRN of the floating IP", interface_arguments)
reserved_ip_arguments = _with("reserved_ip", "name or id of the reserved IP", interface_arguments)
disk_arguments = _with("server_disk", "name or id of the disk", server_argument)


def _list(client: Client, options: Options) -> list[dict[str, Any]]:
    return client.everything(server_path(client, options["server"], "network_interfaces"))


def _show(client: Client, options: Options) -> dict[str, Any]:
    return client.call("GET", f"/v1/{interface_path(client, options)}")


def _create_arguments(parser: ArgumentParser) -> None:
    server_argument(parser)
    parser.add_argument("--subnet", required=True, help="name, id or CRN of the subnet")
    parser.add_argument("--vpc", help="VPC of the subnet and the security groups, where names are ambiguous")
    parser.add_argument("--interface-type", choices=["pci", "vlan"], default="pci", help="(default pci)")
    parser.add_argument("--name", help="name of the network interface")
    parser.add_argument("--rip", help="name or id of an existing reserved IP")
    parser.add_argument("--address", dest="rip_address", metavar="ADDRESS", help="address to reserve in the subnet")
    parser.add_argument("--ip-name", dest="rip_name", metavar="NAME", help="name of the new reserved IP")
    parser.add_argument("--security-groups", type=names, metavar="GROUPS", help=GROUPS)
    parser.add_argument("--vlan", type=int, help="VLAN id of an interface of type vlan")
    boolean_option(parser, "--auto-delete", "delete the reserved IP together with the interface")
    boolean_option(parser, "--allow-interface-to-float", "let it float to another server")
    _shared_options(parser)


def _shared_options(parser: ArgumentParser) -> None:
    parser.add_argument("--allowed-vlans", type=vlans, metavar="VLANS", help=VLANS)
    boolean_option(parser, "--allow-ip-spoofing", "(default false)")
    boolean_option(parser, "--enable-infrastructure-nat", "(default true)")


def _create(client: Client, options: Options) -> dict[str, Any]:
    network = subnet(client, options["subnet"], options["vpc"])
    properties = ("interface_type", "name", "vlan", "allow_interface_to_float", *SHARED)
    body = {"subnet": {"id": network["id"]}} | option_properties(options, **{name: name for name in properties})
    address = primary_ip(client, {**options, "rip_auto_delete": options["auto_delete"]}, "", network["id"])
    if address is not None:
        body["primary_ip"] = address
    if options["security_groups"]:
        body["security_groups"] = security_groups(client, options["security_groups"], options["vpc"])
    return client.call("POST", f"/v1/{server_path(client, options['server'], 'network_interfaces')}", body)


SHARED = ("allowed_vlans", "allow_ip_spoofing", "enable_infrastructure_nat")


def _update_arguments(parser: ArgumentParser) -> None:
    interface_arguments(parser)
    parser.add_argument("--name", help="new name")
    _shared_options(parser)


def _update(client: Client, options: Options) -> dict[str, Any]:
    body = option_properties(options, name="name", **{name: name for name in SHARED})
    return client.call("PATCH", f"/v1/{interface_path(client, options)}", body)


def _delete_arguments(parser: ArgumentParser) -> None:
    server_argument(parser)
    parser.add_argument("nics", metavar="NIC", nargs="+", help="names or ids of network interfaces")
    force_option(parser)


def _delete(client: Client, options: Options) -> None:
    for path in [interface_path(client, {**options, "nic": each}) for each in options["nics"]]:
        client.call("DELETE", f"/v1/{path}")


def _floating_ips(client: Client, options: Options) -> list[dict[str, Any]]:
    return client.everything(interface_path(client, options, "floating_ips"))


def _floating_ip(client: Client, options: Options) -> dict[str, Any]:
    return client.find(interface_path(client, options, "floating_ips"), options["floating_ip"])


def _add_floating_ip(client: Client, options: Options) -> dict[str, Any]:
    floating_ip = client.find("floating_ips", options["floating_ip"])
    return client.call("PUT", f"/v1/{interface_path(client, options, 'floating_ips', floating_ip['id'])}")


def _remove_floating_ip_arguments(parser: ArgumentParser) -> None:
    floating_ip_arguments(parser)
    force_option(parser)


def _remove_floating_ip(client: Client, options: Options) -> None:
    path = interface_path(client, options, "floating_ips")
    client.call("DELETE", f"/v1/{path}/{client.find(path, options['floating_ip'])['id']}")


def _reserved_ips(client: Client, options: Options) -> list[dict[str, Any]]:
    return client.everything(interface_path(client, options, "ips"))


def _reserved_ip(client: Client, options: Options) -> dict[str, Any]:
    return client.find(interface_path(client, options, "ips"), options["reserved_ip"])


def _disks(client: Client, options: Options) -> list[dict[str, Any]]:
    return client.everything(server_path(client, options["server"], "disks"))


def _disk(client: Client, options: Options) -> dict[str, Any]:
    return client.find(server_path(client, options["server"], "disks"), options["server_disk"])


def _update_disk_arguments(parser: ArgumentParser) -> None:
    disk_arguments(parser)
    parser.add_argument("--name", required=True, help="new name")


def _update_disk(client: Client, options: Options) -> dict[str, Any]:
    path = server_path(client, options["server"], "disks")
    disk = client.find(path, options["server_disk"])
    return client.call("PATCH", f"/v1/{path}/{disk['id']}", {"name": options["name"]})


NIC = "bare-metal-server-network-interface"
DISKS = "bare-metal-server-disk"
COMMANDS = {
    f"{NIC}s": Command(
        "List the network interfaces of a bare metal server", "web-1", server_argument, _list, TABLE, "bm-nics"
    ),
    NIC: Command("Show a network interface", "web-1 eth0", interface_arguments, _show, FIELDS, "bm-nic"),
    f"{NIC}-create": Command(
        "Add a network interface to a bare metal server",
        "web-9 --subnet demo-us-south-1 --interface-type vlan --vlan 100",
        _create_arguments,
        _create,
        FIELDS,
        "bm-nicc",
        changes=True,
    ),
    f"{NIC}-update": Command(
        "Change a network interface",
        "web-9 eth0 --allowed-vlans 100-110",
        _update_arguments,
        _update,
        FIELDS,
        "bm-nicu",
        changes=True,
    ),
    f"{NIC}-delete": Command(
        "Delete network interfaces of a stopped bare metal server",
        "web-9 eth1",
        _delete_arguments,
        _delete,
        alias="bm-nicd",
        changes=True,
    ),
    f"{NIC}-floating-ips": Command(
        "List the floating IPs of a network interface", "web-1 eth0", interface_arguments, _floating_ips, FLOATING_IP
    ),
    f"{NIC}-floating-ip": Command(
        "Show a floating IP of a network interface",
        "web-1 eth0 my-ip",
        floating_ip_arguments,
        _floating_ip,
        FLOATING_IP,
    ),
    f"{NIC}-floating-ip-add": Command(
        "Associate a floating IP with a network interface",
        "web-1 eth0 my-ip",
        floating_ip_arguments,
        _add_floating_ip,
        FLOATING_IP,
        changes=True,
    ),
    f"{NIC}-floating-ip-remove": Command(
        "Remove a floating IP from a network interface",
        "web-1 eth0 my-ip",
        _remove_floating_ip_arguments,
        _remove_floating_ip,
        changes=True,
    ),
    f"{NIC}-reserved-ips": Command(
        "List the reserved IPs of a network interface", "web-1 eth0", interface_arguments, _reserved_ips, RESERVED_IP
    ),
    f"{NIC}-reserved-ip": Command(
        "Show a reserved IP of a network interface",
        "web-1 eth0 my-ip",
        reserved_ip_arguments,
        _reserved_ip,
        RESERVED_IP,
    ),
    f"{DISKS}s": Command("List the disks of a bare metal server", "web-1", server_argument, _disks, DISK),
    DISKS: Command("Show a disk of a bare metal server", "web-1 boot", disk_arguments, _disk, DISK),
    f"{DISKS}-update": Command(
        "Rename a disk of a bare metal server",
        "web-1 boot --name system",
        _update_disk_arguments,
        _update_disk,
        DISK,
        changes=True,
    ),
}
