"""What a client sends on when it has its answer: it is read over, or the kernel would throw away the answer with it.

Browsers read no answer before they have sent all of a form.
"""

from collections.abc import Callable

from controlplane.runtime.http.limits import Limits


class Rest:
    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """It begins now."""
        self._limits = limits
        self._clock = clock
        self._since = clock()
        self._size = 0

    def after(self, received: int) -> float:
        """When the connection ends, if nothing comes after these bytes; zero when it is too much."""
        self._size += received
        if self._size > self._limits.linger_size:
            return 0
        return min(self._clock(), self._since + self._size / self._limits.least_rate) + self._limits.linger_seconds
