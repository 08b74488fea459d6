"""The key schedule: when a key is prepared, activated, retired and unpublished. Pure: rows and ``now`` in, a step out.

A prepared key is published before it signs, so that no verifier meets a signature whose key it cannot have fetched. A
retiring key stays published until everything it signed has expired. How long either takes follows from what each
purpose signs (``key_times``); only the periods are settings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LONGEST_TOKEN = timedelta(seconds=3600)
LONGEST_LEAF = timedelta(seconds=3600)
"""The longest lifetime of a server's identity certificate."""
JWKS_MAX_AGE = timedelta(seconds=300)
BUNDLE_MAX_AGE = timedelta(hours=1)
"""How long clients may cache the published certificates of intermediate authorities."""
TRUST_REFRESH = timedelta(days=7)
"""The longest interval at which a program must reread the CA bundle."""
PROCESS_REFRESH = timedelta(seconds=60)
"""How late a Baremint process may notice a rotation, at most; usually within a second."""
LEEWAY = timedelta(seconds=60)
"""The clock skew allowed between machines."""

LAG = PROCESS_REFRESH + LEEWAY
ROOT_PUBLISHED_BEFORE = TRUST_REFRESH + LAG

Purpose = Literal["root", "intermediate", "tls", "iam", "identity"]
KeyState = Literal["prepared", "active", "retiring", "retired"]


@dataclass(frozen=True)
class KeyTimes:
    """The times of the keys of one purpose."""

    period: timedelta
    """How long a key signs."""
    publish_before: timedelta
    """How long a key is published before it signs, at least."""
    verify_after: timedelta
    """How long a key stays published after its last signature."""
    certificate: timedelta | None = None
    """Lifetime of the key's own certificate; None for a key without one."""
    signs_while_retiring: bool = False
    """Whether the key signs revocation lists until every certificate that it issued has expired."""


@dataclass(frozen=True)
class KeyFacts:
    kid: str
    state: KeyState
    published_at: datetime
    activated_at: datetime | None = None
    demoted_at: datetime | None = None
    expires_at: datetime | None = None
    """When the key's own certificate expires."""
    issuer: str | None = None
    """kid of the authority that signed the certificate; None when it is self-signed."""
    asked_at: datetime | None = None
    """When an operator asked for a rotation of this key."""


@dataclass(frozen=True)
class Prepare:
    """Create the next key and publish it."""


@dataclass(frozen=True)
class Discard:
    """Drop a successor that never signed: its certificate is too short for a period, or its issuer was rotated."""

    kid: str


@dataclass(frozen=True)
class HandOver:
    """Activate the successor; the old key, if any, only verifies from now on."""

    old: str | None
    successor: str


@dataclass(frozen=True)
class Retire:
    """Unpublish a key: everything it signed has expired."""

    kid: str


Step = Prepare | Discard | HandOver | Retire


def key_times(
    *, signing_key: timedelta, endpoint_certificate: timedelta, intermediate: timedelta, root: timedelta
) -> dict[Purpose, KeyTimes]:
    """Return the table of times, in the order in which keys depend on each other.

    ``signing_key``, ``intermediate`` and ``root`` are periods. ``endpoint_certificate`` is a lifetime, of which two
    thirds are used. A certificate lasts three periods, one in which it waits, one in which it signs and one in reserve
    for late steps, and the lifetime of what it signed.
    """
    token = KeyTimes(signing_key, JWKS_MAX_AGE + LAG, LONGEST_TOKEN + JWKS_MAX_AGE + LAG)
    leaves = max(LONGEST_LEAF, endpoint_certificate) + BUNDLE_MAX_AGE + LAG
    issuing = KeyTimes(intermediate, BUNDLE_MAX_AGE + LAG, leaves, 3 * intermediate + leaves, signs_while_retiring=True)
    chains = 3 * intermediate + leaves + BUNDLE_MAX_AGE + LAG
    return {
        "root": KeyTimes(root, ROOT_PUBLISHED_BEFORE, chains, 3 * root + chains, signs_while_retiring=True),
        "intermediate": issuing,
        # A client that trusts the root needs nothing else, so an endpoint's key is not published beforehand.
        "tls": KeyTimes(endpoint_certificate * 2 / 3, timedelta(0), endpoint_certificate + LAG),
        "iam": token,
        "identity": token,
    }


def contradiction(table: Mapping[Purpose, KeyTimes], *, tick: timedelta) -> tuple[Purpose, str] | None:
    """Return the first purpose whose period is too short, and why; None when no period is."""
    for purpose, times in table.items():
        shortest = times.publish_before + tick
        if purpose == "root":
            shortest = max(shortest, table["intermediate"].period)
        if times.period < shortest:
            return purpose, (
                f"must be at least {shortest}: its successor is published {times.publish_before} before it signs"
                if shortest == times.publish_before + tick
                else f"must be at least {shortest}, the period of what it signs"
            )
    return None


def next_step(
    keys: Sequence[KeyFacts], *, now: datetime, times: KeyTimes, issuer: KeyFacts | None = None
) -> Step | None:
    """Return the one step that is due for a purpose, or None. Repeating a call changes nothing.

    ``issuer`` is the active root, for the purpose whose certificates it signs. When the clock was moved back to before
    the activation of a key, its successor takes over at once: states only move forward, and no signature is older than
    the activation of its key.
    """
    active, successor = first(keys, "active"), first(keys, "prepared")
    if successor is None:
        return Prepare()
    if _is_stale(successor, now=now, times=times, issuer=issuer):
        return Discard(successor.kid)
    if active is None:
        return HandOver(None, successor.kid)
    if now >= hand_over_at(active, successor, times, issuer) or _is_later(active.activated_at, now):
        return HandOver(active.kid, successor.kid)
    for key in keys:
        if key.state == "retiring" and key.demoted_at and now >= key.demoted_at + times.verify_after:
            return Retire(key.kid)
    return None


def ready_at(successor: KeyFacts, times: KeyTimes, issuer: KeyFacts | None = None) -> datetime:
    """Return when every verifier can have fetched the successor, and the root that its chain ends in."""
    fetched_at = successor.published_at + times.publish_before
    return max(fetched_at, issuer.published_at + ROOT_PUBLISHED_BEFORE) if issuer else fetched_at


def hand_over_at(active: KeyFacts, successor: KeyFacts, times: KeyTimes, issuer: KeyFacts | None = None) -> datetime:
    """Return when the successor takes over: at the end of the period, but not before verifiers can have fetched it.

    After a requested rotation it takes over as soon as they can; the time of the request does not matter, because the
    clock may have been moved back since. It takes over early when the active key's certificate would expire before
    what it signs and the successor's would not, and at the latest when that certificate expires.
    """
    ready = ready_at(successor, times, issuer)
    due = ready if active.asked_at else (active.activated_at or active.published_at) + times.period
    if active.expires_at is None:
        return max(due, ready)
    if successor.expires_at and successor.expires_at > active.expires_at:
        due = min(due, active.expires_at - times.verify_after)
    return min(max(due, ready), active.expires_at)


def _is_stale(successor: KeyFacts, *, now: datetime, times: KeyTimes, issuer: KeyFacts | None) -> bool:
    if issuer is not None and successor.issuer != issuer.kid:
        return True
    if successor.expires_at is None:
        return False
    if _is_later(successor.published_at, now):
        return True  # its certificate may not be valid yet either
    least_end = now + times.period + times.verify_after
    if issuer is not None and issuer.expires_at is not None:
        least_end = min(least_end, issuer.expires_at)  # a new one would not last longer either
    return successor.expires_at < least_end


def _is_later(instant: datetime | None, now: datetime) -> bool:
    """Return whether the clock was moved back to before this instant, by more than the skew between two machines."""
    return instant is not None and instant > now + LEEWAY


def first(keys: Sequence[KeyFacts], state: KeyState) -> KeyFacts | None:
    """Return the first key in this state; there is at most one active and one prepared key."""
    return next((key for key in keys if key.state == state), None)


@dataclass(frozen=True)
class Outlook:
    """The next state of a key, and when it changes; None when it does not change any more."""

    state: KeyState
    since: datetime
    next_state: KeyState | None
    at: datetime | None


def outlook(key: KeyFacts, keys: Sequence[KeyFacts], times: KeyTimes, issuer: KeyFacts | None = None) -> Outlook:
    """Return the next change of ``key``, which is one of ``keys``, the keys of its purpose."""
    active, successor = first(keys, "active"), first(keys, "prepared")
    change = hand_over_at(active, successor, times, issuer) if active and successor else None
    match key.state:
        case "prepared":
            return Outlook(key.state, key.published_at, "active", change or key.published_at)
        case "active":
            return Outlook(key.state, key.activated_at or key.published_at, "retiring", change)
        case "retiring":
            since = key.demoted_at or key.published_at
            return Outlook(key.state, since, "retired", since + times.verify_after)
        case "retired":
            return Outlook(key.state, key.published_at, None, None)
