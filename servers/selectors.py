"""Reads: servers by number, id or filter; the network and catalog around them."""

from collections.abc import Mapping
from functools import reduce
from typing import Any, TypeVar

from django.db.models import CharField, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

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
from trustedprofiles.permissions import NAME, Parameter
from trustedprofiles.policy_columns import Columns, Joined, crn_column
from trustedprofiles.selectors import default_resource_group
from trustedprofiles.tag_rules import CRN
from trustedprofiles.visibility import Visible

M = TypeVar("M", bound=RegionalResource)

FILTERS = (NAME, *map(Parameter, ("resource_group.id", "vpc.id", "vpc.crn", "vpc.name")))
TALLIED = frozenset({"region", "vpc", "resource_group"})
"""The columns by which the tally tells servers apart."""
RESERVATION_FILTERS = tuple(map(Parameter, ("reservation.id", "reservation.crn", "reservation.name")))
SINGLED_OUT = frozenset({"name", *RESERVATION_FILTERS})
"""The filters that the tally knows nothing of."""
INTERFACES = Prefetch("network_interfaces", NetworkInterface.objects.select_related("subnet", "primary_ip"))
SWITCHED_OFF = AccountSettings.objects.filter(account_id=OuterRef("account_id"), metadata_service=False)
ATTACHMENTS = Prefetch(
    "network_attachments",
    NetworkAttachment.objects.select_related(
        "virtual_network_interface__subnet", "virtual_network_interface__primary_ip"
    ),
)


def servers_for_facts() -> QuerySet[BareMetalServer]:
    """Servers with all that ``facts_of`` needs."""
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
    """An account's server by id, CRN or name, with all that ``facts_of`` needs."""
    asked = Q(id=word.rpartition(":")[2]) if word.startswith("crn:") else Q(id=word) | Q(name=word)
    found = servers_for_facts().filter(asked, account_id=account_id).order_by("number").first()
    return found if found and word in (found.id, found.crn, found.name) else None


def servers_of(account_id: str, region: str | None = None) -> QuerySet[BareMetalServer]:
    """An account's servers with all that a response shows, in a constant number of queries.

    ``region`` restricts them to one; operators' commands ask for all.
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
    """The list's filters; several of them all have to match."""
    place = _place(query, account_id=account_id, region=region)
    if place is None:
        return rows.none()
    if not query.keys().isdisjoint(RESERVATION_FILTERS):
        place["reservation__in"] = _reservations(query, account_id)
    return rows.filter(**place, **({"name": query["name"]} if "name" in query else {}))


def _reservations(query: Mapping[str, str], account_id: str) -> list[int]:
    """The numbers of the reservations that the filters ask for: with them instead of a join, one index answers."""
    fields = {"reservation.id": "id", "reservation.name": "name"}
    asked = {fields[name]: value for name, value in query.items() if name in fields}
    rows = Reservation.objects.filter(account_id=account_id, **asked)
    if (crn := query.get("reservation.crn")) is None:
        return list(rows.values_list("pk", flat=True))
    return [each.pk for each in of_crn(rows, crn)]


def count_servers(query: Mapping[str, str], *, visible: Visible, account_id: str, region: str | None = None) -> int:
    """How many servers ``filter_servers`` finds of those that are visible: added up from the tally, unless a name, a
    reservation or a policy picks single ones out. Without a region: of all regions."""
    own = {"account_id": account_id} | ({"region": region} if region else {})
    rows = visible.of(filter_servers(BareMetalServer.objects.filter(**own), query, **own))
    if not SINGLED_OUT.isdisjoint(query):
        return rows.count()
    place = _place(query, **own)
    if place is None:
        return 0
    tally = ServerTally.objects.filter(**own, **place)
    if isinstance(visible.where, bool):
        return _sum(visible.of(tally))
    added_up = [each for each in visible.alternatives if _columns(each) <= TALLIED]
    counted = [each for each in visible.alternatives if each not in added_up]
    before = reduce(Q.__or__, added_up) if added_up else Q(pk__in=[])
    total = _sum(tally.filter(before))
    for each in counted:  # each by its own index, without those that one before has
        total += rows.filter(each).exclude(before).count()
        before |= each
    return total


def _sum(tally: QuerySet[ServerTally]) -> int:
    return int(tally.aggregate(sum=Sum("count"))["sum"] or 0)


def _columns(condition: Q) -> set[str]:
    """The columns that a condition names, without what is looked up in them."""
    found: set[str] = set()
    for child in condition.children:
        if isinstance(child, Q):
            found |= _columns(child)
        elif isinstance(child, tuple):
            found.add(child[0].split("__")[0])
    return found


def _place(query: Mapping[str, str], *, account_id: str, region: str | None = None) -> dict[str, Any] | None:
    """The VPC and the resource group that the filters ask for, as columns; None when there can be no such server.

    The VPC is looked up first: with its number instead of a join, one index answers.
    """
    place: dict[str, Any] = {}
    if "resource_group.id" in query:
        place["resource_group_id"] = query["resource_group.id"]
    vpcs = VPC.objects.filter(account_id=account_id, **({"region": region} if region else {}))
    asked = [(name, field) for name, field in (("vpc.id", "id"), ("vpc.name", "name")) if name in query]
    for name, field in asked:
        vpcs = vpcs.filter(**{field: query[name]})
    if "vpc.crn" in query:
        vpcs = vpcs.filter(id=query["vpc.crn"].rpartition(":")[2])
    if asked or "vpc.crn" in query:
        vpc = vpcs.first()
        if vpc is None or query.get("vpc.crn", vpc.crn) != vpc.crn:
            return None
        place["vpc_id"] = vpc.pk
    return place


def crn_expression() -> Joined:
    """A server's CRN in the database, for joining its events and links."""
    return crn_column("is", BareMetalServer.crn_type, location="zone")


def of_crn(rows: QuerySet[M], crn: str) -> list[M]:
    """The row of this CRN, which ends with its id; none where the rest of the CRN is another's."""
    return [row for row in rows.filter(id=crn.rpartition(":")[2]) if row.crn == crn]


def account_tally(account_id: str) -> int:
    """How many servers an account has, in all regions."""
    return int(ServerTally.objects.filter(account_id=account_id).aggregate(sum=Sum("count"))["sum"] or 0)


def regions_in_use() -> set[str]:
    """Regions that have servers."""
    return set(ServerTally.objects.filter(count__gt=0).values_list("region", flat=True))


def image_attributes(image: Image, account_id: str) -> dict[str, str]:
    """What a policy may select it by; a stock image is in every account's default resource group."""
    group = image.resource_group_id or default_resource_group(account_id).id
    return {"region": image.region, "imageId": image.id, "resourceGroupId": group, CRN: image.crn}


def image_columns(account_id: str) -> Columns:
    """The same of all images."""
    default = ResourceGroup.objects.filter(account_id=account_id, is_default=True).values("id")
    group = Coalesce("resource_group__id", Subquery(default), output_field=CharField())
    return {
        "region": "region",
        "imageId": "id",
        "resourceGroupId": group,
        CRN: crn_column("is", "image", location="region"),
    }


def images_of(account_id: str) -> QuerySet[Image]:
    """Stock images and the account's own."""
    return Image.objects.filter(Q(account=None) | Q(account_id=account_id))
