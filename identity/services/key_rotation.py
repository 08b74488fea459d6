"""Rotation of keys, in repeatable steps, each a transaction whose success is decided by row counts.

With two workers, two beats, or a task that is delivered twice or killed half-way, the conditional UPDATE of the second
one finds no row to change, and the partial unique indexes refuse a second active key.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db import IntegrityError, transaction

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM, Party, record
from controlplane.kernel import failpoints
from controlplane.kernel.named_lock import named_lock
from controlplane.sealing.keks import WIPED
from controlplane.sealing.rows import require_fitting_kek
from identity import key_cache, key_encryption
from identity.events import KEY_ASK_ROTATION, KEY_DISCARD, KEY_PREPARE, KEY_RETIRE, KEY_ROTATE
from identity.key_periods import configured_key_times
from identity.key_schedule import (
    Discard,
    HandOver,
    KeyFacts,
    Prepare,
    Purpose,
    Retire,
    Step,
    first,
    hand_over_at,
    next_step,
    ready_at,
)
from identity.models import KeyPair
from identity.selectors import KeySeries, issuer_of, live_keys, scheduled_keys
from identity.services import key_creation
from servers.selectors import regions_in_use

MOST_STEPS = 4
MOST_TRIES = 10
"""How many times other processes may rotate the same key at the same moment before this one gives up."""

State = KeyPair.State


@dataclass(frozen=True)
class Succession:
    """The result of a rotation that an operator asked for."""

    kid: str
    """The kid of the key that signs now, or of the successor that waits."""
    signs_from: datetime
    waits: bool
    """Whether the successor waits because verifiers cannot know it yet."""


@dataclass(frozen=True)
class Rotated:
    """The result of an immediate hand-over."""

    key: KeyPair
    """The key that signs now."""
    early_by: timedelta
    """How long every verifier needs until it can know the key; zero when it can."""


def ensure_keys(*, now: datetime) -> None:
    """Check the KEK at start, and make sure that each purpose has a key that signs and its successor.

    Raises ImproperlyConfigured, with nothing changed, when stored keys do not decrypt under the configured KEK.
    """
    key_encryption.register_kek(now=now)
    with key_creation.generated_ahead(list(_lacking(now=now))) as generate:
        run_due_steps(now=now, generate=generate)


def ensure_identity_key(region: str, *, now: datetime) -> None:
    """Make the identity keys of a region for its first server. The tick maintains them from then on."""
    _run_steps(KeySeries("identity", region), now=now)


def run_due_steps(*, now: datetime, generate: key_creation.Generate = key_creation.generate) -> int:
    """Take every step that is due. Returns how many were taken."""
    keys = live_keys()
    return sum(
        _run_steps(series, now=now, generate=generate) for series in _all_series(keys) if _due(series, keys, now=now)
    )


def due_at(now: datetime) -> datetime | None:
    """Return when the next step is due, or None when no step is planned."""
    keys = live_keys()
    all_series = set(_all_series(keys))
    if any(_due(series, keys, now=now) for series in all_series):
        return now
    rows = [each for each in scheduled_keys(now) if KeySeries(each.purpose, each.region) in all_series]
    changes = [each.seconds for each in rows if each.seconds is not None]
    return now + timedelta(seconds=min(changes)) if changes else None


def rotate(purpose: str, *, now: datetime, region: str = "", by: Party) -> Succession:
    """Hand over to the prepared key as soon as every verifier can know it: now, or later by the tick.

    A second request meanwhile changes nothing. If there is no key yet, or its period is over, the successor takes over
    first and the rotation is complete. Raises the same exceptions as ``rotate_now``.
    """
    require_fitting_kek()
    series = _series(purpose, region)
    before = first(live_keys().get(series, []), "active")
    for _ in range(MOST_TRIES):
        _run_steps(series, now=now)
        keys = live_keys()
        active, successor = first(keys.get(series, []), "active"), first(keys.get(series, []), "prepared")
        if active and (before is None or active.kid != before.kid):
            run_due_steps(now=now)
            return Succession(active.kid, now, waits=False)
        if not (active and successor):
            continue
        times, issuer = configured_key_times()[series.purpose], issuer_of(series, keys)
        if now >= ready_at(successor, times, issuer):
            _take(series, HandOver(active.kid, successor.kid), now=now, by=by)
            continue
        at = hand_over_at(replace(active, asked_at=now), successor, times, issuer)
        if active.asked_at or _ask(active.kid, successor.kid, now=now, at=at, by=by):
            return Succession(successor.kid, at, waits=True)
    raise KeyError(series)


def rotate_now(purpose: str, *, now: datetime, region: str = "", by: Party = SYSTEM) -> Rotated:
    """Hand over to the prepared key, even if verifiers cannot know it yet, and prepare the next one.

    This is for an active key that must not sign again.

    Raises KeyError when there are no keys, and ImproperlyConfigured, with nothing changed, when stored keys do not
    decrypt under the configured KEK.
    """
    require_fitting_kek()
    series = _series(purpose, region)
    for _ in range(MOST_TRIES):
        _run_steps(series, now=now)
        keys = live_keys()
        active, successor = first(keys.get(series, []), "active"), first(keys.get(series, []), "prepared")
        if active and successor:
            break
    else:
        raise KeyError(series)
    ready = ready_at(successor, configured_key_times()[series.purpose], issuer_of(series, keys))
    _take(series, HandOver(active.kid, successor.kid), now=now, by=by)
    run_due_steps(now=now)
    key = KeyPair.objects.get(purpose=series.purpose, region=series.region, state=State.ACTIVE)
    return Rotated(key, max(timedelta(0), ready - now))


def _series(purpose: str, region: str) -> KeySeries:
    return KeySeries(cast(Purpose, purpose), region or settings.BAREMINT_REGION)


def _all_series(keys: dict[KeySeries, list[KeyFacts]]) -> Iterator[KeySeries]:
    """Yield each purpose in this region, issuers first; identity keys also in other regions with servers or keys."""
    here = settings.BAREMINT_REGION
    for purpose in configured_key_times():
        if purpose != "identity":
            yield KeySeries(purpose, here)
    regions = {series.region for series in keys if series.purpose == "identity"}
    yield from (KeySeries("identity", region) for region in sorted({here, *regions, *regions_in_use()}))


def _due(series: KeySeries, keys: dict[KeySeries, list[KeyFacts]], *, now: datetime) -> Step | None:
    times = configured_key_times()[series.purpose]
    return next_step(keys.get(series, []), now=now, times=times, issuer=issuer_of(series, keys))


def _lacking(*, now: datetime) -> Iterator[Purpose]:
    """Yield the purpose of each key that is due now, in the order in which they are made.

    For a purpose without keys these are two: the first key and its successor.
    """
    keys = live_keys()
    for series in _all_series(keys):
        if _due(series, keys, now=now) == Prepare():
            yield from [series.purpose] * (1 if keys.get(series) else 2)


def _run_steps(series: KeySeries, *, now: datetime, generate: key_creation.Generate = key_creation.generate) -> int:
    number = 0
    while number < MOST_STEPS and (step := _due(series, live_keys(), now=now)):
        if not _take(series, step, now=now, generate=generate):
            break  # another process took it; the next tick sees what is left
        number += 1
    return number


def _take(
    series: KeySeries,
    step: Step,
    *,
    now: datetime,
    by: Party | None = None,
    generate: key_creation.Generate = key_creation.generate,
) -> bool:
    """Take one step. Return whether this process took it. ``by`` is the party that asks for this hand-over now."""
    match step:
        case Prepare():
            is_done = _prepare(series, now=now, generate=generate)
        case Discard(kid):
            is_done = _end(kid, State.PREPARED, KEY_DISCARD, now=now)
        case HandOver(old, successor):
            is_done = _hand_over(series, old, successor, now=now, by=by)
        case Retire(kid):
            is_done = _end(kid, State.RETIRING, KEY_RETIRE, now=now)
    key_cache.forget()
    return is_done


def _move(kid: str, before: str, after: str, **changes: object) -> int:
    return KeyPair.objects.filter(kid=kid, state=before).update(state=after, **changes)


@transaction.atomic
def _end(kid: str, before: str, event: str, *, now: datetime) -> bool:
    if _move(kid, before, State.RETIRED, retired_at=now, **WIPED) != 1:
        return False
    record(event, initiator=SYSTEM, target=Party(kid, kid, "Key"))
    return True


def _hand_over(series: KeySeries, old: str | None, successor: str, *, now: datetime, by: Party | None) -> bool:
    """Demote the old key, then promote the successor, so that the partial unique index never sees two active keys.

    Either both happen or neither.
    """
    with transaction.atomic():
        # The private key is deleted if the key cannot sign anything any more.
        signs_on = configured_key_times()[series.purpose].signs_while_retiring
        wiped: Mapping[str, object] = {} if signs_on else WIPED
        if old is not None and _move(old, State.ACTIVE, State.RETIRING, demoted_at=now, **wiped) != 1:
            return False
        failpoints.reach("after_demote", series.purpose)
        if _move(successor, State.PREPARED, State.ACTIVE, activated_at=now) != 1:
            transaction.set_rollback(True)
            return False
        who, asked_at = (by, now) if by else _who_asked(old)
        request = {"asked_at": asked_at.isoformat()} if asked_at else {}
        record(
            KEY_ROTATE,
            initiator=who,
            target=Party(successor, successor, "Key"),
            data={"old": old, "new": successor, **request},
        )
        failpoints.reach("before_commit", series.purpose)
    failpoints.reach("after_commit", series.purpose)
    return True


@transaction.atomic
def _ask(active: str, successor: str, *, now: datetime, at: datetime, by: Party) -> bool:
    """Record that an operator asked for the successor to take over.

    Return False when another operator asked before, or the successor has taken over.
    """
    rows = KeyPair.objects.filter(kid=active, state=State.ACTIVE, rotation_asked_at=None)
    if rows.update(rotation_asked_at=now) != 1:
        return False
    # The event is about the key to be replaced: its successor may be discarded for another one meanwhile.
    target = Party(active, active, "Key")
    record(KEY_ASK_ROTATION, initiator=by, target=target, data={"old": active, "new": successor, "at": at.isoformat()})
    return True


def _who_asked(old: str | None) -> tuple[Party, datetime | None]:
    """Return who asked for the successor of a key to take over, and when; usually the system, and None."""
    asked_at = KeyPair.objects.filter(kid=old).values_list("rotation_asked_at", flat=True).first()
    if asked_at is None:
        return SYSTEM, None
    event = ActivityEvent.objects.filter(action=KEY_ASK_ROTATION, target_id=old).order_by("-id").first()
    if event is None:
        return SYSTEM, asked_at
    return Party(event.initiator_id, event.initiator_name, event.initiator_type), asked_at


def _prepare(series: KeySeries, *, now: datetime, generate: key_creation.Generate) -> bool:
    """Make a key and publish it. The key is generated outside any transaction, because that is slow."""
    key = generate(series.purpose)
    failpoints.reach("after_generate", series.purpose)
    try:
        with named_lock(f"key {series.purpose} {series.region}"):
            if _due(series, live_keys(), now=now) != Prepare():
                return False  # another process prepared one meanwhile; this one is discarded
            successor = key_creation.store_successor(series.purpose, series.region, key, now=now)
            record(KEY_PREPARE, initiator=SYSTEM, target=Party(successor.kid, successor.kid, "Key"))
            failpoints.reach("after_insert", series.purpose)
    except (IntegrityError, key_creation.NoIssuer):
        return False
    failpoints.reach("after_publish", series.purpose)
    return True
