"""Reads of the console: servers with the columns of its table, in a constant number of queries."""

from collections.abc import Mapping
from functools import cache
from ipaddress import IPv4Address

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from controlplane.activity.events import IDENTITY_TOKEN_CREATE
from controlplane.activity.selectors import success_on
from servers.models import BareMetalServer, NetworkAttachment, NetworkInterface
from servers.selectors import crn_expression
from trustedprofiles.models import TrustedProfile

ORDERS = {
    "name": ("name",),
    "status": ("status", "name"),
    "zone": ("zone", "name"),
    "profile": ("profile", "name"),
    "metadata": ("metadata_enabled", "name"),
    "protocol": ("metadata_protocol", "name"),
    "newest": ("-number",),
}


SHOWN = (
    *("id", "name", "account", "resource_group", "vpc", "region", "zone", "profile", "created_at", "bandwidth"),
    *("status", "status_reasons", "transition", "enable_secure_boot", "revision"),
    *("metadata_enabled", "metadata_protocol", "metadata_epoch", "vpc__id", "vpc__name"),
    *(f"initialization__{name}" for name in ("image", "keys", "default_trusted_profile_id", "auto_link")),
)
"""Columns that pages show. Others are deferred."""


def servers_here(account_id: str, region: str) -> QuerySet[BareMetalServer]:
    """The servers of a region with the columns that pages show."""
    return _columns().filter(account_id=account_id, region=region)


def servers_to_show(account_id: str, region: str) -> QuerySet[BareMetalServer]:
    """The same with their primary address, the name of their default trusted profile, and the time of their last token:
    ``primary_address``, ``default_profile_name`` and ``last_token_at``."""
    return _to_show().filter(account_id=account_id, region=region)


@cache
def _to_show() -> QuerySet[BareMetalServer]:
    """All servers, as a query that is never evaluated. Building it costs as much as reading one server."""
    profile = TrustedProfile.objects.filter(id=OuterRef("initialization__default_trusted_profile_id"))
    return (
        _columns()
        .alias(joined_crn=crn_expression())
        .annotate(
            primary_address=_primary_address(),
            last_token_at=Subquery(success_on("joined_crn", IDENTITY_TOKEN_CREATE).values("time")[:1]),
            default_profile_name=Subquery(profile.values("name")[:1]),
        )
    )


@cache
def _columns() -> QuerySet[BareMetalServer]:
    """The same without computed columns."""
    return BareMetalServer.objects.select_related("vpc", "initialization").only(*SHOWN)


def _primary_address() -> Coalesce:
    """The primary address of the network interface or of the network attachment, as the server has it."""
    owner = {"server": OuterRef("pk"), "is_primary": True}
    address = "virtual_network_interface__primary_ip__address"
    return Coalesce(
        Subquery(NetworkInterface.objects.filter(**owner).values("primary_ip__address")[:1]),
        Subquery(NetworkAttachment.objects.filter(**owner).values(address)[:1]),
    )


def search_servers(rows: QuerySet[BareMetalServer], filters: Mapping[str, str]) -> QuerySet[BareMetalServer]:
    """The servers that match every filter, in the requested order. A word is part of a name, an id, or an address."""
    if word := filters.get("q", "").strip():
        rows = rows.filter(Q(name__icontains=word) | Q(id=word) | _at(word))
    if filters.get("status") in BareMetalServer.Status.values:
        rows = rows.filter(status=filters["status"])
    if filters.get("metadata") in ("on", "off"):
        rows = rows.filter(metadata_enabled=filters["metadata"] == "on")
    if filters.get("protocol") in BareMetalServer.Protocol.values:
        rows = rows.filter(metadata_protocol=filters["protocol"])
    if zone := filters.get("zone", ""):
        rows = rows.filter(zone=zone)
    return rows.order_by(*_order(filters.get("sort", "")))


def _at(word: str) -> Q:
    """The servers with this address; nothing for any other word, which PostgreSQL cannot compare with addresses."""
    try:
        address = str(IPv4Address(word))
    except ValueError:
        return Q()
    interfaces = NetworkInterface.objects.filter(server=OuterRef("pk"), primary_ip__address=address)
    attachments = NetworkAttachment.objects.filter(
        server=OuterRef("pk"), virtual_network_interface__primary_ip__address=address
    )
    return Exists(interfaces) | Exists(attachments)


def _order(sort: str) -> list[str]:
    """The columns of an order; ``-name`` reverses ``name``, and the row number makes every order total."""
    columns = ORDERS.get(sort.removeprefix("-"), ORDERS["newest"])
    if not sort.startswith("-"):
        return [*columns, "-number"]
    return [*(column[1:] if column.startswith("-") else f"-{column}" for column in columns), "number"]
