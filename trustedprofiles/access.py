"""The access decision: default deny, union of grants, no denials.

A policy allows an action when it is active, its subject is the caller, all its resource attributes match the resource,
its rule holds, and one of its roles grants the action. Each policy of a caller is considered by itself; the verdict is
what the considerations say together, and they can all be shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from controlplane.kernel.verdict import Allowed, Refused, Verdict
from trustedprofiles import policy_rules
from trustedprofiles.actions import ACCOUNT_MANAGEMENT, IAM_SERVICES
from trustedprofiles.policy_rules import Condition, Rule
from trustedprofiles.roles import Role
from trustedprofiles.service_roles import least_role

ACTIVE = "active"
EVERY = "*"
IAM_GROUP = "IAM"
MOST_NEAR_MISSES = 3


@dataclass(frozen=True)
class PolicyFacts:
    id: str
    subject_iam_id: str
    roles: tuple[Role, ...]
    resource: tuple[Condition, ...]
    rule: Rule | None = None
    state: str = ACTIVE


@dataclass(frozen=True)
class Consideration:
    """What one policy of the caller has to say."""

    policy: PolicyFacts
    role: Role | None
    """The first of its roles that grants the action."""
    unmet: tuple[Rule, ...]
    """Resource attributes that do not match, and the rule where it does not hold."""

    @property
    def allows(self) -> bool:
        return self.role is not None and not self.unmet

    @property
    def distance(self) -> int:
        """How many things stand between this policy and a permission."""
        return (self.role is None) + len(self.unmet)

    def __str__(self) -> str:
        names = ", ".join(sorted(role.display_name for role in self.policy.roles)) or "roles that are gone"
        if self.role and not self.unmet:
            return f"policy {self.policy.id} grants {self.role.display_name}"
        if self.role:
            return f"policy {self.policy.id} grants it only where {' and '.join(map(str, self.unmet))}"
        if self.unmet:
            return f"policy {self.policy.id} grants {names}, which does not include it, on another resource"
        return f"policy {self.policy.id} grants {names}, which does not include it"


def consider(
    *, iam_id: str, action: str, resource: Mapping[str, str], policies: Iterable[PolicyFacts], now: datetime
) -> list[Consideration]:
    """What each active policy of the subject says. ``resource`` maps attribute names (``accountId``, ``serviceName``,
    ``bareMetalServerId``, ...) to values."""
    return [
        Consideration(policy, _granting(policy, action), _unmet(policy, resource, now))
        for policy in policies
        if policy.state == ACTIVE and policy.subject_iam_id.lower() == iam_id.lower()
    ]


def decide(
    *, iam_id: str, action: str, resource: Mapping[str, str], policies: Iterable[PolicyFacts], now: datetime
) -> Verdict:
    """May the subject do this to the resource?"""
    return verdict(
        consider(iam_id=iam_id, action=action, resource=resource, policies=policies, now=now),
        iam_id=iam_id,
        action=action,
        resource=resource,
    )


def verdict(considered: Sequence[Consideration], *, iam_id: str, action: str, resource: Mapping[str, str]) -> Verdict:
    """What the considerations say together."""
    for each in considered:
        if each.allows:
            return Allowed(str(each), source=each.policy.id)
    near_misses = [str(each) for each in nearest(considered) if each.distance == 1 or each.role]
    missing = "; ".join(near_misses[:MOST_NEAR_MISSES]) or "no policy grants it on this resource"
    service, least = resource.get("serviceName", "the service"), least_role(action)
    remedy = (
        f"A policy for {iam_id} on {service} with the role {least.display_name} would allow it."
        if least
        else "No role grants this action."
    )
    return Refused(f"{iam_id} is not authorized to perform {action}: {missing}. {remedy}")


def nearest(considered: Sequence[Consideration]) -> list[Consideration]:
    """Those that lack least first."""
    return sorted(considered, key=lambda each: each.distance)


def matches(condition: Condition, resource: Mapping[str, str]) -> bool:
    """Whether one attribute of a policy holds for a resource. An unknown operator never does."""
    value = resource.get(condition.key)
    if condition.key == "serviceType":
        value = "platform_service" if resource.get("serviceName") in ACCOUNT_MANAGEMENT else "service"
    elif condition.key == "service_group_id":
        value = IAM_GROUP if resource.get("serviceName") in IAM_SERVICES else None
    if condition.operator == "stringEquals" and condition.value == EVERY:
        # VPC policies write ``vpcId = *`` for every VPC (VPC API reference, resource attributes).
        return value is not None
    return policy_rules.text_holds(condition.operator, value, condition.value)


def _granting(policy: PolicyFacts, action: str) -> Role | None:
    return next((role for role in policy.roles if role.grants(action)), None)


def _unmet(policy: PolicyFacts, resource: Mapping[str, str], now: datetime) -> tuple[Rule, ...]:
    unmet: list[Rule] = [condition for condition in policy.resource if not matches(condition, resource)]
    if policy.rule and not policy_rules.holds(policy.rule, resource=resource, now=now):
        unmet.append(policy.rule)
    return tuple(unmet)
