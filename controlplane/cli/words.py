"""The words of ``baremint is``: those of IBM's own command line for bare metal servers."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.cli.arguments import (
    account_arguments,
    create_arguments,
    no_arguments,
    server_argument,
    show_or_replace_arguments,
    stop_arguments,
    update_arguments,
)
from controlplane.cli.client import Client
from controlplane.cli.output import Column, as_fields, as_json, as_table

Options = Mapping[str, Any]
SERVERS = "bare_metal_servers"
SERVER_TABLE: list[Column] = [
    ("ID", "id"),
    ("Name", "name"),
    ("Status", "status"),
    ("Zone", "zone.name"),
    ("Profile", "profile.name"),
    ("Address", "primary_network_interface.primary_ip.address"),
    ("Metadata service", "metadata_service.enabled"),
    ("Protocol", "metadata_service.protocol"),
]
SERVER_FIELDS: list[Column] = [
    *SERVER_TABLE,
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
INITIALIZATION_FIELDS: list[Column] = [
    ("Image", "image.name"),
    ("Keys", "keys"),
    ("Default trusted profile", "default_trusted_profile.target.id"),
    ("Auto link", "default_trusted_profile.auto_link"),
    ("User accounts", "user_accounts"),
]
ACCOUNT = "/_baremint/account"
ACCOUNT_FIELDS: list[Column] = [("ID", "id"), ("Name", "name"), ("Metadata service", "metadata_service.enabled")]
NAMED: list[Column] = [("ID", "id"), ("Name", "name")]
LISTS: dict[str, tuple[str, str, list[Column]]] = {
    "vpcs": ("vpcs", "VPCs", [*NAMED, ("Status", "status"), ("Created", "created_at")]),
    "subnets": (
        "subnets",
        "subnets",
        [
            *NAMED,
            ("Zone", "zone.name"),
            ("CIDR", "ipv4_cidr_block"),
            ("VPC", "vpc.name"),
            ("Free", "available_ipv4_address_count"),
        ],
    ),
    "keys": ("keys", "SSH keys", [*NAMED, ("Type", "type"), ("Length", "length"), ("Fingerprint", "fingerprint")]),
    "images": ("images", "images", [*NAMED, ("Status", "status"), ("System", "operating_system.name")]),
    "bare-metal-server-profiles": (
        "bare_metal_server/profiles",
        "bare metal server profiles",
        [("Name", "name"), ("Family", "family"), ("Cores", "cpu_core_count.value"), ("Memory (GiB)", "memory.value")],
    ),
}


@dataclass(frozen=True)
class Word:
    help: str
    example: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Client, Options], Any]
    columns: list[Column] | None = None
    """How the answer reads; None for what has none."""


def add_words(parser: ArgumentParser) -> None:
    """All words, each with its options and help."""
    words = parser.add_subparsers(
        dest="word", metavar="WORD", required=True, title="words", parser_class=ArgumentParser
    )
    for name, word in WORDS.items():
        own = words.add_parser(
            name,
            help=word.help,
            description=f"{word.help}.",
            formatter_class=RawDescriptionHelpFormatter,
            epilog=f"Example:\n  baremint is {name} {word.example}".rstrip(),
        )
        word.arguments(own)
        own.add_argument("--output", choices=["table", "json"], default="table", help="json: what the API answered")


def run_word(client: Client, options: Options) -> str:
    """Do what was asked. Returns what to print. Raises Refused, NotFound, CannotCall."""
    word = WORDS[options["word"]]
    answer = word.run(client, options)
    if options["output"] == "json":
        return as_json(answer) if answer is not None else ""
    if word.columns is None:
        return "OK" if answer is None else str(answer)
    return as_table(answer, word.columns) if isinstance(answer, list) else as_fields(answer, word.columns)


def _find(client: Client, options: Options) -> dict[str, Any]:
    return client.find(SERVERS, options["server"], by_name=True)


def _list_servers(client: Client, options: Options) -> Any:
    return client.everything(SERVERS)


def _create(client: Client, options: Options) -> Any:
    body: dict[str, Any] = {
        "profile": {"name": options["profile"]},
        "initialization": _initialization(client, options),
        **_changes(options),
    }
    zone = options["zone"]
    if subnet := options["pnic_subnet"] or options["pnac_vni_subnet"]:
        found = client.find("subnets", subnet)
        zone = zone or found["zone"]["name"]
        if options["pnic_subnet"]:
            body["primary_network_interface"] = {"subnet": {"id": found["id"]}}
        else:
            body["primary_network_attachment"] = {"virtual_network_interface": {"subnet": {"id": found["id"]}}}
    else:
        found = client.find("virtual_network_interfaces", options["pnac_vni"])
        zone = zone or found["zone"]["name"]
        body["primary_network_attachment"] = {"virtual_network_interface": {"id": found["id"]}}
    body["zone"] = {"name": zone}
    if options["vpc"]:
        body["vpc"] = {"id": client.find("vpcs", options["vpc"])["id"]}
    if options["resource_group_id"]:
        body["resource_group"] = {"id": options["resource_group_id"]}
    return client.call("POST", f"/v1/{SERVERS}", body)


def _changes(options: Options) -> dict[str, Any]:
    """What create and update have in common."""
    given = {name: options[name] for name in ("name", "bandwidth", "enable_secure_boot")}
    body = {name: value for name, value in given.items() if value is not None}
    metadata = {"enabled": options["metadata_service"], "protocol": options["metadata_service_protocol"]}
    if metadata := {name: value for name, value in metadata.items() if value is not None}:
        body["metadata_service"] = metadata
    if options["tpm_mode"]:
        body["trusted_platform_module"] = {"mode": options["tpm_mode"]}
    return body


def _initialization(client: Client, options: Options) -> dict[str, Any]:
    image = client.find("images", options["image"], by_name=True)
    names = [name.strip() for name in options["keys"].split(",") if name.strip()]
    body: dict[str, Any] = {
        "image": {"id": image["id"]},
        "keys": [{"id": client.find("keys", name)["id"]} for name in names],
    }
    if (user_data := options["user_data"]) is not None:
        is_file = user_data.startswith("@")
        body["user_data"] = Path(user_data[1:]).read_text(encoding="utf-8") if is_file else user_data
    if options["default_trusted_profile"]:
        profile: dict[str, Any] = {"target": client.trusted_profile(options["default_trusted_profile"])}
        if options["default_trusted_profile_auto_link"] is not None:
            profile["auto_link"] = options["default_trusted_profile_auto_link"]
        body["default_trusted_profile"] = profile
    return body


def _update(client: Client, options: Options) -> Any:
    return client.call("PATCH", f"/v1/{SERVERS}/{_find(client, options)['id']}", _changes(options))


def _initialize(client: Client, options: Options) -> Any:
    path = f"/v1/{SERVERS}/{_find(client, options)['id']}/initialization"
    if not options["image"]:
        return client.call("GET", path)
    return client.call("PUT", path, _initialization(client, options))


def _delete(client: Client, options: Options) -> None:
    client.call("DELETE", f"/v1/{SERVERS}/{_find(client, options)['id']}")


def _stop(client: Client, options: Options) -> None:
    client.call("POST", f"/v1/{SERVERS}/{_find(client, options)['id']}/stop", {"type": options["type"]})


def _account(client: Client, options: Options) -> Any:
    return client.call("GET", ACCOUNT)


def _switch_account(client: Client, options: Options) -> Any:
    return client.call("PATCH", ACCOUNT, {"metadata_service": {"enabled": options["metadata_service"]}})


def _action(name: str) -> Callable[[Client, Options], Any]:
    def act(client: Client, options: Options) -> None:
        client.call("POST", f"/v1/{SERVERS}/{_find(client, options)['id']}/{name}")

    return act


def _lister(collection: str) -> Callable[[Client, Options], Any]:
    return lambda client, options: client.everything(collection)


NEW = (
    "--name web-9 --profile bx2-metal-96x384 --image ibm-debian-11-11-minimal-amd64-2 --keys demo "
    "--pnic-subnet demo-us-south-1"
)
WORDS: dict[str, Word] = {
    "bare-metal-servers": Word("List the bare metal servers", "", no_arguments, _list_servers, SERVER_TABLE),
    "bare-metal-server": Word("Show a bare metal server", "web-1", server_argument, _find, SERVER_FIELDS),
    "bare-metal-server-create": Word("Create a bare metal server", NEW, create_arguments, _create, SERVER_FIELDS),
    "bare-metal-server-update": Word(
        "Change a bare metal server", "web-1 --metadata-service true", update_arguments, _update, SERVER_FIELDS
    ),
    "bare-metal-server-start": Word("Start a bare metal server", "web-1", server_argument, _action("start")),
    "bare-metal-server-stop": Word("Stop a bare metal server", "web-1 --type hard", stop_arguments, _stop),
    "bare-metal-server-restart": Word("Restart a bare metal server", "web-1", server_argument, _action("restart")),
    "bare-metal-server-delete": Word("Delete a stopped bare metal server", "web-9", server_argument, _delete),
    "bare-metal-server-initialization": Word(
        "Show what a bare metal server was initialized from; with --image, initialize a stopped one anew",
        "web-1",
        show_or_replace_arguments,
        _initialize,
        INITIALIZATION_FIELDS,
    ),
    "account": Word(
        "Show the account, and whether its servers have the metadata service",
        "",
        no_arguments,
        _account,
        ACCOUNT_FIELDS,
    ),
    "account-update": Word(
        "Turn the metadata service of all servers of the account off, or back to their own switches",
        "--metadata-service false",
        account_arguments,
        _switch_account,
        ACCOUNT_FIELDS,
    ),
    **{
        name: Word(f"List the {what}", "", no_arguments, _lister(collection), columns)
        for name, (collection, what, columns) in LISTS.items()
    },
}
