"""The profiles and capacities of servers, and the metadata service of the account."""

from typing import Any

from controlplane.cli.arguments import argument, arguments, no_arguments
from controlplane.cli.client import Client
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import BOOLEAN, Command, Options, boolean

ACCOUNT = "/_baremint/account"
ACCOUNT_FIELDS: list[Column] = [("ID", "id"), ("Name", "name"), ("Metadata service", "metadata_service.enabled")]
PROFILES = "bare_metal_server/profiles"
PROFILE_TABLE: list[Column] = [
    ("Name", "name"),
    ("Family", "family"),
    ("Cores", "cpu_core_count.value"),
    ("Memory (GiB)", "memory.value"),
]
PROFILE_FIELDS: list[Column] = [
    *PROFILE_TABLE,
    ("Sockets", "cpu_socket_count.value"),
    ("Architecture", "cpu_architecture.value"),
    ("Bandwidth (Mbps)", "bandwidth.default"),
    ("Bandwidths to choose from (Mbps)", "bandwidth.values"),
]
CAPACITY: list[Column] = [("Profile", "profile.name"), ("Zone", "zone.name")]


def _capacities(client: Client, options: Options) -> list[dict[str, Any]]:
    query = {f"{name}.name": options[name] for name in ("profile", "zone") if options[name]}
    return client.everything("bare_metal_server/capacities", query=query)


def _switch_account(client: Client, options: Options) -> Any:
    return client.call("PATCH", ACCOUNT, {"metadata_service": {"enabled": options["metadata_service"]}})


COMMANDS = {
    "bare-metal-server-profiles": Command(
        "List the bare metal server profiles",
        "",
        no_arguments,
        lambda client, options: client.everything(PROFILES),
        PROFILE_TABLE,
        "bm-prs",
    ),
    "bare-metal-server-profile": Command(
        "Show a bare metal server profile",
        "bx2-metal-96x384",
        argument("profile", metavar="PROFILE_NAME", help="such as bx2-metal-96x384"),
        lambda client, options: client.find_named(PROFILES, options["profile"]),
        PROFILE_FIELDS,
        "bm-pr",
    ),
    "bare-metal-server-capacities": Command(
        "List the zones with capacity for each profile",
        "--zone us-south-1",
        arguments(
            argument("--profile", help="name of a profile: its capacities"),
            argument("--zone", help="name of a zone: the capacities there"),
        ),
        _capacities,
        CAPACITY,
    ),
    "account": Command(
        "Show the account, and whether its servers have the metadata service",
        "",
        no_arguments,
        lambda client, options: client.call("GET", ACCOUNT),
        ACCOUNT_FIELDS,
    ),
    "account-update": Command(
        "Turn the metadata service of all servers of the account off, or back to their own switches",
        "--metadata-service false",
        argument("--metadata-service", type=boolean, metavar=BOOLEAN, required=True),
        _switch_account,
        ACCOUNT_FIELDS,
        changes=True,
    ),
}
