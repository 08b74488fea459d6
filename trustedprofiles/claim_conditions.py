"""Conditions of claim rules: six operators, and values that are JSON in a string.

The operators are those of IBM's documentation of trusted profile conditions. A value that is not JSON is used as it is,
as IBM's command line sends it. A missing claim never meets a condition, not even one with NOT, so that an unknown value
never leads to trust.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controlplane.kernel.facts import ServerFacts

OPERATORS = ("EQUALS", "NOT_EQUALS", "EQUALS_IGNORE_CASE", "NOT_EQUALS_IGNORE_CASE", "CONTAINS", "IN")

Claim = str | tuple[str, ...]
"""A tuple for a claim with several values: subnets, addresses."""


@dataclass(frozen=True)
class ClaimCondition:
    claim: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.claim} {self.operator} {self.value}"


def holds(condition: ClaimCondition, claims: Mapping[str, Claim]) -> bool:
    """Return whether the claims meet a condition.

    For a claim with several values, EQUALS and IN need one equal value, and NOT_EQUALS requires that no value is
    equal. An unknown operator never holds.
    """
    claim = claims.get(condition.claim)
    return claim is not None and _meets(claim, condition.operator, read_value(condition.value))


def hold_for_each(
    conditions: Sequence[ClaimCondition], columns: Mapping[str, Sequence[Claim]], *, count: int
) -> list[bool]:
    """Return whether the claims of each of ``count`` resources meet all conditions; no resource does without
    conditions.

    ``columns`` has the claims by name, each with one value for each resource.
    """
    columns_met = [_met(condition, columns.get(condition.claim, ())) for condition in conditions]
    missing = any(condition.claim not in columns for condition in conditions)
    return [False] * count if missing or not conditions else [all(each) for each in zip(*columns_met, strict=True)]


def _met(condition: ClaimCondition, column: Sequence[Claim]) -> list[bool]:
    values = read_value(condition.value)
    results = {claim: _meets(claim, condition.operator, values) for claim in set(column)}
    return [results[claim] for claim in column]


def _meets(claim: Claim, operator: str, values: tuple[str, ...] | None) -> bool:
    if values is None:
        return False
    present = (claim,) if isinstance(claim, str) else claim
    if operator == "IN":
        return not set(present).isdisjoint(values)
    if len(values) != 1:
        return False
    [value] = values
    match operator:
        case "EQUALS" | "NOT_EQUALS":
            matches = value in present
        case "EQUALS_IGNORE_CASE" | "NOT_EQUALS_IGNORE_CASE":
            matches = value.casefold() in [each.casefold() for each in present]
        case "CONTAINS":
            return value in claim  # a part of a text, or one whole element of several
        case _:
            return False
    return not matches if operator.startswith("NOT_") else matches


def read_value(text: str) -> tuple[str, ...] | None:
    """Return the values in a condition's ``value``: one, or those of a JSON array.

    None for a JSON object, for an array that contains anything but scalars, and for null.
    """
    try:
        # Numbers are compared as text, because claims are text: 1.10 does not equal 1.1.
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return (text,)
    values = [_scalar(each) for each in (value if isinstance(value, list) else [value])]
    return None if None in values else tuple(each for each in values if each is not None)


def _no_json(text: str) -> None:
    """Refuse ``NaN`` and ``Infinity``, which Python accepts as JSON. Raises ValueError."""
    raise ValueError(f"{text} is no JSON")


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def claims_of(facts: ServerFacts, *, resource_group_name: str) -> dict[str, Claim]:
    """Return the claims of a bare metal server.

    IBM publishes none for ``BMS``: these are the names documented for ``VSI`` (but ``instance_group_name``), a few of
    the server's own, and paths into its identity token as ``PVS`` has them.
    """
    subnets = facts.subnets
    return {
        "resource": facts.id,
        "name": facts.name,
        "crn": facts.crn,
        "account_id": facts.account_id,
        "resource_group_id": facts.resource_group_id,
        "resource_group_name": resource_group_name,
        "region": facts.region,
        "zone": facts.zone,
        "vpc_id": facts.vpc.id,
        "subnet_id": tuple(subnet.id for subnet in subnets),
        "iaas.crn": facts.crn,
        "iaas.accountID": facts.account_id,
        "iaas.instanceID": facts.id,
        "iaas.zone": facts.zone,
        "iaas.region": facts.region,
        "iaas.profile_name": facts.profile_name,
        "iaas.resource_group_id": facts.resource_group_id,
        "ip_addresses.address": facts.addresses,
        "subnets.crn": tuple(subnet.crn for subnet in subnets),
        "subnets.name": tuple(subnet.name for subnet in subnets),
        "subnets.id": tuple(subnet.id for subnet in subnets),
        "vpc.crn": facts.vpc.crn,
        "vpc.name": facts.vpc.name,
        "vpc.id": facts.vpc.id,
    }


CLAIMS = (
    *("resource", "name", "crn", "account_id", "resource_group_id", "resource_group_name", "region", "zone", "vpc_id"),
    *("subnet_id", "iaas.crn", "iaas.accountID", "iaas.instanceID", "iaas.zone", "iaas.region", "iaas.profile_name"),
    *("iaas.resource_group_id", "ip_addresses.address", "subnets.crn", "subnets.name", "subnets.id"),
    *("vpc.crn", "vpc.name", "vpc.id"),
)
"""The names of the claims that ``claims_of`` returns."""
