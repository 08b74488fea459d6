"""The access decision: deny by default, a union of grants, no denying policies.

A policy allows an action when it is active, its subject is the caller or an access group that the caller is a member
of, all its resource attributes match the resource, its rule holds, and one of its roles grants the action. Each policy
of a caller is considered alone; the verdict combines the considerations, which an explanation can show.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from controlplane.kernel.verdict import Allowed, Refused, Verdict
from trustedprofiles import policy_conditions
from trustedprofiles.actions import ACCOUNT_MANAGEMENT, IAM_SERVICES
from trustedprofiles.policy_conditions import Condition, Rule
from trustedprofiles.roles import Role
from trustedprofiles.service_roles import least_role

ACTIVE = "active"
EVERY = "*"
IAM_GROUP = "IAM"
TAG = "tag:"
"""The prefix of conditions on access tags: ``tag:env`` compares the values of the tags ``env:...``."""
SERVICE_ATTRIBUTES = frozenset({"accountId", "serviceName", "serviceType", "service_group_id"})
NAMING_A_SERVICE = SERVICE_ATTRIBUTES - {"accountId"}
SHARED = tuple(
    f"is.{thing}."
    for thing in (
        "bare-metal-server.bare-metal-server-capacity",
        "bare-metal-server.bare-metal-server-profile",
        "operating-system.operating-system",
        "region.region",
        "region.zone",
    )
)
"""Prefixes of actions on resources without an account and a resource group: any policy on the service suffices."""
MOST_NEAR_MISSES = 3

Attributes = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class GroupFacts:
    """An access group that a caller is a member of."""

    id: str
    name: str


@dataclass(frozen=True)
class PolicyFacts:
    id: str
    subject_iam_id: str
    """The IAM id of its subject; for a group's policy, the member that the question is about."""
    roles: tuple[Role, ...]
    resource: tuple[Condition, ...]
    rule: Rule | None = None
    state: str = ACTIVE
    group: GroupFacts | None = None
    """The access group through which the policy applies to its subject."""

    def __str__(self) -> str:
        return f"policy {self.id} of access group {self.group.name}" if self.group else f"policy {self.id}"


@dataclass(frozen=True)
class Consideration:
    """The result of one policy of the caller."""

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
        """Return how many conditions the policy lacks to allow the action."""
        return (self.role is None) + len(self.unmet)

    def __str__(self) -> str:
        names = ", ".join(sorted(role.display_name for role in self.policy.roles)) or "roles that are gone"
        if self.role and not self.unmet:
            return f"{self.policy} grants {self.role.display_name}"
        if self.role:
            return f"{self.policy} grants it only where {' and '.join(map(str, self.unmet))}"
        if self.unmet:
            return f"{self.policy} grants {names}, which does not include it, on another resource"
        return f"{self.policy} grants {names}, which does not include it"


def consider(
    *,
    iam_id: str,
    action: str,
    resource: Attributes,
    policies: Iterable[PolicyFacts],
    now: datetime,
    lists: bool = False,
) -> list[Consideration]:
    """Return the result of each active policy of the subject. ``resource`` maps attribute names (``accountId``,
    ``serviceName``, ``bareMetalServerId``, ...) to values, and ``tag:<key>`` to the values of its access tags with that
    key. ``lists``: the action is a list, and a policy only has to be about the service, regardless of the resources
    that it selects (visibility.py)."""
    unmet = _unmet_by_service if lists or action.startswith(SHARED) else _unmet
    return [
        Consideration(policy, _granting(policy, action), unmet(policy, resource, now))
        for policy in policies
        if policy.state == ACTIVE and policy.subject_iam_id.lower() == iam_id.lower()
    ]


def decide(
    *,
    iam_id: str,
    action: str,
    resource: Attributes,
    policies: Iterable[PolicyFacts],
    now: datetime,
    least: Role | None = None,
) -> Verdict:
    """Return whether the subject may do this to the resource. ``least`` as in ``verdict``."""
    return verdict(
        consider(iam_id=iam_id, action=action, resource=resource, policies=policies, now=now),
        iam_id=iam_id,
        action=action,
        resource=resource,
        least=least,
    )


def verdict(
    considered: Sequence[Consideration],
    *,
    iam_id: str,
    action: str,
    resource: Attributes,
    least: Role | None = None,
) -> Verdict:
    """Return the verdict of all considerations.

    ``least`` is the role that a refusal names, where it is not the smallest one that grants the action.
    """
    for each in considered:
        if each.allows:
            return Allowed(str(each), source=each.policy.id)
    near_misses = [str(each) for each in nearest(considered) if each.distance == 1 or each.role]
    missing = "; ".join(near_misses[:MOST_NEAR_MISSES]) or "no policy grants it on this resource"
    service, least = resource.get("serviceName", EVERY), least or least_role(action)
    service = "the service" if service == EVERY else service
    remedy = (
        f"A policy for {iam_id} on {service} with the role {least.display_name} would allow it."
        if least
        else "No role grants this action."
    )
    return Refused(f"{iam_id} is not authorized to perform {action}: {missing}. {remedy}")


def nearest(considered: Sequence[Consideration]) -> list[Consideration]:
    """Return the considerations, those that lack the least first."""
    return sorted(considered, key=lambda each: each.distance)


def matches(condition: Condition, resource: Attributes) -> bool:
    """Return whether one attribute of a policy holds for a resource.

    An unknown operator never holds; of several values, one match suffices.
    """
    value = resource.get(condition.key)
    if condition.key == "serviceType":
        value = "platform_service" if resource.get("serviceName") in ACCOUNT_MANAGEMENT else "service"
    elif condition.key == "service_group_id":
        value = IAM_GROUP if resource.get("serviceName") in IAM_SERVICES else None
    if is_any(condition):
        return value is not None
    if isinstance(value, tuple):
        return any(policy_conditions.text_holds(condition.operator, each, condition.value) for each in value)
    return policy_conditions.text_holds(condition.operator, value, condition.value)


def deciding_attributes(considered: Iterable[Consideration], resource: Mapping[str, object]) -> list[str]:
    """Return the attributes of resources on which the decision depends: those that policies compare which grant the
    action on this resource, or on one that has the same attributes and more."""
    policies = [each.policy for each in considered if each.role and not _contradicts(each, resource)]
    return sorted(frozenset().union(*map(compared, policies)))


def _contradicts(consideration: Consideration, resource: Mapping[str, object]) -> bool:
    """Return whether the policy lacks something that no further attribute of the resource can give."""
    return any(_keys(rule, consideration.policy) <= resource.keys() for rule in consideration.unmet)


def _keys(rule: Rule, policy: PolicyFacts) -> frozenset[str]:
    """Return the attributes that a resource condition or the rule of the policy compares."""
    if rule is policy.rule or not isinstance(rule, Condition):
        return policy_conditions.compared(rule)
    return frozenset({rule.key})


def compared(policy: PolicyFacts) -> frozenset[str]:
    """Return the attributes of resources that the policy compares."""
    in_rule = policy_conditions.compared(policy.rule) if policy.rule else frozenset()
    return in_rule.union(condition.key for condition in policy.resource)


def is_any(condition: Condition) -> bool:
    """Return whether the condition is met by any value: VPC policies write ``vpcId = *`` (VPC API reference, resource
    attributes)."""
    return condition.operator == "stringEquals" and condition.value == EVERY


def tag_attributes(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the attributes of a resource with access tags of these names, ``key:value``."""
    attributes: dict[str, tuple[str, ...]] = {}
    for name in names:
        key, _, value = name.partition(":")
        attributes[f"{TAG}{key}"] = (*attributes.get(f"{TAG}{key}", ()), value)
    return attributes


def _granting(policy: PolicyFacts, action: str) -> Role | None:
    return next((role for role in policy.roles if role.grants(action)), None)


def _unmet(policy: PolicyFacts, resource: Attributes, now: datetime) -> tuple[Rule, ...]:
    unmet: list[Rule] = [condition for condition in policy.resource if not matches(condition, resource)]
    if policy.rule and not policy_conditions.holds(policy.rule, resource=_texts(resource), now=now):
        unmet.append(policy.rule)
    return tuple(unmet)


def _unmet_by_service(policy: PolicyFacts, resource: Attributes, now: datetime) -> tuple[Rule, ...]:
    """Return the conditions that keep the policy from being about the service, regardless of the resources that it
    selects."""
    names_a_service = any(condition.key in NAMING_A_SERVICE for condition in policy.resource)
    # A policy on one type of resource of any service is not about a service that lacks this type.
    relevant = SERVICE_ATTRIBUTES if names_a_service else SERVICE_ATTRIBUTES | {"resourceType"}
    unmet: list[Rule] = [
        condition for condition in policy.resource if condition.key in relevant and not matches(condition, resource)
    ]
    if policy.rule and not policy_conditions.may_hold(policy.rule, now=now):
        unmet.append(policy.rule)
    return tuple(unmet)


def _texts(resource: Attributes) -> dict[str, str]:
    return {name: value for name, value in resource.items() if isinstance(value, str)}
