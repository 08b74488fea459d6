"""Reads: servers by number, id or filter; the network and catalog around them."""

from collections.abc import Mapping

from django.db.models import Count, Q, QuerySet

from servers.models import VPC, BareMetalServer, Image, Key, Subnet

FILTERS = {
    "name": "name",
    "resource_group.id": "resource_group_id",
    "vpc.id": "vpc__id",
    "vpc.name": "vpc__name",
}
RESERVATION_FILTERS = ("reservation.id", "reservation.crn", "reservation.name")


def server_by_number(number: int) -> BareMetalServer | None:
    """A server with all that ``facts_of`` needs."""
    return (
        BareMetalServer.objects.select_related("vpc", "initialization")
        .prefetch_related("network_interfaces__subnet", "network_interfaces__primary_ip")
        .filter(number=number)
        .first()
    )


def servers_of(account_id: str) -> QuerySet[BareMetalServer]:
    """An account's servers with all that a response shows, in a constant number of queries."""
    return (
        BareMetalServer.objects.filter(account_id=account_id)
        .select_related("vpc", "resource_group")
        .prefetch_related("disks", "network_interfaces__subnet", "network_interfaces__primary_ip")
    )


def find_server(account_id: str, id: str) -> BareMetalServer | None:
    return servers_of(account_id).filter(id=id).first()


def filter_servers(rows: QuerySet[BareMetalServer], query: Mapping[str, str]) -> QuerySet[BareMetalServer]:
    """The list's filters; several of them all have to match."""
    if any(parameter in query for parameter in RESERVATION_FILTERS):
        return rows.none()  # no server here uses a reservation
    for parameter, field in FILTERS.items():
        if parameter in query:
            rows = rows.filter(**{field: query[parameter]})
    if "vpc.crn" in query:
        named = VPC.objects.filter(id=query["vpc.crn"].rpartition(":")[2])
        rows = rows.filter(vpc__in=[vpc for vpc in named if vpc.crn == query["vpc.crn"]])
    return rows


def subnets_of(account_id: str) -> QuerySet[Subnet]:
    """An account's subnets with all that a response shows; ``taken`` counts the addresses in use."""
    return (
        Subnet.objects.filter(account_id=account_id)
        .select_related("vpc", "network_acl", "routing_table__vpc", "resource_group")
        .annotate(taken=Count("reserved_ips"))
    )


def keys_of(account_id: str) -> QuerySet[Key]:
    return Key.objects.filter(account_id=account_id).select_related("resource_group")


def images_of(account_id: str) -> QuerySet[Image]:
    """Stock images and the account's own."""
    return Image.objects.filter(Q(account=None) | Q(account_id=account_id))
