"""Stream the body of a response from a file, with one piece in memory."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

import structlog

from controlplane.kernel.streamed import PIECE, Source

log = structlog.get_logger(__name__)


class StreamedResponse:
    """Runs in the event loop; reads in ``threads``, because a disk may be slow."""

    def __init__(
        self,
        source: Source,
        transport: Any,
        *,
        threads: Executor,
        tell: Callable[..., object],
        done: Callable[[bool], None],
    ) -> None:
        """``tell`` has the loop call a function, from a thread; ``done`` is called with whether all was written."""
        self.written = 0
        self._source = source
        self._transport = transport
        self._threads = threads
        self._tell = tell
        self._done = done
        self._reads = False
        self._waits = False
        """The client reads more slowly than the file."""
        self._ended = False

    def go_on(self) -> None:
        self._waits = False
        if not self._reads and not self._ended:
            self._reads = True
            future = self._threads.submit(self._source.read, PIECE)
            future.add_done_callback(partial(self._tell, self._take))

    def wait(self) -> None:
        self._waits = True

    def end(self) -> None:
        """Stop after the client has disconnected."""
        self._ended = True
        if not self._reads:
            self._source.close()

    def _take(self, future: Future[bytes]) -> None:
        self._reads = False
        failure = future.exception()
        if failure is not None and not self._ended:
            log.error("a response was truncated", reason=str(failure))
        piece = future.result() if failure is None else b""
        if self._ended or not piece:
            self._source.close()
            if not self._ended:
                self._ended = True
                self._done(failure is None)
            return
        self.written += len(piece)
        self._transport.write(piece)
        if not self._waits:
            self.go_on()
