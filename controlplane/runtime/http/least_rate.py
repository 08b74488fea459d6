"""A minimum transfer rate for large bodies and responses, measured in each span of a few seconds.

Each span counts separately, so a fast start does not permit a slow rest.
"""

from controlplane.runtime.http.limits import Limits


class LeastRate:
    def __init__(self, limits: Limits, *, seconds: float) -> None:
        """``seconds`` is the length of a span."""
        self.seconds = seconds
        self._least = limits.least_rate * seconds
        self._before = 0

    def is_met(self, size: int) -> bool:
        """Return whether enough data came in the span that ends now. ``size`` is the total so far."""
        is_enough = size - self._before >= self._least
        self._before = size
        return is_enough
