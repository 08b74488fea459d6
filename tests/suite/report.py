"""The table at the end of a run, and the verdict on it: too slow, tried again too often, something left behind."""

from collections.abc import Iterator

from tests.suite.parts import NAMED
from tests.suite.plugin import SLOWEST
from tests.suite.rate import Speed
from tests.suite.record import Measured, Record

TOO_SLOW = 1.5
"""So many times its budget a part may take."""
MOST_SAVED = 3
"""So many tests of a run may pass because they were tried again."""


def describe(speed: Speed) -> str:
    text = f"Raw RS256 2048: {speed.raw.wall:,.0f}/s by wall time, {speed.raw.cpu:,.0f}/s by CPU time."
    return f"{text} The machine is shared: no time is judged." if speed.is_shared else text


def lines(record: Record) -> Iterator[str]:
    """The table, the slowest tests, and the tests that passed when they were tried again."""
    parts = record.parts()
    speeds = [Speed(raw) for raw in record.speeds()]
    yield from (describe(speed) for speed in speeds)
    yield ""
    yield f"{'part':12} {'seconds':>8} {'budget':>8} {'CPU s':>8} {'collection':>11} {'tests':>7}"
    for part in parts:
        allowed = max(speed.allowed(NAMED[part.name].budget) for speed in speeds)
        yield (
            f"{part.name:12} {part.seconds:8.0f} {allowed:8.0f} {part.cpu_seconds:8.0f} {part.collection:11.0f}"
            f" {part.tests:7,}{'  FAILED' if part.status else ''}"
        )
    seconds, cpu, collection, tests = (
        sum(getattr(part, name) for part in parts) for name in ("seconds", "cpu_seconds", "collection", "tests")
    )
    yield f"{'all':12} {seconds:8.0f} {'':8} {cpu:8.0f} {collection:11.0f} {tests:7,}"
    yield ""
    yield "The slowest tests:"
    yield from (f"  {seconds:7.1f} s  {name}" for name, seconds in _slowest(parts))
    if saved := _saved(parts):
        yield ""
        yield "Passed only when they were tried again:"
        yield from (f"  {name}" for name in saved)


def faults(record: Record) -> Iterator[str]:
    """What is wrong with the run as a whole, though every test passed."""
    parts = record.parts()
    speeds = [Speed(raw) for raw in record.speeds()]
    if not any(speed.is_shared for speed in speeds):
        for part in parts:
            allowed = TOO_SLOW * max(speed.allowed(NAMED[part.name].budget) for speed in speeds)
            if part.seconds > allowed:
                slow = "".join(f"\n  {seconds:7.1f} s  {name}" for name, seconds in part.slowest)
                yield f"{part.name} took {part.seconds:.0f} s; {TOO_SLOW} times its budget are {allowed:.0f} s.{slow}"
    if len(saved := _saved(parts)) > MOST_SAVED:
        yield f"{len(saved)} tests passed only when they were tried again; at most {MOST_SAVED} may."
    for part in parts:
        yield from (f"{part.name} left behind: {each}" for each in part.left)


def _slowest(parts: list[Measured]) -> list[tuple[str, float]]:
    tests = [(name, seconds) for part in parts for name, seconds in part.slowest]
    return sorted(tests, key=lambda each: -each[1])[:SLOWEST]


def _saved(parts: list[Measured]) -> list[str]:
    return [name for part in parts for name in part.saved]
