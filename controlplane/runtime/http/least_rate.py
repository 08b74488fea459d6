"""What is large may take as long as it comes at the least rate, measured anew every few seconds: whoever was fast for
a while must go on."""

from controlplane.runtime.http.limits import Limits


class Pace:
    def __init__(self, limits: Limits, *, seconds: float) -> None:
        """``seconds``: the span in which nothing is asked at first, and ``least_rate`` afterwards."""
        self.seconds = seconds
        self._least = limits.least_rate * seconds
        self._before = 0

    def is_kept(self, size: int) -> bool:
        """At the end of a span, with what there is in all: whether enough of it came in this span."""
        is_enough = size - self._before >= self._least
        self._before = size
        return is_enough
