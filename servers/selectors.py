"""Reads: servers by number, id or filter; the network and catalog around them."""

from collections.abc import Mapping
from functools import reduce
from typing import Any, TypeVar

from django.db.models import CharField, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from controlplane.kernel.operation import NAME, Parameter
from servers.models import (
    VPC,
    AccountSettings,
    BareMetalServer,
    Image,
    NetworkAttachment,
    NetworkInterface,
    Reservation,
    ServerTally,
)
from servers.models.base import RegionalResource
from trustedprofiles.models import ResourceGroup
from trustedprofiles.policy_columns import Columns, Joined, crn_column
from trustedprofiles.selectors import default_resource_group
from trustedprofiles.tag_rules import CRN
from trustedprofiles.visibility import Visible

M = TypeVar("M", bound=RegionalResource)

FILTERS = (NAME, *map(Parameter, ("resource_group.id", "vpc.id", "vpc.crn", "vpc.name")))
TALLIED = frozenset({"region", "vpc", "resource_group"})
"""The columns that the tally counts by."""
RESERVATION_FILTERS = tuple(map(Parameter, ("reservation.id", "reservation.crn", "reservation.name")))
SINGLED_OUT = frozenset({"name", *RESERVATION_FILTERS})
"""The filters that the tally cannot answer."""
INTERFACES = Prefetch("network_interfaces", NetworkInterface.objects.select_related("subnet", "primary_ip"))
SWITCHED_OFF = AccountSettings.objects.filter(account_id=OuterRef("account_id"), metadata_service=False)
ATTACHMENTS = Prefetch(
    "network_attachments",
    NetworkAttachment.objects.select_related(
        "virtual_network_interface__subnet", "virtual_network_interface__primary_ip"
    ),
)


def servers_for_facts() -> QuerySet[BareMetalServer]:
    """Return servers with everything that ``facts_of`` needs."""
    return (
        BareMetalServer.objects.select_related("vpc", "initialization")
        .prefetch_related(
            INTERFACES,
            "network_interfaces__floating_ips",
            ATTACHMENTS,
            "network_attachments__virtual_network_interface__floating_ips",
        )
        .annotate(account_switched_off=Exists(SWITCHED_OFF))
    )


def server_by_number(number: int) -> BareMetalServer | None:
    return servers_for_facts().filter(number=number).first()


def server_by_word(account_id: str, word: str) -> BareMetalServer | None:
    """Return an account's server by id, CRN or name, with everything that ``facts_of`` needs."""
    condition = Q(id=word.rpartition(":")[2]) if word.startswith("crn:") else Q(id=word) | Q(name=word)
    server = servers_for_facts().filter(condition, account_id=account_id).order_by("number").first()
    return server if server and word in (server.id, server.crn, server.name) else None


def servers_of(account_id: str, region: str | None = None) -> QuerySet[BareMetalServer]:
    """Return an account's servers with everything that a response shows, in a constant number of queries.

    ``region`` restricts them to one region; commands of operators list all regions.
    """
    rows = BareMetalServer.objects.filter(account_id=account_id)
    if region is not None:
        rows = rows.filter(region=region)
    return (
        rows.select_related("vpc", "resource_group", "initialization", "reservation", "reservation_pool")
        .defer("initialization__user_data", "initialization__user_accounts")
        .prefetch_related("disks", INTERFACES, ATTACHMENTS)
    )


def filter_servers(
    rows: QuerySet[BareMetalServer], query: Mapping[str, str], *, account_id: str, region: str | None = None
) -> QuerySet[BareMetalServer]:
    """Return the servers that match all filters of the list."""
    place = _place(query, account_id=account_id, region=region)
    if place is None:
        return rows.none()
    if not query.keys().isdisjoint(RESERVATION_FILTERS):
        place["reservation__in"] = _reservations(query, account_id)
    return rows.filter(**place, **({"name": query["name"]} if "name" in query else {}))


def _reservations(query: Mapping[str, str], account_id: str) -> list[int]:
    """Return the numbers of the reservations that match the filters.

    With numbers instead of a join, one index suffices.
    """
    fields = {"reservation.id": "id", "reservation.name": "name"}
    columns = {fields[name]: value for name, value in query.items() if name in fields}
    rows = Reservation.objects.filter(account_id=account_id, **columns)
    if (crn := query.get("reservation.crn")) is None:
        return list(rows.values_list("pk", flat=True))
    return [each.pk for each in of_crn(rows, crn)]


def count_servers(query: Mapping[str, str], *, visible: Visible, account_id: str, region: str | None = None) -> int:
    """Return how many visible servers ``filter_servers`` finds; without a region, in all regions.

    This is a sum over the tally, unless a name, a reservation or a policy selects single servers.
    """
    scope = {"account_id": account_id} | ({"region": region} if region else {})
    rows = visible.of(filter_servers(BareMetalServer.objects.filter(**scope), query, **scope))
    if not SINGLED_OUT.isdisjoint(query):
        return rows.count()
    place = _place(query, **scope)
    if place is None:
        return 0
    tally = ServerTally.objects.filter(**scope, **place)
    if isinstance(visible.where, bool):
        return _sum(visible.of(tally))
    tally_conditions = [each for each in visible.alternatives if _columns(each) <= TALLIED]
    row_conditions = [each for each in visible.alternatives if each not in tally_conditions]
    before = reduce(Q.__or__, tally_conditions) if tally_conditions else Q(pk__in=[])
    total = _sum(tally.filter(before))
    for each in row_conditions:  # each by its own index, without rows that were counted before
        total += rows.filter(each).exclude(before).count()
        before |= each
    return total


def _sum(tally: QuerySet[ServerTally]) -> int:
    return int(tally.aggregate(sum=Sum("count"))["sum"] or 0)


def _columns(condition: Q) -> set[str]:
    """Return the columns that a condition names, without their look-ups."""
    columns: set[str] = set()
    for child in condition.children:
        if isinstance(child, Q):
            columns |= _columns(child)
        elif isinstance(child, tuple):
            columns.add(child[0].split("__")[0])
    return columns


def _place(query: Mapping[str, str], *, account_id: str, region: str | None = None) -> dict[str, Any] | None:
    """Return the VPC and the resource group that the filters name, as columns; None when no server can match.

    The VPC is looked up first: with its number instead of a join, one index suffices.
    """
    place: dict[str, Any] = {}
    if "resource_group.id" in query:
        place["resource_group_id"] = query["resource_group.id"]
    vpcs = VPC.objects.filter(account_id=account_id, **({"region": region} if region else {}))
    filters = [(name, field) for name, field in (("vpc.id", "id"), ("vpc.name", "name")) if name in query]
    for name, field in filters:
        vpcs = vpcs.filter(**{field: query[name]})
    if "vpc.crn" in query:
        vpcs = vpcs.filter(id=query["vpc.crn"].rpartition(":")[2])
    if filters or "vpc.crn" in query:
        vpc = vpcs.first()
        if vpc is None or query.get("vpc.crn", vpc.crn) != vpc.crn:
            return None
        place["vpc_id"] = vpc.pk
    return place


def crn_expression() -> Joined:
    """Return a server's CRN as a database expression, to join its events and links."""
    return crn_column("is", BareMetalServer.crn_type, location="zone")


def of_crn(rows: QuerySet[M], crn: str) -> list[M]:
    """Return the row with this CRN, which ends with its id; none when the rest of the CRN differs."""
    return [row for row in rows.filter(id=crn.rpartition(":")[2]) if row.crn == crn]


def account_tally(account_id: str) -> int:
    """Return how many servers an account has, in all regions."""
    return _sum(ServerTally.objects.filter(account_id=account_id))


def regions_in_use() -> set[str]:
    """Return the regions that have servers."""
    return set(ServerTally.objects.filter(count__gt=0).values_list("region", flat=True))


def image_attributes(image: Image, account_id: str) -> dict[str, str]:
    """Return the attributes by which a policy may select an image.

    Stock images are in every account's default resource group.
    """
    group = image.resource_group_id or default_resource_group(account_id).id
    return {"region": image.region, "imageId": image.id, "resourceGroupId": group, CRN: image.crn}


def image_columns(account_id: str) -> Columns:
    """Return the same attributes as columns of all images."""
    default = ResourceGroup.objects.filter(account_id=account_id, is_default=True).values("id")
    group = Coalesce("resource_group__id", Subquery(default), output_field=CharField())
    return {
        "region": "region",
        "imageId": "id",
        "resourceGroupId": group,
        CRN: crn_column("is", "image", location="region"),
    }


def images_of(account_id: str) -> QuerySet[Image]:
    """Return the stock images and the account's own."""
    return Image.objects.filter(Q(account=None) | Q(account_id=account_id))
