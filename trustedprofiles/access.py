"""The access decision: default deny, union of grants, no denials.

A policy allows an action when it is active, its subject is the caller, all its resource attributes match the resource,
and one of its roles grants the action. The verdict names the policy and role, or what was missing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from controlplane.kernel.verdict import Allowed, Refused, Verdict
from trustedprofiles import roles

ACTIVE = "active"
PLATFORM_SERVICES = frozenset({"iam-identity", "iam-access-management", "resource-controller"})
EVERY = "*"
MOST_NEAR_MISSES = 3


@dataclass(frozen=True)
class Condition:
    """One resource attribute of a policy: ``value`` is text, a list for the any-of operators, a boolean for exists."""

    key: str
    operator: str
    value: Any

    def __str__(self) -> str:
        value = ", ".join(map(str, self.value)) if isinstance(self.value, list) else self.value
        return f"{self.key} {self.operator} {value}"


@dataclass(frozen=True)
class PolicyFacts:
    id: str
    subject_iam_id: str
    roles: tuple[str, ...]
    """Role CRNs."""
    resource: tuple[Condition, ...]
    state: str = ACTIVE


def decide(*, iam_id: str, action: str, resource: Mapping[str, str], policies: Iterable[PolicyFacts]) -> Verdict:
    """May the subject do this to the resource? ``resource`` maps attribute names (``accountId``, ``serviceName``,
    ``bareMetalServerId``, ...) to values."""
    near_misses: list[str] = []
    for policy in policies:
        if policy.state != ACTIVE or policy.subject_iam_id.lower() != iam_id.lower():
            continue
        role = next((role for role in policy.roles if roles.grants(role, action)), None)
        unmet = next((condition for condition in policy.resource if not matches(condition, resource)), None)
        if role and not unmet:
            return Allowed(f"policy {policy.id} grants {roles.display_name(role)}", source=policy.id)
        if role:
            near_misses.append(f"policy {policy.id} grants it only where {unmet}")
        elif not unmet:
            names = ", ".join(sorted(map(roles.display_name, policy.roles)))
            near_misses.append(f"policy {policy.id} grants {names}, which does not include it")
    missing = "; ".join(near_misses[:MOST_NEAR_MISSES]) or "no policy grants it on this resource"
    service = resource.get("serviceName", "the service")
    return Refused(
        f"{iam_id} may not {action}: {missing}. "
        f"A policy for {iam_id} on {service} with the role {roles.least_role(action)} would allow it."
    )


def matches(condition: Condition, resource: Mapping[str, str]) -> bool:
    """Whether one attribute of a policy holds for a resource. An unknown operator never does."""
    value = resource.get(condition.key)
    if condition.key == "serviceType":
        platform = resource.get("serviceName") in PLATFORM_SERVICES
        value = "platform_service" if platform else "service"
    wanted = condition.value
    match condition.operator:
        case "stringExists":
            return (value is not None) == (wanted in (True, "true"))
        case "stringEquals":
            # VPC policies write ``vpcId = *`` for every VPC (VPC API reference, resource attributes).
            return value is not None and wanted in (value, EVERY)
        case "stringMatch":
            return value is not None and _wildcard(value, wanted)
        case "stringEqualsAnyOf":
            return value is not None and isinstance(wanted, list) and value in wanted
        case "stringMatchAnyOf":
            return value is not None and isinstance(wanted, list) and any(_wildcard(value, each) for each in wanted)
        case _:
            return False


def _wildcard(value: str, pattern: Any) -> bool:
    """``*`` is any run of characters, ``?`` any one; nothing else is special."""
    return isinstance(pattern, str) and fnmatchcase(value, pattern.replace("[", "[[]"))
