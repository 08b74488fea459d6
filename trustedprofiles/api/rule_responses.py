"""Response bodies about claim rules, under the names of IBM's own models."""

from typing import NotRequired, TypedDict

from controlplane.kernel import timestamps
from trustedprofiles.api.response_fields import Revised, without_empty
from trustedprofiles.models import ClaimRule


class ProfileClaimRuleConditions(TypedDict):
    """A condition of a claim rule. ``value`` is JSON in a string, or plain text."""

    claim: str
    operator: str
    value: str


class ProfileClaimRule(Revised):
    name: NotRequired[str]
    type: str
    realm_name: NotRequired[str]
    expiration: int
    cr_type: NotRequired[str]
    conditions: list[ProfileClaimRuleConditions]


class ProfileClaimRuleList(TypedDict):
    rules: list[ProfileClaimRule]


def rule_body(rule: ClaimRule) -> ProfileClaimRule:
    body: ProfileClaimRule = {
        "id": rule.id,
        "entity_tag": rule.entity_tag,
        "created_at": timestamps.minutes(rule.created_at),
        "modified_at": timestamps.minutes(rule.modified_at),
        "type": rule.type,
        "expiration": rule.expiration,
        "conditions": [
            {"claim": each["claim"], "operator": each["operator"], "value": each["value"]} for each in rule.conditions
        ],
        "name": rule.name,
        "realm_name": rule.realm_name,
        "cr_type": rule.cr_type,
    }
    return without_empty(body, "name", "realm_name", "cr_type")
