"""The table at the end of a run, and the verdict on it: too slow, tried again too often, something left behind."""

from collections.abc import Iterator, Sequence

from controlplane.bench.signing import RawRate
from tests.suite.parts import NAMED
from tests.suite.plugin import SLOWEST
from tests.suite.rate import allowed, is_shared
from tests.suite.record import Measured, Record

TOO_SLOW = 1.5
"""So many times its budget a part may take."""
MOST_SAVED = 3
"""So many tests of a run may pass because they were tried again."""


def describe(rates: Sequence[RawRate]) -> str:
    """One rate as such, several by the lowest and the highest."""
    text = f"Raw RS256 2048: {_range([rate.wall for rate in rates])}/s by wall time"
    text = f"{text}, {_range([rate.cpu for rate in rates])}/s by CPU time."
    return f"{text} The machine is shared: no time is judged." if is_shared(rates) else text


def lines(record: Record) -> Iterator[str]:
    """The table, the slowest tests, and the tests that passed when they were tried again."""
    parts, rates = record.parts(), record.rates()
    yield describe(rates)
    yield ""
    yield f"{'part':12} {'seconds':>8} {'budget':>8} {'CPU s':>8} {'collection':>11} {'tests':>7}"
    for part in parts:
        budget = allowed(NAMED[part.name].budget, rates)
        yield (
            f"{part.name:12} {part.seconds:8.0f} {budget:8.0f} {part.cpu_seconds:8.0f} {part.collection:11.0f}"
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
    parts, rates = record.parts(), record.rates()
    if not is_shared(rates):
        for part in parts:
            most = TOO_SLOW * allowed(NAMED[part.name].budget, rates)
            if part.seconds > most:
                slow = "".join(f"\n  {seconds:7.1f} s  {name}" for name, seconds in part.slowest)
                yield f"{part.name} took {part.seconds:.0f} s; {TOO_SLOW} times its budget are {most:.0f} s.{slow}"
    if len(saved := _saved(parts)) > MOST_SAVED:
        yield f"{len(saved)} tests passed only when they were tried again; at most {MOST_SAVED} may."
    for part in parts:
        yield from (f"{part.name} left behind: {each}" for each in part.left)


def _range(values: list[float]) -> str:
    lowest, highest = (f"{choose(values):,.0f}" for choose in (min, max))
    return lowest if lowest == highest else f"{lowest}-{highest}"


def _slowest(parts: list[Measured]) -> list[tuple[str, float]]:
    tests = [(name, seconds) for part in parts for name, seconds in part.slowest]
    return sorted(tests, key=lambda each: -each[1])[:SLOWEST]


def _saved(parts: list[Measured]) -> list[str]:
    return [name for part in parts for name in part.saved]
