"""A WSGI application behind any number of listening sockets, each with its own idea of who calls and of TLS."""

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
from controlplane.runtime.http.connection_limit import FOREVER, Crowd
from controlplane.runtime.http.limits import Limits
from controlplane.runtime.http.listener import Door
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
"""At the end, whether there is still something under way."""
REST_SECONDS = 0.05
"""Without accepting, when the process has no descriptor left."""


class Service:
    """Runs in an event loop of its own. ``open`` and ``shut`` may be called from any thread."""

    def __init__(
        self,
        application: Application,
        *,
        threads: int,
        largest_body: Callable[[str], int],
        refuse: Refuse,
        most: int,
        aside: frozenset[str] = frozenset(),
        limits: Limits = Limits(),  # noqa: B008  frozen
    ) -> None:
        """``largest_body`` is given the path of a request; ``most`` connections are there at once. Each path that is
        ``aside`` has a thread of its own, and is answered whatever all others wait for."""
        self.application = application
        self.largest_body = largest_body
        self.refuse = refuse
        self.limits = limits
        self.stopping = False
        self.threads = Threads(threads)
        self.early_threads = Threads(1, name="early", rests=3)
        """For requests that are asked about before they are whole, so that no whole one waits for them."""
        self._aside = {path: Threads(1, name=f"aside {path}") for path in aside}
        self.loop = uvloop.new_event_loop()
        self.crowd = Crowd(limits, most=most, wake=self.wake)
        self._handshakes = ConcurrencyLimit(self.loop, at_once=AT_ONCE)
        self._contexts = ThreadPoolExecutor(1, "tls")
        self.readers = ThreadPoolExecutor(READERS, "read")
        """For answers that are read from files."""
        self._doors: set[Door] = set()
        self._looking: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def run(self, *doors: Door, ready: Callable[[], object], signals: tuple[int, ...] = ENDING) -> None:
        """Serve until one of these signals, for which this must be the main thread; then until what is under way is
        answered."""
        for number in signals:
            self.loop.add_signal_handler(number, self._stop)
        for door in doors:
            self._open(door)
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

    def open(self, door: Door) -> None:
        """Accept at this door from now on."""
        self.loop.call_soon_threadsafe(self._open, door)

    def shut(self, door: Door) -> None:
        """Accept no more there. The socket is closed."""

        async def shut() -> None:
            self._shut(door)

        asyncio.run_coroutine_threadsafe(shut(), self.loop).result()
        door.listening.close()

    def threads_of(self, path: str, otherwise: Threads, *, early: bool) -> Threads:
        return self._aside.get(path) or (self.early_threads if early else otherwise)

    def tell(self, what: Callable[..., object], *arguments: Any) -> None:
        """Have the loop call it, from a thread. Nothing comes of that when the service has ended."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(what, *arguments)

    def wake(self) -> None:
        """Look at the time of every connection soon."""
        when = self.loop.time() + self.crowd.interval
        if self._looking is None or self._looking.when() > when:
            if self._looking is not None:
                self._looking.cancel()
            self._looking = self.loop.call_at(when, self._look)

    def _look(self) -> None:
        self._looking = None
        try:
            self.crowd.look(self.loop.time())
        finally:
            self.wake()

    def _open(self, door: Door) -> None:
        door.listening.setblocking(False)
        door.listening.listen(BACKLOG)
        self._doors.add(door)
        self.loop.add_reader(door.listening, self._accept, door)

    def _shut(self, door: Door) -> None:
        self._doors.discard(door)
        self.loop.remove_reader(door.listening)

    def _accept(self, door: Door) -> None:
        for _ in range(ACCEPT_AT_ONCE):
            try:
                accepted, address = door.listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as failure:
                if failure.errno not in NO_ROOM:
                    raise
                self.crowd.make_room()
                self.loop.remove_reader(door.listening)
                self.loop.call_later(REST_SECONDS, self._accept_again, door)
                return
            try:
                self._admit(door, accepted, address)
            except Exception:
                log.exception("a connection could not be taken", address=str(address))
                accepted.close()

    def _accept_again(self, door: Door) -> None:
        if door in self._doors:
            self.loop.add_reader(door.listening, self._accept, door)

    def _admit(self, door: Door, accepted: socket.socket, address: Any) -> None:
        if not door.admits(accepted):
            accepted.close()
            return
        accepted.setblocking(False)
        share, protocol = door.speak(self, accepted, address)
        if door.context is None:
            self._begin(self.loop.connect_accepted_socket(lambda: protocol, accepted))
        else:
            handshake = Handshake(self.crowd, share, self.loop.time(), self.limits)
            context = partial(self.loop.run_in_executor, self._contexts, door.context, accepted)
            handshake.task = self._begin(
                handshake.shake_hands(self.loop, accepted, self._handshakes, context, lambda: protocol)
            )

    def _begin(self, what: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self.loop.create_task(what)
        self._tasks.add(task)  # the loop itself keeps no task
        task.add_done_callback(self._tasks.discard)
        return task

    def _stop(self) -> None:
        """Accept nothing more, and end when what is under way is answered."""
        if self.stopping:
            return
        self.stopping = True
        for door in list(self._doors):
            self._shut(door)
        for member in self.crowd.members():
            if isinstance(member, Connection):
                member.close_unless_busy()
            else:
                member.abort()
        self._end_when_empty(self.loop.time() + self.limits.linger_seconds)

    def _end_when_empty(self, aborts_at: float) -> None:
        if self.loop.time() >= aborts_at:
            for member in self.crowd.members():
                if member.deadline < FOREVER:  # it waits for its client
                    member.abort()
        if len(self.crowd) or self._tasks:  # a task that is cancelled closes its transport
            self.loop.call_later(LOOK_EVERY, self._end_when_empty, aborts_at)
        else:
            self.loop.stop()
