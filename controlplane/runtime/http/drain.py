"""Read and discard what a client still sends after its response.

Closing a socket with unread data sends a reset, which destroys the response. Browsers read no response before they have
sent a whole form.
"""

from collections.abc import Callable

from controlplane.runtime.http.limits import Limits


class Drain:
    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """The time limit starts now."""
        self._limits = limits
        self._clock = clock
        self._since = clock()
        self._size = 0

    def deadline_after(self, received: int) -> float:
        """Return when the connection ends if no more data arrives after these bytes; zero when it is too much."""
        self._size += received
        if self._size > self._limits.linger_size:
            return 0
        return min(self._clock(), self._since + self._size / self._limits.least_rate) + self._limits.linger_seconds
