"""How fast the machine is, and whether it has others to serve: the raw RS256 rate by wall time and by CPU time."""

from collections.abc import Sequence

from controlplane.bench.signing import RawRate

REFERENCE = 2_000
"""Signatures per second of both cores to which the budgets of parts.py belong."""
SHARED_BELOW = 0.8
LIKE = 0.5
"""Python gains less by a faster processor than RSA, which has instructions of its own there: from 2,029 to 8,750
signatures a second the suite became 2.1 times as fast, about the square root."""


def is_shared(rates: Sequence[RawRate]) -> bool:
    """Whether other programs used the processors at any of these times. If so, no time is judged."""
    return any(rate.wall < SHARED_BELOW * rate.cpu for rate in rates)


def allowed(budget: float, rates: Sequence[RawRate]) -> float:
    """Seconds that a budget of parts.py comes to on a machine that had these rates in the course of a run.

    A processor is slower while the other half of its core works for another machine. Then everything takes longer in
    the same ratio, so the budget grows by the ratio of the fastest rate to the slowest.
    """
    fastest, slowest = (choose(rate.cpu for rate in rates) for choose in (max, min))
    return budget * (REFERENCE / fastest) ** LIKE * fastest / slowest
