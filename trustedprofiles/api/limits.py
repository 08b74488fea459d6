"""``GET`` and ``POST /v1/accounts/{id}/limits/identity``: how many there may be, and on request how many there are."""

from typing import Any

from django.db.models import Count, Q
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import InvalidValue, NotFound, Target
from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictSerializer
from trustedprofiles import events, limits
from trustedprofiles.api import answers
from trustedprofiles.api.base import IdentityView
from trustedprofiles.api.flags import query_flag
from trustedprofiles.models import ClaimRule, ProfileLink, TrustedProfile
from trustedprofiles.permissions import Operation

COUNTED = ("profiles", "cr_links", "cr_rules")
PER_PROFILE = {
    "claim_rules_per_profile": limits.CLAIM_RULES_PER_PROFILE,
    "cr_links_per_profile": limits.LINKS_PER_PROFILE,
    "cr_rules_per_profile": limits.CLAIM_RULES_PER_PROFILE,
}
"""These take a list of profile ids, separated by commas."""
COUNTS = {
    "claim_rules_per_profile": Count("rules"),
    "cr_links_per_profile": Count("links"),
    "cr_rules_per_profile": Count("rules", filter=Q(rules__type=ClaimRule.Type.COMPUTE_RESOURCE)),
}
MOST_PROFILES = 100


class Consumption(StrictSerializer):
    """What to count."""

    profiles = StrictBooleanField(required=False)
    cr_links = StrictBooleanField(required=False)
    cr_rules = StrictBooleanField(required=False)
    claim_rules_per_profile = serializers.ListField(required=False, child=StrictCharField(), max_length=MOST_PROFILES)
    cr_links_per_profile = serializers.ListField(required=False, child=StrictCharField(), max_length=MOST_PROFILES)
    cr_rules_per_profile = serializers.ListField(required=False, child=StrictCharField(), max_length=MOST_PROFILES)


class IdentityLimits(IdentityView):
    operations = {
        "GET": Operation(
            "get_account_limits",
            "iam-identity.account.read",
            events.LIMITS_READ,
            answer=answers.IdentityLimitsUsageResponse,
            query=(*COUNTED, *PER_PROFILE),
        ),
        "POST": Operation(
            "bulk_list_account_entity_consumption",
            "iam-identity.account.read",
            events.LIMITS_READ,
            body=Consumption,
            answer=answers.IdentityLimitsUsageResponse,
            conflicts=False,
        ),
    }

    def prepare(self, request: Request) -> None:
        if self.kwargs["account_id"] != self.caller.account_id:
            raise NotFound("There is no such account, or your token is of another one.")

    def get(self, request: Request, account_id: str) -> Response:
        asked: dict[str, Any] = {name: query_flag(request, name) for name in COUNTED}
        for name in PER_PROFILE:
            if name in request.GET:
                asked[name] = [id.strip() for id in request.GET[name].split(",")]
        return self._limits(account_id, asked)

    def post(self, request: Request, account_id: str) -> Response:
        return self._limits(account_id, self.body)

    def _limits(self, account_id: str, asked: dict[str, Any]) -> Response:
        counted: dict[str, Any] = {
            "profiles": (limits.PROFILES_PER_ACCOUNT, TrustedProfile.objects.filter(account_id=account_id)),
            "cr_links": (limits.LINKS_PER_ACCOUNT, ProfileLink.objects.filter(profile__account_id=account_id)),
            "cr_rules": (
                limits.COMPUTE_RULES_PER_ACCOUNT,
                ClaimRule.objects.filter(profile__account_id=account_id, type=ClaimRule.Type.COMPUTE_RESOURCE),
            ),
        }
        body: dict[str, Any] = {"apikeys_per_identity": {"limit": limits.API_KEYS_PER_IDENTITY}}
        for name, (limit, rows) in counted.items():
            body[name] = {"limit": limit} | ({"count": rows.count()} if asked.get(name) else {})
        for name, limit in PER_PROFILE.items():
            body[name] = {"limit": limit} | (
                {"profiles": self._per_profile(name, asked[name])} if name in asked else {}
            )
        return self.answer(body)

    def _per_profile(self, name: str, ids: list[str]) -> list[answers.ProfileCount]:
        if len(ids) > MOST_PROFILES:
            raise InvalidValue(f"{name} takes at most {MOST_PROFILES} ids.", target=Target(name, "parameter"))
        rows = TrustedProfile.objects.filter(account_id=self.caller.account_id, id__in=ids)
        counts = rows.annotate(number=COUNTS[name]).values_list("id", "number").order_by("id")
        return [{"profile_id": id, "count": number} for id, number in counts]
