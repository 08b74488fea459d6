"""Whether a trusted profile trusts a server: one link that names it suffices, or one rule whose conditions all hold.

A link names one resource, a rule describes many, now and later. The conditions of one rule are joined by AND (IBM's
documentation), links and rules by OR.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from controlplane.kernel.verdict import Allowed, Refused, Verdict
from trustedprofiles.claim_conditions import Claim, ClaimCondition, holds

BARE_METAL = "BMS"


@dataclass(frozen=True)
class LinkFacts:
    id: str
    cr_type: str
    crn: str
    is_cross_account: bool = False

    def __str__(self) -> str:
        return f"link {self.id}"


@dataclass(frozen=True)
class RuleFacts:
    """A claim rule of type ``Profile-CR``."""

    id: str
    cr_type: str
    conditions: tuple[ClaimCondition, ...]
    name: str = ""

    def __str__(self) -> str:
        return f"rule {self.id}{f' ({self.name})' if self.name else ''}"


class Resource(Protocol):
    """A resource that links can name."""

    @property
    def crn(self) -> str: ...

    @property
    def account_id(self) -> str: ...


@dataclass(frozen=True)
class Consideration:
    """The result of one link or one rule for the server."""

    by: LinkFacts | RuleFacts
    missing: tuple[str, ...]
    """The conditions that it lacks to trust the server; empty when it trusts it."""

    @property
    def trusts(self) -> bool:
        return not self.missing

    def __str__(self) -> str:
        if self.trusts:
            return f"{self.by} names this server" if isinstance(self.by, LinkFacts) else f"{self.by} holds"
        return f"{self.by} does not apply: {'; '.join(self.missing)}"


def consider(
    facts: Resource,
    *,
    links: Sequence[LinkFacts],
    rules: Sequence[RuleFacts],
    claims: Mapping[str, Claim],
    profile_account_id: str,
) -> list[Consideration]:
    """Return the result of each link and each rule. A cross-account link trusts another account's server; a rule never
    does."""
    foreign = facts.account_id != profile_account_id
    return [
        *(Consideration(link, tuple(_missing_of_link(link, facts, foreign=foreign))) for link in links),
        *(Consideration(rule, tuple(_missing_of_rule(rule, claims, foreign=foreign))) for rule in rules),
    ]


def verdict(considered: Sequence[Consideration]) -> Verdict:
    """Return the verdict of all considerations."""
    for each in considered:
        if each.trusts:
            return Allowed(str(each), source=each.by.id)
    close = nearest(considered)
    if not close:
        return Refused("no link names it and no rule describes it. Link it: cr_type BMS, crn of the server.")
    return Refused(f"no link or rule of it applies. The nearest: {close[0]}.")


def nearest(considered: Sequence[Consideration]) -> list[Consideration]:
    """Return the considerations that lack the least first, without links that name another resource."""
    near = [each for each in considered if isinstance(each.by, RuleFacts) or NAMES_ANOTHER not in each.missing]
    return sorted(near, key=lambda each: len(each.missing))


NAMES_ANOTHER = "it names another resource"
CROSS_ACCOUNT = "the server is of another account. Link it with is_cross_account"


def _missing_of_link(link: LinkFacts, facts: Resource, *, foreign: bool) -> list[str]:
    if link.crn != facts.crn:
        return [NAMES_ANOTHER]
    missing = [] if link.cr_type == BARE_METAL else [f"it is for {link.cr_type}, not {BARE_METAL}"]
    return [*missing, CROSS_ACCOUNT] if foreign and not link.is_cross_account else missing


def _missing_of_rule(rule: RuleFacts, claims: Mapping[str, Claim], *, foreign: bool) -> list[str]:
    if rule.cr_type != BARE_METAL:
        return [f"it is for {rule.cr_type}, not {BARE_METAL}"]
    if foreign:
        return ["the server is of another account, and rules trust their own account's servers only"]
    return unmet(rule.conditions, claims)


def unmet(conditions: Sequence[ClaimCondition], claims: Mapping[str, Claim]) -> list[str]:
    """Return what the claims lack to meet these conditions; empty when a rule with them trusts the server."""
    if not conditions:
        return ["it has no conditions"]
    return [
        f"{condition} does not hold, {_present(condition.claim, claims)}"
        for condition in conditions
        if not holds(condition, claims)
    ]


def _present(claim: str, claims: Mapping[str, Claim]) -> str:
    value = claims.get(claim)
    if value is None:
        return "the server has no such claim"
    return f"it is {value if isinstance(value, str) else ', '.join(value) or 'empty'}"
