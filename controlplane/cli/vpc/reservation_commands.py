"""The commands for reservations."""

from typing import Any

from controlplane.cli.arguments import Arguments, argument, arguments
from controlplane.cli.client import Client
from controlplane.cli.output import Column
from controlplane.cli.vpc.command import (
    Command,
    Options,
    force_option,
    option_properties,
    resource_group_options,
    with_value,
)
from controlplane.cli.vpc.lookups import Items, resource_group

RESERVATIONS = Items(lambda client, options: "reservations", "reservation", by_name=True)
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


_reservation_argument = argument("reservation", metavar="RESERVATION", help="name, id or CRN of a reservation")


def _options(*, required: bool) -> Arguments:
    """The options that create and update share."""
    return arguments(
        argument("--name", help="name of the reservation"),
        argument("--capacity", type=int, required=required, help="how many servers"),
        argument("--term", choices=["one_year", "three_year"], required=required),
        argument("--profile", required=required, help="such as bx2-metal-96x384"),
        argument("--profile-resource-type", choices=PROFILE_TYPES, required=required, help="of the profile"),
        argument("--affinity-policy", choices=["restricted", "automatic"], help="who may use it"),
        argument("--expiration-policy", choices=["release", "renew"], help="at the end of the term"),
    )


def _list(client: Client, options: Options) -> list[dict[str, Any]]:
    query = {
        "resource_group.id": resource_group(client, options),
        "zone.name": options["zone"],
        "profile.resource_type": options["profile_resource_type"],
    }
    return client.everything("reservations", query=with_value(**query))


def _body(options: Options) -> dict[str, Any]:
    return option_properties(options, name="name", affinity_policy="affinity_policy") | with_value(
        capacity=option_properties(options, total="capacity"),
        committed_use=option_properties(options, term="term", expiration_policy="expiration_policy"),
        profile=option_properties(options, name="profile", resource_type="profile_resource_type"),
    )


def _create(client: Client, options: Options) -> dict[str, Any]:
    body = _body(options) | {"zone": {"name": options["zone"]}}
    if group := resource_group(client, options):
        body["resource_group"] = {"id": group}
    return client.call("POST", "/v1/reservations", body)


def _update(client: Client, options: Options) -> dict[str, Any]:
    return client.call("PATCH", f"/v1/{RESERVATIONS.path(client, options)}", _body(options))


def _activate(client: Client, options: Options) -> None:
    client.call("POST", f"/v1/{RESERVATIONS.path(client, options, 'activate')}")


COMMANDS = {
    "reservations": Command(
        "List the reservations",
        "",
        arguments(
            resource_group_options,
            argument("--all-resource-groups", action="store_true", help="reservations of all groups, as without it"),
            argument("--zone", help="name of a zone: reservations there"),
            argument("--profile-resource-type", choices=PROFILE_TYPES, help="reservations of such profiles"),
        ),
        _list,
        TABLE,
    ),
    "reservation": Command("Show a reservation", "reserved-1", _reservation_argument, RESERVATIONS.find, FIELDS),
    "reservation-create": Command(
        "Create a reservation, to be activated later",
        "--name reserved-1 --capacity 2 --term one_year --profile bx2-metal-96x384 "
        "--profile-resource-type bare_metal_server_profile --zone us-south-1",
        arguments(
            _options(required=True),
            argument("--zone", required=True, help="name of the zone"),
            resource_group_options,
        ),
        _create,
        FIELDS,
        changes=True,
    ),
    "reservation-update": Command(
        "Change a reservation",
        "reserved-1 --expiration-policy renew",
        arguments(_reservation_argument, _options(required=False)),
        _update,
        FIELDS,
        changes=True,
    ),
    "reservation-activate": Command(
        "Activate a reservation", "reserved-1", _reservation_argument, _activate, changes=True
    ),
    "reservation-delete": Command(
        "Delete reservations that are not active",
        "reserved-1",
        arguments(
            argument("reservations", metavar="RESERVATION", nargs="+", help="names, ids or CRNs of reservations"),
            force_option,
        ),
        RESERVATIONS.delete,
        changes=True,
    ),
}
