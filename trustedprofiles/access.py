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


@dataclass(frozen=True)
class Condition:
    """One resource attribute of a policy: ``value`` is text, a list for the any-of operators, a boolean for exists."""

    key: str
    operator: str
    value: Any


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
    too_small: list[str] = []
    for policy in policies:
        if policy.state != ACTIVE or policy.subject_iam_id.lower() != iam_id.lower():
            continue
        if not all(matches(condition, resource) for condition in policy.resource):
            continue
        for role in policy.roles:
            if roles.grants(role, action):
                return Allowed(f"policy {policy.id} grants {roles.display_name(role)}", source=policy.id)
            too_small.append(roles.display_name(role))
    wanted = f"A policy for {iam_id} on {resource.get('serviceName', 'the service')} with the role "
    wanted += f"{roles.least_role(action)} would allow it."
    if too_small:
        return Refused(f"{action} is not granted by {', '.join(sorted(set(too_small)))}. {wanted}")
    return Refused(f"No policy grants {action} on this resource. {wanted}")


def matches(condition: Condition, resource: Mapping[str, str]) -> bool:
    """Whether one attribute of a policy holds for a resource. An unknown operator never does."""
    value = resource.get(condition.key)
    if condition.key == "serviceType":
        platform = resource.get("serviceName") in PLATFORM_SERVICES
        value = "platform_service" if platform else "service"
    match condition.operator:
        case "stringExists":
            return (value is not None) == (condition.value in (True, "true"))
        case "stringEquals":
            return value is not None and value == condition.value
        case "stringMatch":
            return value is not None and _wildcard(value, condition.value)
        case "stringEqualsAnyOf":
            return value is not None and isinstance(condition.value, list) and value in condition.value
        case "stringMatchAnyOf":
            patterns = condition.value if isinstance(condition.value, list) else []
            return value is not None and any(_wildcard(value, pattern) for pattern in patterns)
        case _:
            return False


def _wildcard(value: str, pattern: Any) -> bool:
    """``*`` is any run of characters, ``?`` any one; nothing else is special."""
    return isinstance(pattern, str) and fnmatchcase(value, pattern.replace("[", "[[]"))
