"""``GET`` and ``POST /v1/accounts/{id}/limits/identity``: how many there may be, and on request how many there are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import InvalidValue, NotFound, Target
from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictSerializer
from controlplane.kernel.operation import BOOLEAN, Operation, Parameter
from controlplane.kernel.query_parameters import boolean
from identity.api import limit_responses
from identity.models import ApiKey
from trustedprofiles import events, limits
from trustedprofiles.api.base import IdentityView
from trustedprofiles.models import AccessGroup, ClaimRule, ProfileLink, ServiceId, ServiceIdGroup, TrustedProfile, User

MOST_IDS = 100
NONE = 0
"""The limit of entities that are not simulated: none can be made."""
Counted = Iterable[tuple[str, int]]


@dataclass(frozen=True)
class Entities:
    """The entities of one kind in an account."""

    limit: int
    rows: Callable[[str], QuerySet[Any]] | None
    """Returns the rows, given the account id. None: not simulated."""

    def count(self, account_id: str) -> int:
        return self.rows(account_id).count() if self.rows else 0


@dataclass(frozen=True)
class PerOwner:
    """The entities of one kind of each owner, such as a profile."""

    limit: int
    owners: str
    """The property of the answer that lists the requested owners."""
    id: str
    counted: Callable[[str, list[str]], Counted] | None
    """Returns the counts, given the account id and the ids of the owners. None: not simulated."""

    def parameter(self, name: str) -> Parameter:
        owners = self.owners.replace("_", " ").capitalize()
        return Parameter(name, f"{owners} to count them of: ids, separated by commas.")

    def counts(self, account_id: str, ids: list[str]) -> list[dict[str, Any]]:
        rows = self.counted(account_id, ids) if self.counted else ()
        return [{self.id: id, "count": count} for id, count in rows]


def _of(model: type[Model], count: Count) -> Callable[[str, list[str]], Counted]:
    def counted(account_id: str, ids: list[str]) -> Counted:
        rows = model._default_manager.filter(account_id=account_id, id__in=ids)
        return rows.annotate(number=count).values_list("id", "number").order_by("id")

    return counted


def _api_keys(account_id: str, iam_ids: list[str]) -> Counted:
    """Count API keys of service IDs and persons of the account, and of any other subject of one of its API keys."""
    subjects = set(iam_ids)
    service_ids = ServiceId.objects.filter(account_id=account_id, id__in=[id.removeprefix("iam-") for id in subjects])
    persons = User.objects.filter(account_id=account_id, iam_id__in=subjects)
    members = {each.iam_id for each in service_ids} & subjects | {str(each.iam_id) for each in persons}
    keys = ApiKey.objects.filter(account_id=account_id, iam_id__in=subjects)
    numbers = dict(keys.values_list("iam_id").annotate(number=Count("id")).order_by())
    return sorted((dict.fromkeys(members, 0) | numbers).items())


ENTITIES = {
    "serviceid_groups": Entities(
        limits.SERVICE_ID_GROUPS_PER_ACCOUNT, lambda account: ServiceIdGroup.objects.filter(account_id=account)
    ),
    "profiles": Entities(
        limits.PROFILES_PER_ACCOUNT, lambda account: TrustedProfile.objects.filter(account_id=account)
    ),
    "profile_templates": Entities(NONE, None),
    "account_settings_templates": Entities(NONE, None),
    "idps": Entities(NONE, None),
    "cr_links": Entities(
        limits.LINKS_PER_ACCOUNT, lambda account: ProfileLink.objects.filter(profile__account_id=account)
    ),
    "cr_rules": Entities(
        limits.COMPUTE_RULES_PER_ACCOUNT,
        lambda account: ClaimRule.objects.filter(profile__account_id=account, type=ClaimRule.Type.COMPUTE_RESOURCE),
    ),
}
ASKED = {name: name for name in ENTITIES} | dict.fromkeys(
    ("profile_templates", "account_settings_templates"), "templates"
)
"""The flag that asks for the count, by the property of the answer."""
COUNTED = tuple(
    Parameter(name, f"Whether to count {entities} too.", BOOLEAN)
    for name, entities in (
        ("serviceid_groups", "groups of service IDs"),
        ("profiles", "trusted profiles"),
        ("templates", "templates, of which there are none,"),
        ("idps", "identity providers, of which there are none,"),
        ("cr_links", "links"),
        ("cr_rules", "claim rules for compute resources"),
    )
)
OF_COMPUTE_RESOURCES = Q(rules__type=ClaimRule.Type.COMPUTE_RESOURCE)
PER_OWNER = {
    # A group belongs to one account, and all service IDs of that account may be in it.
    "serviceids_per_group": PerOwner(
        limits.SERVICE_IDS_PER_ACCOUNT, "serviceid_groups", "group_id", _of(ServiceIdGroup, Count("service_ids"))
    ),
    "apikeys_per_identity": PerOwner(limits.API_KEYS_PER_IDENTITY, "identities", "iam_id", _api_keys),
    "template_versions_per_template": PerOwner(NONE, "templates", "template_id", None),
    "claim_rules_per_group": PerOwner(
        limits.RULES_PER_GROUP, "access_groups", "group_id", _of(AccessGroup, Count("rules"))
    ),
    "claim_rules_per_profile": PerOwner(
        limits.CLAIM_RULES_PER_PROFILE, "profiles", "profile_id", _of(TrustedProfile, Count("rules"))
    ),
    "cr_links_per_profile": PerOwner(
        limits.LINKS_PER_PROFILE, "profiles", "profile_id", _of(TrustedProfile, Count("links"))
    ),
    "cr_rules_per_profile": PerOwner(
        limits.CLAIM_RULES_PER_PROFILE,
        "profiles",
        "profile_id",
        _of(TrustedProfile, Count("rules", filter=OF_COMPUTE_RESOURCES)),
    ),
}
"""The limits that take a list of ids of owners, in a query separated by commas."""


def _ids() -> serializers.ListField:
    return serializers.ListField(required=False, child=StrictCharField(), max_length=MOST_IDS)


class Consumption(StrictSerializer):
    """The entities to count."""

    serviceid_groups = StrictBooleanField(required=False)
    profiles = StrictBooleanField(required=False)
    templates = StrictBooleanField(required=False)
    idps = StrictBooleanField(required=False)
    cr_links = StrictBooleanField(required=False)
    cr_rules = StrictBooleanField(required=False)
    serviceids_per_group = _ids()
    apikeys_per_identity = _ids()
    template_versions_per_template = _ids()
    claim_rules_per_group = _ids()
    claim_rules_per_profile = _ids()
    cr_links_per_profile = _ids()
    cr_rules_per_profile = _ids()


class IdentityLimits(IdentityView):
    operations = {
        "GET": Operation(
            "get_account_limits",
            "iam-identity.account.read",
            events.LIMITS_READ,
            answer=limit_responses.IdentityLimitsUsageResponse,
            query=(*COUNTED, *(each.parameter(name) for name, each in PER_OWNER.items())),
        ),
        "POST": Operation(
            "bulk_list_account_entity_consumption",
            "iam-identity.account.read",
            events.LIMITS_READ,
            body=Consumption,
            answer=limit_responses.IdentityLimitsUsageResponse,
            conflicts=False,
        ),
    }

    def prepare(self, request: Request) -> None:
        if self.kwargs["account_id"] != self.caller.account_id:
            raise NotFound("There is no such account, or your token is of another one.")

    def get(self, request: Request, account_id: str) -> Response:
        counts: dict[str, Any] = {name: boolean(request.GET, name) for name in COUNTED}
        for name in PER_OWNER:
            if name in request.GET:
                counts[name] = [id.strip() for id in request.GET[name].split(",")]
        return self._limits(account_id, counts)

    def post(self, request: Request, account_id: str) -> Response:
        return self._limits(account_id, self.body)

    def _limits(self, account_id: str, asked: dict[str, Any]) -> Response:
        body: dict[str, Any] = {}
        for name, entities in ENTITIES.items():
            usage = {"count": entities.count(account_id)} if asked.get(ASKED[name]) else {}
            body[name] = {"limit": entities.limit, **usage}
        for name, kind in PER_OWNER.items():
            if len(asked.get(name, ())) > MOST_IDS:
                raise InvalidValue(f"{name} takes at most {MOST_IDS} ids.", target=Target(name, "parameter"))
            each = {kind.owners: kind.counts(account_id, asked[name])} if name in asked else {}
            body[name] = {"limit": kind.limit, **each}
        return self.answer(body)
