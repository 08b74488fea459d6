"""Lookup of the resources that a question names by id, CRN or name, as far as the asker may know of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from django.db.models import Model, QuerySet

from controlplane.kernel.caller import Caller
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import InvalidValue, ReferenceNotFound, Target
from controlplane.kernel.text import is_storable
from identity.models import ApiKey
from servers.models import (
    VPC,
    BareMetalServer,
    FloatingIP,
    Key,
    NetworkACL,
    PublicGateway,
    Reservation,
    SecurityGroup,
    Subnet,
    VirtualNetworkInterface,
)
from servers.selectors import image_attributes, image_columns, images_of
from trustedprofiles import visible_users
from trustedprofiles.actions import service_of
from trustedprofiles.models import AccessGroup, CustomRole, Policy, ResourceGroup, ServiceId, TrustedProfile
from trustedprofiles.policy_columns import Columns
from trustedprofiles.selectors import authorize, find_access_group, find_policy, find_role, find_user, visible

MOST_COMPARED = 1000
"""The most names that are compared with a mistyped one: this many with its first letter, and this many of all."""
MOST_TOLD = 3


@dataclass(frozen=True)
class Asker:
    """The caller that asks, the region that was called, and whether the question is about the caller itself."""

    caller: Caller
    region: str
    own: bool = False
    """Whether the question is about the caller itself: the API lets it learn of any id whether it exists."""

    def may(self, action: str, attributes: dict[str, str]) -> bool:
        resource = {"accountId": self.caller.account_id, "serviceName": service_of(action), **attributes}
        return bool(authorize(self.caller, action=action, resource=resource))

    def seen(self, kind: "Kind") -> "QuerySet[Any]":
        """Return the resources of a kind that the API's list would show to the caller."""
        rows = kind.rows(self.caller.account_id)
        columns = kind.columns(self.caller.account_id) if kind.columns else rows.model.policy_columns()
        resource = {"accountId": self.caller.account_id, "serviceName": service_of(kind.list)}
        resource |= kind.every(self.region)
        listing = visible(self.caller, action=kind.list, resource=resource, columns=columns)
        return listing.of(rows) if listing.verdict else rows.none()


def _rows_of(model: type[Model], *along: str) -> Callable[[str], "QuerySet[Any]"]:
    return lambda account_id: model._default_manager.filter(account_id=account_id).select_related(*along)


@dataclass(frozen=True)
class Kind:
    """A kind of resource: its name in the API, and the actions a caller needs to read and list it."""

    noun: str
    attribute: str
    """The attribute of a resource by which a question names one of them by id."""
    rows: Callable[[str], "QuerySet[Any]"]
    read: str
    list: str
    name: str = "name"
    """The column of the name; empty when resources of this kind have no name."""
    attributes: Callable[[Any, str], dict[str, str]] = lambda row, account_id: row.policy_attributes
    """Attributes of one of them, beside account and service, by which a decision about it is made."""
    everything: dict[str, str] = field(default_factory=dict)
    """Attributes that stand for all of them, beside account, service and region."""
    find: Callable[[str, str], Any] | None = None
    """Finds one by account and id, where the id is not a text column."""

    create: str = ""
    """The action that creates one, where it has another noun than ``read``."""
    columns: Callable[[str], Columns] | None = None
    """The columns by which policies distinguish them, by account; those of their model if None."""
    id: str = "id"
    """The column of the public id."""

    @property
    def of_all(self) -> frozenset[str]:
        """Return the actions that are never about a single resource."""
        return frozenset({self.list, self.create or f"{self.read.rpartition('.')[0]}.create"}) - {self.read}

    def every(self, region: str) -> dict[str, str]:
        return ({"region": region} if service_of(self.read) == "is" else {}) | self.everything

    def by_id(self, account_id: str, id: str) -> Any:
        if self.find:
            return self.find(account_id, id)
        return self.rows(account_id).filter(id=id).first()


def _vpc_kind(noun: str, attribute: str, action: str, model: type[Model], *along: str, **rest: Any) -> Kind:
    return Kind(noun, attribute, _rows_of(model, *along), f"is.{action}.read", f"is.{action}.list", **rest)


SERVER = _vpc_kind(
    "bare metal server",
    "bareMetalServerId",
    "bare-metal-server.bare-metal-server",
    BareMetalServer,
    "vpc",
    everything={"bareMetalServerId": "*"},
)
IMAGE = Kind(
    "image",
    "imageId",
    images_of,
    "is.image.image.read",
    "is.image.image.list",
    attributes=image_attributes,
    columns=image_columns,
)
KEY = _vpc_kind("SSH key", "keyId", "key.key", Key)
VPC_KIND = _vpc_kind("VPC", "vpcId", "vpc.vpc", VPC)
SUBNET = _vpc_kind("subnet", "subnetId", "subnet.subnet", Subnet, "vpc")
INTERFACE = _vpc_kind(
    "virtual network interface",
    "virtualNetworkInterfaceId",
    "virtual-network-interface.virtual-network-interface",
    VirtualNetworkInterface,
)
FLOATING_IP = _vpc_kind("floating IP", "floatingIpId", "floating-ip.floating-ip", FloatingIP)
PUBLIC_GATEWAY = _vpc_kind("public gateway", "publicGatewayId", "public-gateway.public-gateway", PublicGateway)
RESERVATION = _vpc_kind("reservation", "reservationId", "reservation.reservation", Reservation)
GROUP_OF_RULES = _vpc_kind("security group", "securityGroupId", "security-group.security-group", SecurityGroup, "vpc")
ACL = _vpc_kind("network ACL", "networkAclId", "network-acl.network-acl", NetworkACL, "vpc")
PROFILE = Kind(
    "trusted profile", "resource", _rows_of(TrustedProfile), "iam-identity.profile.read", "iam-identity.profile.list"
)
SERVICE_ID = Kind(
    "service ID",
    "resource",
    _rows_of(ServiceId),
    "iam-identity.serviceid.read",
    "iam-identity.serviceid.list",
    everything={"resourceType": "serviceid"},
)
API_KEY = Kind(
    "API key",
    "resource",
    _rows_of(ApiKey),
    "iam-identity.apikey.read",
    "iam-identity.apikey.list",
    everything={"resourceType": "apikey"},
)
USER = Kind(
    "user",
    "resource",
    visible_users.people_of,
    visible_users.READ,
    visible_users.READ,
    name="username",
    find=find_user,
    everything={"resourceType": "user"},
)
RESOURCE_GROUP = Kind(
    "resource group",
    "resource",
    _rows_of(ResourceGroup),
    "resource-controller.group.read",
    "resource-controller.group.read",
)
ROLE = Kind(
    "custom role",
    "resource",
    _rows_of(CustomRole),
    "iam-access-management.role.read",
    "iam-access-management.role.read",
    find=find_role,
    create="iam-access-management.customRole.create",
)
ACCESS_GROUP = Kind(
    "access group",
    "resource",
    _rows_of(AccessGroup),
    "iam-groups.groups.read",
    "iam-groups.groups.list",
    find=find_access_group,
)
POLICY = Kind(
    "policy",
    "resource",
    _rows_of(Policy),
    "iam-access-management.policy.read",
    "iam-access-management.policy.read",
    name="",
    attributes=lambda row, account_id: {},
    find=find_policy,
)

NETWORK = (
    *(SERVER, IMAGE, KEY, VPC_KIND, SUBNET, INTERFACE),
    *(FLOATING_IP, PUBLIC_GATEWAY, RESERVATION, GROUP_OF_RULES, ACL),
)


def named(kind: Kind, word: str, asker: Asker, *, target: str, name_is_told: bool = False) -> Any:
    """Return the resource of the asker's account that has this id, CRN or name.

    ``name_is_told``: for this kind, the API also lets a caller that asks about itself learn whether a name exists.
    Raises ReferenceNotFound in the same way when there is no such resource, when it belongs to another account, and
    when the asker may not read it; the message names the nearest resources that the asker may list. Raises InvalidValue
    when several resources have the name.
    """
    row = _by_id_or_crn(kind, word, asker)
    if row is not None and (asker.own or readable(kind, row, asker)):
        return row
    is_public = asker.own and name_is_told
    rows = [each for each in _by_name(kind, word, asker) if is_public or readable(kind, each, asker)]
    here = [each for each in rows if getattr(each, "region", "") == asker.region] or rows
    if len(here) > 1:
        raise several(kind.noun, [str(getattr(each, kind.id)) for each in here], target=target)
    if here:
        return here[0]
    raise not_found(kind.noun, nearest_of(word, listed_names(kind, word, asker)), target=target)


def several(noun: str, ids: Sequence[str], *, target: str) -> InvalidValue:
    some = ", ".join(ids[:MOST_TOLD])
    return InvalidValue(
        f"More than one {noun} has this name. Name one by its id, such as {some}.", target=Target(target)
    )


def not_found(noun: str, nearest: str, *, target: str) -> ReferenceNotFound:
    """Return the refusal of an unknown resource; ``nearest`` is the result of ``nearest_of``."""
    return ReferenceNotFound(
        f"There is no {noun} of this id, CRN or name in your account.{nearest}", target=Target(target)
    )


def nearest_of(word: str, names: Iterable[str], *, otherwise: str = "") -> str:
    """Return the end of a refusal of ``word``: the names that are most similar to it, or else ``otherwise``."""
    close = get_close_matches(word, list(dict.fromkeys(names)), n=MOST_TOLD)
    return f" The nearest: {', '.join(close)}." if close else otherwise


def listed_names(kind: Kind, word: str, asker: Asker) -> list[str]:
    """Return the names of this kind that a word may mean, among those that the asker may list."""
    if not kind.name or not is_storable(word):
        return []
    rows = asker.seen(kind)
    if service_of(kind.read) == "is":
        rows = rows.filter(region=asker.region)
    alike = rows.filter(**{f"{kind.name}__istartswith": word[:1]})
    return [name for names in (alike, rows) for name in names.values_list(kind.name, flat=True)[:MOST_COMPARED]]


def readable(kind: Kind, row: Any, asker: Asker) -> bool:
    """Return whether the API would show the row to the asker. People may always read their own API keys."""
    if kind is API_KEY and asker.caller.sub_type == "User" and row.iam_id == asker.caller.iam_id:
        return True
    return asker.may(kind.read, kind.attributes(row, asker.caller.account_id))


def _by_id_or_crn(kind: Kind, word: str, asker: Asker) -> Any:
    account_id = asker.caller.account_id
    if not is_storable(word):  # PostgreSQL fails a query that looks for NUL
        return None
    if not word.startswith("crn:"):
        return kind.by_id(account_id, word)
    try:
        crn = Crn.parse(word)
    except ValueError:
        return None
    row = kind.by_id(account_id, crn.resource or crn.instance)
    candidates = [row] if row is not None else _by_name(kind, crn.resource, asker)
    return next((row for row in candidates if hasattr(row, "crn") and Crn.parse(row.crn) == crn), None)


def _by_name(kind: Kind, word: str, asker: Asker) -> list[Any]:
    if not kind.name or not is_storable(word):
        return []
    rows = kind.rows(asker.caller.account_id).filter(**{kind.name: word})
    return list(rows.order_by("pk")[:MOST_COMPARED])
