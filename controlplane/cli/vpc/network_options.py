"""Options of network interfaces and attachments, and the request bodies that are made of them.

The options of a primary one begin with ``pnic`` or ``pnac``; the properties are those of the VPC API.
"""

from typing import Any

from controlplane.cli.arguments import Arguments, argument, arguments, one_of
from controlplane.cli.client import Client, WrongOption
from controlplane.cli.vpc.command import (
    BOOLEAN,
    Options,
    boolean,
    boolean_option,
    json_or_file,
    names,
    option_properties,
    vlans,
    with_value,
)
from controlplane.cli.vpc.lookups import reserved_ip, security_groups, subnet

VLANS = "VLAN ids and ranges, separated by commas: 1,2,900-929"
GROUPS = "names or ids of security groups, separated by commas"
FILTERING = ("auto", "enabled", "disabled")


def reserved_ip_options(prefix: str) -> Arguments:
    """``--PREFIXrip`` and the options of a new reserved IP."""
    return arguments(
        argument(f"--{prefix}rip", help="name or id of an existing reserved IP"),
        argument(f"--{prefix}rip-address", metavar="ADDRESS", help="address to reserve in the subnet"),
        boolean_option(f"--{prefix}rip-auto-delete", "delete the reserved IP together with what it is bound to"),
        argument(f"--{prefix}rip-name", metavar="NAME", help="name of the new reserved IP"),
    )


def virtual_interface_options(prefix: str) -> Arguments:
    """``--PREFIXvni...``, except the options for the interface itself and its subnet."""
    return arguments(
        boolean_option(f"--{prefix}vni-ais", "IP spoofing (default false)"),
        boolean_option(f"--{prefix}vni-ein", "infrastructure NAT (default true)"),
        boolean_option(f"--{prefix}vni-auto-delete", "delete the virtual network interface together with its target"),
        argument(
            f"--{prefix}vni-ips",
            type=json_or_file,
            metavar="JSON|@FILE",
            help="secondary reserved IPs of the virtual network interface",
        ),
        argument(f"--{prefix}vni-name", metavar="NAME", help="name of the virtual network interface"),
        reserved_ip_options(f"{prefix}vni-"),
        argument(f"--{prefix}vni-sgs", type=names, metavar="GROUPS", help=GROUPS),
        argument(f"--{prefix}vni-psfm", choices=FILTERING, help="protocol state filtering mode"),
    )


primary_interface_options = arguments(
    argument("--pnic-name", metavar="NAME", help="name of the primary network interface"),
    reserved_ip_options("pnic-"),
    argument("--pnic-sgs", type=names, metavar="GROUPS", help=GROUPS),
    argument("--pnic-allowed-vlans", type=vlans, metavar="VLANS", help=VLANS),
    boolean_option("--pnic-ein", "infrastructure NAT (default true)"),
    boolean_option("--pnic-ais", "IP spoofing (default false)"),
    argument("--network-interfaces", type=json_or_file, metavar="JSON|@FILE", help="further interfaces"),
)
primary_attachment_options = arguments(
    argument("--pnac-name", metavar="NAME", help="name of the primary network attachment"),
    argument("--pnac-allowed-vlans", type=vlans, metavar="VLANS", help=VLANS),
    virtual_interface_options("pnac-"),
    argument("--network-attachments", type=json_or_file, metavar="JSON|@FILE", help="further attachments"),
)
attachment_options = arguments(
    argument("--interface-type", choices=["pci", "vlan"], default="pci", help="(default pci)"),
    argument("--name", help="name of the network attachment"),
    argument("--allowed-vlans", type=vlans, metavar="VLANS", help=VLANS),
    argument("--vlan", type=int, help="VLAN id of an attachment of type vlan"),
    argument("--allow-to-float", type=boolean, metavar=BOOLEAN, help="let it float to another server"),
    one_of(
        argument("--vni", help="name, id or CRN of the virtual network interface to attach"),
        argument("--vni-subnet", metavar="SUBNET", help="subnet of a new virtual network interface"),
    ),
    virtual_interface_options(""),
    argument("--vpc", help="VPC of the subnet and the security groups, where names are ambiguous"),
)


def primary_ip(client: Client, options: Options, prefix: str, subnet_id: str | None) -> dict[str, Any] | None:
    """Return the ``primary_ip`` of the ``PREFIXrip...`` options; None without them."""
    if options[f"{prefix}rip"] is not None:
        return dict(reserved_ip(client, options[f"{prefix}rip"], subnet_id))
    properties = ("address", "auto_delete", "name")
    return option_properties(options, **{name: f"{prefix}rip_{name}" for name in properties}) or None


def interface_body(client: Client, options: Options, prefix: str = "pnic_") -> dict[str, Any]:
    """Return the body of a primary network interface."""
    network = subnet(client, options["pnic_subnet"], options["vpc"])
    body = {"subnet": {"id": network["id"]}} | option_properties(
        options,
        name=f"{prefix}name",
        allowed_vlans=f"{prefix}allowed_vlans",
        enable_infrastructure_nat=f"{prefix}ein",
        allow_ip_spoofing=f"{prefix}ais",
    )
    return body | with_value(
        primary_ip=primary_ip(client, options, prefix, network["id"]),
        security_groups=security_groups(client, options[f"{prefix}sgs"], options["vpc"]),
    )


def virtual_interface_body(client: Client, options: Options, prefix: str = "") -> dict[str, Any]:
    """Return a reference to an existing virtual network interface (``PREFIXvni``) or the body of a new one.

    Raises WrongOption for both or neither.
    """
    body = option_properties(
        options,
        allow_ip_spoofing=f"{prefix}vni_ais",
        enable_infrastructure_nat=f"{prefix}vni_ein",
        auto_delete=f"{prefix}vni_auto_delete",
        ips=f"{prefix}vni_ips",
        name=f"{prefix}vni_name",
        protocol_state_filtering_mode=f"{prefix}vni_psfm",
    )
    identifier = options[f"{prefix}vni_subnet"]
    network = subnet(client, identifier, options["vpc"]) if identifier else None
    body |= with_value(
        primary_ip=primary_ip(client, options, f"{prefix}vni_", network["id"] if network else None),
        security_groups=security_groups(client, options[f"{prefix}vni_sgs"], options["vpc"]),
        subnet={"id": network["id"]} if network else None,
    )
    existing, option = options[f"{prefix}vni"], f"--{prefix}vni".replace("_", "-")
    if existing and body:
        raise WrongOption(f"{option} names a virtual network interface; the options {option}-... describe a new one.")
    if existing:
        return {"id": client.find("virtual_network_interfaces", existing)["id"]}
    if "subnet" not in body and "primary_ip" not in body:
        raise WrongOption(f"Name a virtual network interface by {option}, or a subnet by {option}-subnet.")
    return body


def primary_attachment_body(client: Client, options: Options) -> dict[str, Any]:
    body = option_properties(options, name="pnac_name", allowed_vlans="pnac_allowed_vlans")
    return body | {"virtual_network_interface": virtual_interface_body(client, options, "pnac_")}


def attachment_body(client: Client, options: Options) -> dict[str, Any]:
    properties = ("interface_type", "name", "allowed_vlans", "vlan", "allow_to_float")
    body = option_properties(options, **{name: name for name in properties})
    return body | {"virtual_network_interface": virtual_interface_body(client, options)}
