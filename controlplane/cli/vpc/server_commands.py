"""The commands for bare metal servers."""

from collections.abc import Callable
from typing import Any

from controlplane.cli.arguments import argument, arguments, one_of
from controlplane.cli.client import Client
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import (
    BOOLEAN,
    Command,
    Options,
    all_resource_groups_options,
    boolean,
    boolean_option,
    force_option,
    option_properties,
    resource_group_options,
    server_argument,
    with_value,
)
from controlplane.cli.vpc.initialization_commands import initialization_body, initialization_options
from controlplane.cli.vpc.lookups import BARE_METAL_SERVERS, SERVERS, resource_group, subnet
from controlplane.cli.vpc.network_options import (
    interface_body,
    primary_attachment_body,
    primary_attachment_options,
    primary_interface_options,
)

TABLE: list[Column] = [
    ("ID", "id"),
    ("Name", "name"),
    ("Status", "status"),
    ("Zone", "zone.name"),
    ("Profile", "profile.name"),
    ("Address", "primary_network_interface.primary_ip.address"),
    ("Metadata service", "metadata_service.enabled"),
    ("Protocol", "metadata_service.protocol"),
]
FIELDS: list[Column] = [
    *TABLE,
    ("CRN", "crn"),
    ("Status reasons", "status_reasons"),
    ("Lifecycle state", "lifecycle_state"),
    ("Cores", "cpu.core_count"),
    ("Memory (GiB)", "memory"),
    ("Bandwidth (Mbps)", "bandwidth"),
    ("Disks", "disks"),
    ("VPC", "vpc.name"),
    ("Network interfaces", "network_interfaces"),
    ("Network attachments", "network_attachments"),
    ("Secure boot", "enable_secure_boot"),
    ("TPM mode", "trusted_platform_module.mode"),
    ("Firmware update", "firmware.update"),
    ("Resource group", "resource_group.name"),
    ("Created", "created_at"),
]
CONSOLE: list[Column] = [("Console type", "console_type"), ("URI", "href"), ("Expires", "expires_at")]
NEW = (
    "--name web-9 --profile bx2-metal-96x384 --image ibm-debian-11-11-minimal-amd64-2 --keys demo "
    "--pnic-subnet demo-us-south-1"
)


_change_options = arguments(
    argument("--name", help="name of the server"),
    argument("--bandwidth", type=int, help="Mbps, one of the profile's"),
    argument("--enable-secure-boot", type=boolean, metavar=BOOLEAN, help="of a new or a stopped server"),
    argument("--tpm-mode", choices=["disabled", "tpm_2"], help="of a new or a stopped server"),
    argument(
        "--reservation-affinity-policy",
        "--res-policy",
        choices=["disabled", "manual", "automatic"],
        help="whether reservations are used",
    ),
    argument("--reservation-affinity-pool", "--res-pool", metavar="RESERVATION", help="the one to use"),
    boolean_option("--metadata-service", "whether the service is on"),
    argument("--metadata-service-protocol", choices=["http", "https"], help="how it answers"),
)
"""The options that create and update share."""
_create_arguments = arguments(
    argument("--profile", required=True, help="such as bx2-metal-96x384"),
    argument("--zone", help="the subnet's without it"),
    initialization_options(required=True),
    one_of(
        argument("--pnic-subnet", metavar="SUBNET", help="subnet of the primary network interface"),
        argument("--pnac-vni-subnet", metavar="SUBNET", help="subnet of the primary network attachment"),
        argument("--pnac-vni", metavar="VNI", help="virtual network interface to attach"),
    ),
    argument("--vpc", help="name, id or CRN of the VPC of the subnet"),
    primary_interface_options,
    primary_attachment_options,
    resource_group_options,
    _change_options,
)


def _list(client: Client, options: Options) -> list[dict[str, Any]]:
    query = {"resource_group.id": resource_group(client, options)}
    if options["vpc"]:
        query["vpc.id"] = client.find("vpcs", options["vpc"])["id"]
    if options["reservation"]:
        query["reservation.id"] = client.find("reservations", options["reservation"])["id"]
    return client.everything(
        BARE_METAL_SERVERS, query={name: value for name, value in query.items() if value is not None}
    )


def _changes(client: Client, options: Options) -> dict[str, Any]:
    body = option_properties(options, name="name", bandwidth="bandwidth", enable_secure_boot="enable_secure_boot")
    affinity = option_properties(options, policy="reservation_affinity_policy")
    if pool := options["reservation_affinity_pool"]:
        affinity = {"policy": "manual"} | affinity | {"pool": [{"id": client.find("reservations", pool)["id"]}]}
    return body | with_value(
        metadata_service=option_properties(options, enabled="metadata_service", protocol="metadata_service_protocol"),
        trusted_platform_module=option_properties(options, mode="tpm_mode"),
        reservation_affinity=affinity,
    )


def _create(client: Client, options: Options) -> dict[str, Any]:
    body = {
        "profile": {"name": options["profile"]},
        "initialization": initialization_body(client, options),
        **_changes(client, options),
    }
    if options["pnic_subnet"]:
        body["primary_network_interface"] = interface_body(client, options)
        body |= option_properties(options, network_interfaces="network_interfaces")
    else:
        body["primary_network_attachment"] = primary_attachment_body(client, options)
        body |= option_properties(options, network_attachments="network_attachments")
    if zone := options["zone"] or _zone(client, options):
        body["zone"] = {"name": zone}
    if options["vpc"]:
        body["vpc"] = {"id": client.find("vpcs", options["vpc"])["id"]}
    if group := resource_group(client, options):
        body["resource_group"] = {"id": group}
    return client.call("POST", f"/v1/{BARE_METAL_SERVERS}", body)


def _zone(client: Client, options: Options) -> str:
    """Return the zone of the subnet or of the virtual network interface; empty without both."""
    if identifier := options["pnic_subnet"] or options["pnac_vni_subnet"]:
        return str(subnet(client, identifier, options["vpc"])["zone"]["name"])
    if identifier := options["pnac_vni"]:
        return str(client.find("virtual_network_interfaces", identifier)["zone"]["name"])
    return ""


def _update(client: Client, options: Options) -> dict[str, Any]:
    return client.call("PATCH", f"/v1/{SERVERS.path(client, options)}", _changes(client, options))


def _stop(client: Client, options: Options) -> None:
    client.call("POST", f"/v1/{SERVERS.path(client, options, 'stop')}", {"type": options["type"]})


def _action(name: str) -> Callable[[Client, Options], None]:
    def act(client: Client, options: Options) -> None:
        client.call("POST", f"/v1/{SERVERS.path(client, options, name)}")

    return act


def _firmware(client: Client, options: Options) -> None:
    path = SERVERS.path(client, options, "firmware", "update")
    client.call("POST", f"/v1/{path}", option_properties(options, auto_start="auto_start"))


def _console(client: Client, options: Options) -> dict[str, Any]:
    path = SERVERS.path(client, options, "console_access_token")
    return client.call("POST", f"/v1/{path}", {"console_type": "vnc" if options["vnc"] else "serial"})


COMMANDS = {
    "bare-metal-servers": Command(
        "List the bare metal servers",
        "",
        arguments(
            all_resource_groups_options,
            argument("--vpc", help="name, id or CRN of a VPC: servers in it"),
            argument("--reservation", help="name, id or CRN of a reservation: servers that use it"),
        ),
        _list,
        TABLE,
        "bms",
    ),
    "bare-metal-server": Command("Show a bare metal server", "web-1", server_argument, SERVERS.find, FIELDS, "bm"),
    "bare-metal-server-create": Command(
        "Create a bare metal server", NEW, _create_arguments, _create, FIELDS, "bmc", changes=True
    ),
    "bare-metal-server-update": Command(
        "Change a bare metal server",
        "web-1 --metadata-service true",
        arguments(server_argument, _change_options),
        _update,
        FIELDS,
        "bmu",
        changes=True,
    ),
    "bare-metal-server-start": Command(
        "Start a bare metal server", "web-1", server_argument, _action("start"), alias="bm-start", changes=True
    ),
    "bare-metal-server-stop": Command(
        "Stop a bare metal server",
        "web-1 --type hard",
        arguments(
            server_argument,
            force_option,
            argument("--type", choices=["soft", "hard"], default="soft", help="(default soft)"),
        ),
        _stop,
        alias="bm-stop",
        changes=True,
    ),
    "bare-metal-server-restart": Command(
        "Restart a bare metal server",
        "web-1",
        arguments(server_argument, force_option),
        _action("restart"),
        alias="bm-restart",
        changes=True,
    ),
    "bare-metal-server-delete": Command(
        "Delete stopped bare metal servers",
        "web-9",
        arguments(
            argument("servers", metavar="SERVER", nargs="+", help="names, ids or CRNs of bare metal servers"),
            force_option,
        ),
        SERVERS.delete,
        alias="bmd",
        changes=True,
    ),
    "bare-metal-server-firmware-update": Command(
        "Update the firmware of a stopped bare metal server",
        "web-9",
        arguments(
            server_argument,
            force_option,
            boolean_option("--auto-start", "start the server afterwards (default true)"),
        ),
        _firmware,
        changes=True,
    ),
    "bare-metal-server-console": Command(
        "Create a console access token of a bare metal server, and show its URI",
        "web-1 --vnc",
        arguments(
            server_argument, argument("--vnc", action="store_true", help="a VNC console instead of a serial one")
        ),
        _console,
        CONSOLE,
        "bm-con",
        changes=True,
    ),
}
