"""The commands for reservations."""

from argparse import ArgumentParser
from typing import Any

from controlplane.cli.client import Client
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import Command, Options, force_option, option_properties, resource_group_options
from controlplane.cli.vpc.lookups import resource_group

RESERVATIONS = "reservations"
PROFILE_TYPES = ["instance_profile", "bare_metal_server_profile"]
TABLE: list[Column] = [
    ("ID", "id"),
    ("Name", "name"),
    ("Status", "status"),
    ("Zone", "zone.name"),
    ("Profile", "profile.name"),
    ("Total", "capacity.total"),
    ("Used", "capacity.used"),
    ("Resource group", "resource_group.name"),
]
FIELDS: list[Column] = [
    *TABLE,
    ("CRN", "crn"),
    ("Status reasons", "status_reasons"),
    ("Lifecycle state", "lifecycle_state"),
    ("Affinity policy", "affinity_policy"),
    ("Profile type", "profile.resource_type"),
    ("Allocated", "capacity.allocated"),
    ("Available", "capacity.available"),
    ("Capacity status", "capacity.status"),
    ("Term", "committed_use.term"),
    ("Expiration policy", "committed_use.expiration_policy"),
    ("Expires", "committed_use.expiration_at"),
    ("Created", "created_at"),
]


def _list_arguments(parser: ArgumentParser) -> None:
    resource_group_options(parser)
    parser.add_argument("--all-resource-groups", action="store_true", help="reservations of all groups, as without it")
    parser.add_argument("--zone", help="name of a zone: reservations there")
    parser.add_argument("--profile-resource-type", choices=PROFILE_TYPES, help="reservations of such profiles")


def _list(client: Client, options: Options) -> list[dict[str, Any]]:
    query = {
        "resource_group.id": resource_group(client, options),
        "zone.name": options["zone"],
        "profile.resource_type": options["profile_resource_type"],
    }
    return client.everything(RESERVATIONS, query={name: value for name, value in query.items() if value})


def _argument(parser: ArgumentParser) -> None:
    parser.add_argument("reservation", metavar="RESERVATION", help="name, id or CRN of a reservation")


def _show(client: Client, options: Options) -> dict[str, Any]:
    return client.find(RESERVATIONS, options["reservation"], by_name=True)


def _path(client: Client, identifier: str, *parts: str) -> str:
    return "/".join(("/v1", RESERVATIONS, client.find(RESERVATIONS, identifier, by_name=True)["id"], *parts))


def _options(parser: ArgumentParser, *, required: bool) -> None:
    """Add the options that create and update share."""
    parser.add_argument("--name", help="name of the reservation")
    parser.add_argument("--capacity", type=int, required=required, help="how many servers")
    parser.add_argument("--term", choices=["one_year", "three_year"], required=required)
    parser.add_argument("--profile", required=required, help="such as bx2-metal-96x384")
    parser.add_argument("--profile-resource-type", choices=PROFILE_TYPES, required=required, help="of the profile")
    parser.add_argument("--affinity-policy", choices=["restricted", "automatic"], help="who may use it")
    parser.add_argument("--expiration-policy", choices=["release", "renew"], help="at the end of the term")


def _body(options: Options) -> dict[str, Any]:
    parts = {
        "capacity": option_properties(options, total="capacity"),
        "committed_use": option_properties(options, term="term", expiration_policy="expiration_policy"),
        "profile": option_properties(options, name="profile", resource_type="profile_resource_type"),
    }
    body = option_properties(options, name="name", affinity_policy="affinity_policy")
    return body | {name: part for name, part in parts.items() if part}


def _create_arguments(parser: ArgumentParser) -> None:
    _options(parser, required=True)
    parser.add_argument("--zone", required=True, help="name of the zone")
    resource_group_options(parser)


def _create(client: Client, options: Options) -> dict[str, Any]:
    body = _body(options) | {"zone": {"name": options["zone"]}}
    if group := resource_group(client, options):
        body["resource_group"] = {"id": group}
    return client.call("POST", f"/v1/{RESERVATIONS}", body)


def _update_arguments(parser: ArgumentParser) -> None:
    _argument(parser)
    _options(parser, required=False)


def _update(client: Client, options: Options) -> dict[str, Any]:
    return client.call("PATCH", _path(client, options["reservation"]), _body(options))


def _activate(client: Client, options: Options) -> None:
    client.call("POST", _path(client, options["reservation"], "activate"))


def _delete_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("reservations", metavar="RESERVATION", nargs="+", help="names, ids or CRNs of reservations")
    force_option(parser)


def _delete(client: Client, options: Options) -> None:
    for path in [_path(client, each) for each in options["reservations"]]:
        client.call("DELETE", path)


COMMANDS = {
    "reservations": Command("List the reservations", "", _list_arguments, _list, TABLE),
    "reservation": Command("Show a reservation", "reserved-1", _argument, _show, FIELDS),
    "reservation-create": Command(
        "Create a reservation, to be activated later",
        "--name reserved-1 --capacity 2 --term one_year --profile bx2-metal-96x384 "
        "--profile-resource-type bare_metal_server_profile --zone us-south-1",
        _create_arguments,
        _create,
        FIELDS,
        changes=True,
    ),
    "reservation-update": Command(
        "Change a reservation", "reserved-1 --expiration-policy renew", _update_arguments, _update, FIELDS, changes=True
    ),
    "reservation-activate": Command("Activate a reservation", "reserved-1", _argument, _activate, changes=True),
    "reservation-delete": Command(
        "Delete reservations that are not active", "reserved-1", _delete_arguments, _delete, changes=True
    ),
}
