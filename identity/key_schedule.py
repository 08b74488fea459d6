"""When a key is prepared, handed over to, retired and unpublished. Arithmetic: rows and ``now`` in, a step out.

A prepared key is published before it signs, so that no verifier meets a signature whose key it cannot have fetched. A
retiring key stays published until the last thing it signed has expired everywhere. How long either takes follows from
what each purpose signs (``policies``); only the periods are settings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LONGEST_TOKEN = timedelta(seconds=3600)
LONGEST_LEAF = timedelta(seconds=3600)
"""Of the identity certificates that servers get."""
JWKS_MAX_AGE = timedelta(seconds=300)
BUNDLE_MAX_AGE = timedelta(hours=1)
"""How long the published certificates of intermediate authorities may be kept."""
TRUST_REFRESH = timedelta(days=7)
"""How often a program must read the CA bundle anew, at the least."""
PROCESS_REFRESH = timedelta(seconds=60)
"""How late a process of ours may notice a rotation; in truth about a second."""
LEEWAY = timedelta(seconds=60)
"""Clock skew granted between machines."""

LAG = PROCESS_REFRESH + LEEWAY
ROOT_PUBLISHED_BEFORE = TRUST_REFRESH + LAG

Purpose = Literal["root", "intermediate", "tls", "iam", "identity"]
KeyState = Literal["prepared", "active", "retiring", "retired"]


@dataclass(frozen=True)
class Policy:
    """The times of one purpose."""

    period: timedelta
    """How long a key signs."""
    publish_before: timedelta
    """How long it is published before it signs, at the least."""
    verify_after: timedelta
    """How long it stays published after it has signed the last time."""
    certificate: timedelta | None = None
    """Lifetime of its own certificate; None: it has none."""
    signs_while_retiring: bool = False
    """An authority answers for what it has issued (revocation lists) until all of that has expired."""


@dataclass(frozen=True)
class KeyFacts:
    kid: str
    state: KeyState
    published_at: datetime
    activated_at: datetime | None = None
    demoted_at: datetime | None = None
    expires_at: datetime | None = None
    """End of its own certificate."""
    issuer: str | None = None
    """kid of the authority that signed its certificate, unless it signed that itself."""
    asked_at: datetime | None = None
    """When somebody asked that its heir take over."""


@dataclass(frozen=True)
class Prepare:
    """Make the next key and publish it."""


@dataclass(frozen=True)
class Discard:
    """Drop an heir that never signed: it would not last a period, or its issuer has been succeeded."""

    kid: str


@dataclass(frozen=True)
class HandOver:
    """The heir starts to sign; the old key, if any, only verifies from now on."""

    old: str | None
    heir: str


@dataclass(frozen=True)
class Retire:
    """Unpublish a key: nothing it signed is alive."""

    kid: str


Step = Prepare | Discard | HandOver | Retire


def policies(
    *, signing_key: timedelta, endpoint_certificate: timedelta, intermediate: timedelta, root: timedelta
) -> dict[Purpose, Policy]:
    """The table of times, in the order in which keys depend on each other.

    ``signing_key``, ``intermediate`` and ``root`` are periods. ``endpoint_certificate`` is a lifetime, of which two
    thirds are used. A certificate lives for the period it waits, the period it signs, a third in reserve for steps that
    come late, and for as long as what it signed.
    """
    token = Policy(signing_key, JWKS_MAX_AGE + LAG, LONGEST_TOKEN + JWKS_MAX_AGE + LAG)
    leaves = max(LONGEST_LEAF, endpoint_certificate) + BUNDLE_MAX_AGE + LAG
    issuing = Policy(intermediate, BUNDLE_MAX_AGE + LAG, leaves, 3 * intermediate + leaves, signs_while_retiring=True)
    chains = 3 * intermediate + leaves + BUNDLE_MAX_AGE + LAG
    return {
        "root": Policy(root, ROOT_PUBLISHED_BEFORE, chains, 3 * root + chains, signs_while_retiring=True),
        "intermediate": issuing,
        # Whoever trusts the root needs nothing else, so an endpoint's key need not be published beforehand.
        "tls": Policy(endpoint_certificate * 2 / 3, timedelta(0), endpoint_certificate + LAG),
        "iam": token,
        "identity": token,
    }


def contradiction(table: Mapping[Purpose, Policy], *, tick: timedelta) -> tuple[Purpose, str] | None:
    """The first purpose whose period cannot be kept, and why. None when all can."""
    for purpose, policy in table.items():
        shortest = policy.publish_before + tick
        if purpose == "root":
            shortest = max(shortest, table["intermediate"].period)
        if policy.period < shortest:
            return purpose, (
                f"must be at least {shortest}: its successor is published {policy.publish_before} before it signs"
                if shortest == policy.publish_before + tick
                else f"must be at least {shortest}, the period of what it signs"
            )
    return None


def next_step(
    keys: Sequence[KeyFacts], *, now: datetime, policy: Policy, issuer: KeyFacts | None = None
) -> Step | None:
    """The one step that is due for a purpose, or None. Late or doubled calls find nothing more to do.

    ``issuer`` is the active root, for the purpose whose certificates it signs. When the clock went back to before a key
    was activated, its heir takes over at once: states only move forward, and nothing is signed before its key was
    activated.
    """
    active, heir = first(keys, "active"), first(keys, "prepared")
    if heir is None:
        return Prepare()
    if _is_stale(heir, now=now, policy=policy, issuer=issuer):
        return Discard(heir.kid)
    if active is None:
        return HandOver(None, heir.kid)
    if now >= hand_over_at(active, heir, policy, issuer) or _is_later(active.activated_at, now):
        return HandOver(active.kid, heir.kid)
    for key in keys:
        if key.state == "retiring" and key.demoted_at and now >= key.demoted_at + policy.verify_after:
            return Retire(key.kid)
    return None


def ready_at(heir: KeyFacts, policy: Policy, issuer: KeyFacts | None = None) -> datetime:
    """When every verifier can know the heir, and the root that its chain ends in."""
    known = heir.published_at + policy.publish_before
    return max(known, issuer.published_at + ROOT_PUBLISHED_BEFORE) if issuer else known


def hand_over_at(active: KeyFacts, heir: KeyFacts, policy: Policy, issuer: KeyFacts | None = None) -> datetime:
    """When the heir takes over: at the end of the period, when verifiers can know it.

    As soon as they can when somebody asked for it, whatever the clock showed then: it may have gone back since. Earlier
    also when the active key's certificate would not outlive what it signs and the heir's would; and at its very end in
    any case, for then it can sign nothing.
    """
    ready = ready_at(heir, policy, issuer)
    due = ready if active.asked_at else (active.activated_at or active.published_at) + policy.period
    if active.expires_at is None:
        return max(due, ready)
    if heir.expires_at and heir.expires_at > active.expires_at:
        due = min(due, active.expires_at - policy.verify_after)
    return min(max(due, ready), active.expires_at)


def _is_stale(heir: KeyFacts, *, now: datetime, policy: Policy, issuer: KeyFacts | None) -> bool:
    if issuer is not None and heir.issuer != issuer.kid:
        return True
    if heir.expires_at is None:
        return False
    if _is_later(heir.published_at, now):
        return True  # its certificate may begin later too
    needed = now + policy.period + policy.verify_after
    if issuer is not None and issuer.expires_at is not None:
        needed = min(needed, issuer.expires_at)  # a new one would not last longer either
    return heir.expires_at < needed


def _is_later(instant: datetime | None, now: datetime) -> bool:
    """Whether a key is of a time that the clock took back, and not of a machine whose clock is a little ahead."""
    return instant is not None and instant > now + LEEWAY


def first(keys: Sequence[KeyFacts], state: KeyState) -> KeyFacts | None:
    """The key in this state; of active and prepared ones there is one at the most."""
    return next((key for key in keys if key.state == state), None)


@dataclass(frozen=True)
class Outlook:
    """What becomes of a key next, and when; None: nothing does."""

    state: KeyState
    since: datetime
    next_state: KeyState | None
    at: datetime | None


def outlook(key: KeyFacts, keys: Sequence[KeyFacts], policy: Policy, issuer: KeyFacts | None = None) -> Outlook:
    """The next change of ``key``, which is one of ``keys``, the keys of its purpose."""
    active, heir = first(keys, "active"), first(keys, "prepared")
    change = hand_over_at(active, heir, policy, issuer) if active and heir else None
    match key.state:
        case "prepared":
            return Outlook(key.state, key.published_at, "active", change or key.published_at)
        case "active":
            return Outlook(key.state, key.activated_at or key.published_at, "retiring", change)
        case "retiring":
            since = key.demoted_at or key.published_at
            return Outlook(key.state, since, "retired", since + policy.verify_after)
        case "retired":
            return Outlook(key.state, key.published_at, None, None)
