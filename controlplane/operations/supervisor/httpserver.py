"""Granian with sockets of our own making and workers that cannot outlive it.

Granian opens its sockets itself, from host and port, and can neither bind to a device nor tell a taken port from one
shared by SO_REUSEPORT. So each worker is handed a socket made here, by the path that Granian uses where a platform
lacks SO_REUSEPORT (one descriptor for all). One per worker, because workers that accept from one descriptor leave the
load to whichever wakes first: 16 connections all went to one of two workers, at two thirds of the throughput.

This overrides two private methods of ``granian.server.mp.MPServer``, and replaces its memory of workers that died: the
dependency is pinned to that minor version.
"""

import multiprocessing
import os
import socket
from collections import deque
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.server.mp import MPServer, WorkerProcess

from controlplane.operations.supervisor import sockets
from controlplane.operations.supervisor.lifeline import die_with

KILL_WORKER_AFTER = 5
KEEP_IDLE_THREAD = 600
"""Seconds, Granian's longest: a thread that ends drops its database connection."""

# Granian's messages go where the product's go; see controlplane/kernel/logs.py.
LOGGING: dict[str, Any] = {
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")}
}


class Respawns(dict[int, float]):
    """When each worker was started again. Granian ends the whole service when one dies within 5.5 s of that; here it
    takes so many deaths in so short a time that nothing but a fault of the program explains them."""

    MOST = 10
    SECONDS = 20.0

    def __init__(self) -> None:
        super().__init__()
        self._recent: deque[float] = deque(maxlen=self.MOST)

    def __setitem__(self, worker: int, instant: float) -> None:
        self._recent.append(instant)
        super().__setitem__(worker, instant)

    def get(self, worker: int, default: float = 0) -> float:  # type: ignore[override]
        """What Granian compares with now; ``default`` is long ago."""
        is_loop = len(self._recent) == self.MOST and self._recent[-1] - self._recent[0] <= self.SECONDS
        return super().get(worker, default) if is_loop else default


class HttpServer(MPServer):
    def __init__(self, application: str, endpoint: sockets.Endpoint, *, workers: int, threads: int) -> None:
        super().__init__(
            application,
            address=endpoint.host,
            port=endpoint.port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            websockets=False,
            workers=workers,
            blocking_threads=threads,
            blocking_threads_idle_timeout=KEEP_IDLE_THREAD,
            respawn_failed_workers=True,
            workers_kill_timeout=KILL_WORKER_AFTER,
            log_dictconfig=LOGGING,
        )
        self.endpoint = endpoint
        self._sso = None
        self.listening: list[socket.socket] = []
        self.respawned_wrks = Respawns()

    def _init_shared_socket(self) -> None:
        self.listening = [sockets.bind(self.endpoint, shared=True) for _ in range(self.workers)]

    def _drop_shared_socket(self) -> None:
        for sock in self.listening:
            sock.close()

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> WorkerProcess:  # type: ignore[override]
        descriptor = self.listening[idx].fileno()
        self._shd = SocketHolder(descriptor, False, self.backlog)  # type: ignore[call-arg, assignment]
        return super()._spawn_worker(idx, target, callback_loader)


def serve(application: str, endpoint: sockets.Endpoint, *, workers: int, threads: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    # The workers inherit the sockets, which only a fork does.
    multiprocessing.set_start_method("fork")
    die = die_with(os.getpid())

    def work(*arguments: Any) -> None:
        die()
        MPServer._spawn_wsgi_worker(*arguments)

    HttpServer(application, endpoint, workers=workers, threads=threads).serve(spawn_target=work)
