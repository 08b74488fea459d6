"""How fast the machine is, and whether it has others to serve: the raw RS256 rate by wall time and by CPU time."""

from dataclasses import dataclass

from controlplane.operations.bench.signing import RawRate

REFERENCE = 2_000
"""Signatures per second of both cores to which the budgets of parts.py belong."""
SHARED_BELOW = 0.8
LIKE = 0.5
"""Python gains less by a faster processor than RSA, which has instructions of its own there: from 2,029 to 8,750
signatures a second the suite became 2.1 times as fast, about the square root."""


@dataclass(frozen=True)
class Speed:
    """One measurement of the machine."""

    raw: RawRate

    @property
    def is_shared(self) -> bool:
        """Whether somebody else uses the processors: then no time is judged."""
        return self.raw.wall < SHARED_BELOW * self.raw.cpu

    def allowed(self, budget: float) -> float:
        """Seconds that a budget of parts.py comes to on this machine."""
        return budget * (REFERENCE / self.raw.cpu) ** LIKE
