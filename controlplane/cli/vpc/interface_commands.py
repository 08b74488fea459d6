"""Network interfaces of bare metal servers, their floating IPs and reserved IPs; disks."""

from typing import Any

from controlplane.cli.arguments import argument, arguments
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
    with_value,
)
from controlplane.cli.vpc.lookups import INTERFACES, SERVERS, security_groups, subnet
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


FLOATING_IPS = INTERFACES.items("floating_ips", "floating_ip")
RESERVED_IPS = INTERFACES.items("ips", "reserved_ip")
DISKS = SERVERS.items("disks", "server_disk")

interface_arguments = arguments(
    server_argument, argument("nic", metavar="NIC", help="name or id of the network interface")
)
floating_ip_arguments = arguments(
    interface_arguments, argument("floating_ip", metavar="FLOATING_IP", help="name, id or CRN of the floating IP")
)
reserved_ip_arguments = arguments(
    interface_arguments, argument("reserved_ip", metavar="RESERVED_IP", help="name or id of the reserved IP")
)
disk_arguments = arguments(
    server_argument, argument("server_disk", metavar="SERVER_DISK", help="name or id of the disk")
)
_shared_options = arguments(
    argument("--allowed-vlans", type=vlans, metavar="VLANS", help=VLANS),
    boolean_option("--allow-ip-spoofing", "(default false)"),
    boolean_option("--enable-infrastructure-nat", "(default true)"),
)
_create_arguments = arguments(
    server_argument,
    argument("--subnet", required=True, help="name, id or CRN of the subnet"),
    argument("--vpc", help="VPC of the subnet and the security groups, where names are ambiguous"),
    argument("--interface-type", choices=["pci", "vlan"], default="pci", help="(default pci)"),
    argument("--name", help="name of the network interface"),
    argument("--rip", help="name or id of an existing reserved IP"),
    argument("--address", dest="rip_address", metavar="ADDRESS", help="address to reserve in the subnet"),
    argument("--ip-name", dest="rip_name", metavar="NAME", help="name of the new reserved IP"),
    argument("--security-groups", type=names, metavar="GROUPS", help=GROUPS),
    argument("--vlan", type=int, help="VLAN id of an interface of type vlan"),
    boolean_option("--auto-delete", "delete the reserved IP together with the interface"),
    boolean_option("--allow-interface-to-float", "let it float to another server"),
    _shared_options,
)


def _create(client: Client, options: Options) -> dict[str, Any]:
    network = subnet(client, options["subnet"], options["vpc"])
    properties = ("interface_type", "name", "vlan", "allow_interface_to_float", *SHARED)
    body = {"subnet": {"id": network["id"]}} | option_properties(options, **{name: name for name in properties})
    body |= with_value(
        primary_ip=primary_ip(client, {**options, "rip_auto_delete": options["auto_delete"]}, "", network["id"]),
        security_groups=security_groups(client, options["security_groups"], options["vpc"]),
    )
    return client.call("POST", f"/v1/{SERVERS.path(client, options, 'network_interfaces')}", body)


SHARED = ("allowed_vlans", "allow_ip_spoofing", "enable_infrastructure_nat")


def _update(client: Client, options: Options) -> dict[str, Any]:
    body = option_properties(options, name="name", **{name: name for name in SHARED})
    return client.call("PATCH", f"/v1/{INTERFACES.path(client, options)}", body)


def _add_floating_ip(client: Client, options: Options) -> dict[str, Any]:
    floating_ip = client.find("floating_ips", options["floating_ip"])
    return client.call("PUT", f"/v1/{INTERFACES.path(client, options, 'floating_ips', floating_ip['id'])}")


def _remove_floating_ip(client: Client, options: Options) -> None:
    client.call("DELETE", f"/v1/{FLOATING_IPS.path(client, options)}")


def _update_disk(client: Client, options: Options) -> dict[str, Any]:
    return client.call("PATCH", f"/v1/{DISKS.path(client, options)}", {"name": options["name"]})


NIC = "bare-metal-server-network-interface"
DISK_COMMAND = "bare-metal-server-disk"
COMMANDS = {
    f"{NIC}s": Command(
        "List the network interfaces of a bare metal server",
        "web-1",
        server_argument,
        INTERFACES.everything,
        TABLE,
        "bm-nics",
    ),
    NIC: Command("Show a network interface", "web-1 eth0", interface_arguments, INTERFACES.show, FIELDS, "bm-nic"),
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
        arguments(interface_arguments, argument("--name", help="new name"), _shared_options),
        _update,
        FIELDS,
        "bm-nicu",
        changes=True,
    ),
    f"{NIC}-delete": Command(
        "Delete network interfaces of a stopped bare metal server",
        "web-9 eth1",
        arguments(
            server_argument,
            argument("nics", metavar="NIC", nargs="+", help="names or ids of network interfaces"),
            force_option,
        ),
        INTERFACES.delete,
        alias="bm-nicd",
        changes=True,
    ),
    f"{NIC}-floating-ips": Command(
        "List the floating IPs of a network interface",
        "web-1 eth0",
        interface_arguments,
        FLOATING_IPS.everything,
        FLOATING_IP,
    ),
    f"{NIC}-floating-ip": Command(
        "Show a floating IP of a network interface",
        "web-1 eth0 my-ip",
        floating_ip_arguments,
        FLOATING_IPS.find,
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
        arguments(floating_ip_arguments, force_option),
        _remove_floating_ip,
        changes=True,
    ),
    f"{NIC}-reserved-ips": Command(
        "List the reserved IPs of a network interface",
        "web-1 eth0",
        interface_arguments,
        RESERVED_IPS.everything,
        RESERVED_IP,
    ),
    f"{NIC}-reserved-ip": Command(
        "Show a reserved IP of a network interface",
        "web-1 eth0 my-ip",
        reserved_ip_arguments,
        RESERVED_IPS.find,
        RESERVED_IP,
    ),
    f"{DISK_COMMAND}s": Command(
        "List the disks of a bare metal server", "web-1", server_argument, DISKS.everything, DISK
    ),
    DISK_COMMAND: Command("Show a disk of a bare metal server", "web-1 boot", disk_arguments, DISKS.find, DISK),
    f"{DISK_COMMAND}-update": Command(
        "Rename a disk of a bare metal server",
        "web-1 boot --name system",
        arguments(disk_arguments, argument("--name", required=True, help="new name")),
        _update_disk,
        DISK,
        changes=True,
    ),
}
