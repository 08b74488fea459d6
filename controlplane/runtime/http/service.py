"""Serve a WSGI application at any number of listeners, each with its own rules for callers and TLS."""

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Self

import structlog
import uvloop

from controlplane.runtime.http.concurrency_limit import ConcurrencyLimit
from controlplane.runtime.http.connection import Connection
from controlplane.runtime.http.connection_limit import FOREVER, ConnectionLimit
from controlplane.runtime.http.limits import Limits
from controlplane.runtime.http.listener import Listener
from controlplane.runtime.http.response import Refuse
from controlplane.runtime.http.threads import Threads
from controlplane.runtime.http.tls_handshake import AT_ONCE, Handshake
from controlplane.runtime.http.wsgi_call import Application

log = structlog.get_logger(__name__)

ENDING = (signal.SIGTERM, signal.SIGINT)
BACKLOG = 1024
ACCEPT_AT_ONCE = 64
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
READERS = 2
LOOK_EVERY = 0.02
"""Interval of the check, while stopping, whether connections remain."""
REST_SECONDS = 0.05
"""Pause of a listener when the process has no descriptor left."""


class Service:
    """An HTTP server with an event loop of its own. ``add_listener`` and ``remove_listener`` are thread-safe."""

    def __init__(
        self,
        application: Application,
        *,
        threads: int,
        largest_body: Callable[[str], int],
        refuse: Refuse,
        most: int,
        dedicated: frozenset[str] = frozenset(),
        limits: Limits = Limits(),  # noqa: B008  frozen
    ) -> None:
        """Create the server without listeners.

        ``largest_body`` returns the limit for the path of a request; ``most`` is the limit of connections. Each path of
        ``dedicated`` has a thread of its own, so that it is answered while all other threads are busy.
        """
        self.application = application
        self.largest_body = largest_body
        self.refuse = refuse
        self.limits = limits
        self.stopping = False
        self.threads = Threads(threads)
        self.early_threads = Threads(1, name="early", pause_factor=3)
        """For calls before the body has arrived, so that they delay no complete request."""
        self._dedicated = {path: Threads(1, name=f"dedicated {path}") for path in dedicated}
        self.loop = uvloop.new_event_loop()
        self.connections = ConnectionLimit(limits, most=most, wake=self.wake)
        self._handshakes = ConcurrencyLimit(self.loop, at_once=AT_ONCE)
        self._contexts = ThreadPoolExecutor(1, "tls")
        self.readers = ThreadPoolExecutor(READERS, "read")
        """For responses that are streamed from files."""
        self._listeners: set[Listener] = set()
        self._looking: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def run(self, *listeners: Listener, ready: Callable[[], object], signals: tuple[int, ...] = ENDING) -> None:
        """Serve until one of these signals, then answer the requests in progress.

        Signals need the main thread.
        """
        for number in signals:
            self.loop.add_signal_handler(number, self._stop)
        for listener in listeners:
            self._open(listener)
        self.loop.call_soon(ready)
        self.wake()
        self.loop.run_forever()
        self.threads.stop()
        self.loop.close()

    def __enter__(self) -> Self:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(
            target=partial(self.run, ready=lambda: None, signals=()), name="serve", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.loop.call_soon_threadsafe(self._stop)
        self._thread.join()

    def add_listener(self, listener: Listener) -> None:
        """Start accepting connections."""
        self.loop.call_soon_threadsafe(self._open, listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop accepting connections and close the socket."""

        async def remove() -> None:
            self._shut(listener)

        asyncio.run_coroutine_threadsafe(remove(), self.loop).result()
        listener.listening.close()

    def threads_of(self, path: str, otherwise: Threads, *, early: bool) -> Threads:
        return self._dedicated.get(path) or (self.early_threads if early else otherwise)

    def tell(self, what: Callable[..., object], *arguments: Any) -> None:
        """Have the loop call a function, from another thread. It is not called once the service has ended."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(what, *arguments)

    def wake(self) -> None:
        """Schedule the next check of all deadlines."""
        when = self.loop.time() + self.connections.interval
        if self._looking is None or self._looking.when() > when:
            if self._looking is not None:
                self._looking.cancel()
            self._looking = self.loop.call_at(when, self._look)

    def _look(self) -> None:
        self._looking = None
        try:
            self.connections.check_deadlines(self.loop.time())
        finally:
            self.wake()

    def _open(self, listener: Listener) -> None:
        listener.listening.setblocking(False)
        listener.listening.listen(BACKLOG)
        self._listeners.add(listener)
        self.loop.add_reader(listener.listening, self._accept, listener)

    def _shut(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        self.loop.remove_reader(listener.listening)

    def _accept(self, listener: Listener) -> None:
        for _ in range(ACCEPT_AT_ONCE):
            try:
                accepted, address = listener.listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as failure:
                if failure.errno not in NO_ROOM:
                    raise
                self.connections.evict()
                self.loop.remove_reader(listener.listening)
                self.loop.call_later(REST_SECONDS, self._accept_again, listener)
                return
            try:
                self._handle_connection(listener, accepted, address)
            except Exception:
                log.exception("a connection could not be accepted", address=str(address))
                accepted.close()

    def _accept_again(self, listener: Listener) -> None:
        if listener in self._listeners:
            self.loop.add_reader(listener.listening, self._accept, listener)

    def _handle_connection(self, listener: Listener, accepted: socket.socket, address: Any) -> None:
        if not listener.accepts(accepted):
            accepted.close()
            return
        accepted.setblocking(False)
        share, protocol = listener.protocol_for(self, accepted, address)
        if listener.context is None:
            self._begin(self.loop.connect_accepted_socket(lambda: protocol, accepted))
        else:
            handshake = Handshake(self.connections, share, self.loop.time(), self.limits)
            context = partial(self.loop.run_in_executor, self._contexts, listener.context, accepted)
            handshake.task = self._begin(
                handshake.shake_hands(self.loop, accepted, self._handshakes, context, lambda: protocol)
            )

    def _begin(self, what: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self.loop.create_task(what)
        self._tasks.add(task)  # the loop itself has only weak references to tasks
        task.add_done_callback(self._tasks.discard)
        return task

    def _stop(self) -> None:
        """Stop accepting connections, and end once the requests in progress are answered."""
        if self.stopping:
            return
        self.stopping = True
        for listener in list(self._listeners):
            self._shut(listener)
        for member in self.connections.all():
            if isinstance(member, Connection):
                member.close_unless_busy()
            else:
                member.abort()
        self._end_when_empty(self.loop.time() + self.limits.linger_seconds)

    def _end_when_empty(self, aborts_at: float) -> None:
        if self.loop.time() >= aborts_at:
            for member in self.connections.all():
                if member.deadline < FOREVER:  # the client is slow
                    member.abort()
        if len(self.connections) or self._tasks:  # a task that is cancelled closes its transport
            self.loop.call_later(LOOK_EVERY, self._end_when_empty, aborts_at)
        else:
            self.loop.stop()
