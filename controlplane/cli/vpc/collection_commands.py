"""The profiles and capacities of servers, and the metadata service of the account."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from controlplane.cli.client import Client
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import BOOLEAN, Command, Options, boolean, no_arguments

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


def _lister(collection: str) -> Callable[[Client, Options], Any]:
    return lambda client, options: client.everything(collection)


def _profile_argument(parser: ArgumentParser) -> None:
    parser.add_argument("profile", metavar="PROFILE_NAME", help="such as bx2-metal-96x384")


def _profile(client: Client, options: Options) -> dict[str, Any]:
    return client.find_named(PROFILES, options["profile"])


def _capacity_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--profile", help="name of a profile: its capacities")
    parser.add_argument("--zone", help="name of a zone: the capacities there")


def _capacities(client: Client, options: Options) -> list[dict[str, Any]]:
    query = {f"{name}.name": options[name] for name in ("profile", "zone") if options[name]}
    return client.everything("bare_metal_server/capacities", query=query)


def _account(client: Client, options: Options) -> Any:
    return client.call("GET", ACCOUNT)


def _account_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--metadata-service", type=boolean, metavar=BOOLEAN, required=True)


def _switch_account(client: Client, options: Options) -> Any:
    return client.call("PATCH", ACCOUNT, {"metadata_service": {"enabled": options["metadata_service"]}})


COMMANDS = {
    "bare-metal-server-profiles": Command(
        "List the bare metal server profiles", "", no_arguments, _lister(PROFILES), PROFILE_TABLE, "bm-prs"
    ),
    "bare-metal-server-profile": Command(
        "Show a bare metal server profile", "bx2-metal-96x384", _profile_argument, _profile, PROFILE_FIELDS, "bm-pr"
    ),
    "bare-metal-server-capacities": Command(
        "List the zones with capacity for each profile", "--zone us-south-1", _capacity_arguments, _capacities, CAPACITY
    ),
    "account": Command(
        "Show the account, and whether its servers have the metadata service",
        "",
        no_arguments,
        _account,
        ACCOUNT_FIELDS,
    ),
    "account-update": Command(
        "Turn the metadata service of all servers of the account off, or back to their own switches",
        "--metadata-service false",
        _account_arguments,
        _switch_account,
        ACCOUNT_FIELDS,
        changes=True,
    ),
}
