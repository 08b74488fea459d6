"""Keys on a time axis: a bar for each state of each key, past and future, to show the overlaps.

Pure geometry for one SVG template. The future is faint; the table beside the drawing says the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controlplane.console.presenters.form_snapshot import signing_shown
from identity.key_periods import configured_key_times
from identity.key_schedule import KeyFacts, KeyTimes, Outlook, first, hand_over_at, outlook
from identity.models import KeyPair
from identity.selectors import KeySeries, issuer_of, live_keys

AXIS_LEFT, AXIS_WIDTH = 150, 760
BAR, GAP, TOP = 16, 12, 26
MOST_RETIRED = 2
TICKS = 5
STATES = ("prepared", "active", "retiring")


@dataclass(frozen=True)
class Span:
    """A key in one state; ``end`` is a forecast when ``forecast`` says so."""

    state: str
    start: datetime
    end: datetime
    forecast: bool


@dataclass(frozen=True)
class Bar:
    state: str
    forecast: bool
    x: int
    width: int
    spoken: str


@dataclass(frozen=True)
class KeyRow:
    kid: str
    short: str
    state: str
    tone: str
    published_at: datetime
    next_state: str
    next_at: datetime | None
    y: int
    text_y: int
    bars: list[Bar]


@dataclass(frozen=True)
class Tick:
    x: int
    label: str


@dataclass(frozen=True)
class Timeline:
    """The keys of one purpose in one region."""

    purpose: str
    title: str
    region: str
    width: int
    height: int
    axis_y: int
    now_x: int
    keys: list[KeyRow]
    ticks: list[Tick]
    next_words: str
    next_at: datetime | None
    rotation: str
    """The label of the button that requests a rotation: when the rotation would happen, or will."""
    mark: str
    """The snapshot of the active key (kernel/form_snapshot.py)."""
    waits: bool
    """Whether a requested rotation waits until verifiers can know the successor."""


ROTATION_REQUESTED = "As requested, hands over to the prepared key when every verifier can know it,"
TONES = {"active": "good", "prepared": "busy", "retiring": "warn", "retired": "quiet"}


def timelines(*, now: datetime) -> list[Timeline]:
    """One for each purpose and region that has keys, in the order in which keys depend on each other."""
    order = list(configured_key_times())
    keys = live_keys()
    all_series = sorted(keys, key=lambda series: (-order.index(series.purpose), series.region))
    return [_timeline(series, keys[series], issuer_of(series, keys), now=now) for series in all_series]


def _timeline(series: KeySeries, keys: Sequence[KeyFacts], issuer: KeyFacts | None, *, now: datetime) -> Timeline:
    times = configured_key_times()[series.purpose]
    retired = KeyPair.objects.filter(purpose=series.purpose, region=series.region, state=KeyPair.State.RETIRED)
    past = list(retired.defer("ciphertext", "nonce").order_by("-generation")[:MOST_RETIRED])[::-1]
    future = {key.kid: outlook(key, keys, times, issuer) for key in keys}
    spans = {row.kid: _past_spans(row) for row in past}
    spans |= {key.kid: spans_of(key, future[key.kid], times, now=now) for key in keys}
    start = min(span.start for each in spans.values() for span in each)
    end = max(now, *(span.end for each in spans.values() for span in each))
    axis = _Axis(start, end)
    height = TOP + (BAR + GAP) * len(spans)
    rows = [_key_row(kid, each, future.get(kid), axis, place) for place, (kid, each) in enumerate(spans.items())]
    active, successor = first(keys, "active"), first(keys, "prepared")
    waits = bool(active and successor and active.asked_at)
    rotates_at = hand_over_at(replace(active, asked_at=now), successor, times, issuer) if active and successor else now
    words, at = (ROTATION_REQUESTED, rotates_at) if waits else _next_step(future.values())
    return Timeline(
        purpose=series.purpose,
        title=KeyPair.Purpose(series.purpose).label,
        region=series.region,
        width=AXIS_LEFT + AXIS_WIDTH + 60,
        height=height + 24,
        axis_y=height,
        now_x=axis.x(now),
        keys=rows,
        ticks=axis.ticks(),
        next_words=words,
        next_at=at,
        rotation=_rotation(rotates_at, waits=waits, now=now),
        mark=signing_shown(series, active.kid if active else "").mark,
        waits=waits,
    )


def instant(at: datetime, *, now: datetime) -> str:
    """The time, without the date if it is today."""
    return f"{at:%H:%M:%S} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _rotation(at: datetime, *, waits: bool, now: datetime) -> str:
    if waits:
        return f"Rotates at {instant(at, now=now)}"
    return f"Rotate at {instant(at, now=now)}" if at > now else "Rotate now"


def spans_of(key: KeyFacts, future: Outlook, times: KeyTimes, *, now: datetime) -> list[Span]:
    """The states of a key that is not retired: past ones, the present one until its forecast end, and the next one."""
    marks = [key.published_at, key.activated_at, key.demoted_at]
    spans = [
        Span(state, start, end, False)
        for state, start, end in zip(STATES, marks, marks[1:], strict=False)
        if start and end
    ]
    until = future.at or future.since
    spans.append(Span(key.state, future.since, min(now, until), False))
    spans.append(Span(key.state, min(now, until), until, True))
    following = {"active": times.period, "retiring": times.verify_after}
    if future.next_state in following and future.at:
        spans.append(Span(future.next_state, until, until + following[future.next_state], True))
    return spans


def _past_spans(row: KeyPair) -> list[Span]:
    marks = [row.published_at, row.activated_at, row.demoted_at, row.retired_at]
    spans = [
        Span(state, start, end, False)
        for state, start, end in zip(STATES, marks, marks[1:], strict=False)
        if start and end
    ]
    end = row.retired_at or row.published_at
    return spans or [Span("prepared", row.published_at, end, False)]


class _Axis:
    def __init__(self, start: datetime, end: datetime) -> None:
        self.start, self.length = start, max((end - start).total_seconds(), 1.0)

    def x(self, instant: datetime) -> int:
        return AXIS_LEFT + round(AXIS_WIDTH * (instant - self.start).total_seconds() / self.length)

    def ticks(self) -> list[Tick]:
        step = timedelta(seconds=self.length / (TICKS - 1))
        day = timedelta(days=1).total_seconds()
        form = "%d %b %H:%M" if self.length < 7 * day else "%d %b" if self.length < 200 * day else "%b %Y"
        instants = [self.start + step * number for number in range(TICKS)]
        return [Tick(self.x(each), each.strftime(form)) for each in instants]


def _key_row(kid: str, spans: Sequence[Span], future: Outlook | None, axis: _Axis, place: int) -> KeyRow:
    y = TOP + (BAR + GAP) * place
    state = future.state if future else "retired"
    return KeyRow(
        kid=kid,
        short=kid if len(kid) <= 18 else f"{kid[:8]}...{kid[-6:]}",
        state=state,
        tone=TONES[state],
        published_at=spans[0].start,
        next_state=(future.next_state if future else "") or "",
        next_at=future.at if future else None,
        y=y,
        text_y=y + 12,
        bars=[_bar(span, axis) for span in spans],
    )


def _bar(span: Span, axis: _Axis) -> Bar:
    x = axis.x(span.start)
    times = f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M} UTC"
    label = f"{span.state}, {times}{' (forecast)' if span.forecast else ''}"
    return Bar(span.state, span.forecast, x, max(axis.x(span.end) - x, 2), label)


def _next_step(outlooks: Iterable[Outlook]) -> tuple[str, datetime | None]:
    """The next change in words, and its time."""
    words = {"active": "Hands over to the prepared key", "retiring": "Retires the key that only verifies"}
    upcoming = [(each.at, words[each.state]) for each in outlooks if each.at and each.state in words]
    if not upcoming:
        return "The next key is prepared first.", None
    at, sentence = min(upcoming)
    return sentence, at
