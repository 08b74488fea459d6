"""One HTTP worker of Granian, on a socket of our own making, in the process that calls it.

Granian's own server opens its sockets itself, from host and port, and can neither bind to a device nor tell a taken
port from one shared by SO_REUSEPORT; and it starts its workers from a process that has threads by then. So the
supervisor binds the sockets and forks the workers, as it does every child, and this runs one of them, the way
``granian.server.mp.MPServer`` does: the dependency is pinned to that minor version.

Each worker has a socket of its own, because workers that accept from one leave the load to whichever wakes first: 16
connections all went to one of two workers, at two thirds of the throughput.
"""

import socket
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from granian._futures import _new_cbscheduler
from granian._loops import loops
from granian._signals import set_sync_signals
from granian.log import LogLevels, configure_logging
from granian.wsgi import _callback_wrapper

from controlplane.operations.supervisor.stopping import Arrival

RUST: Any = import_module("granian._granian")
"""What it says of its types is not what it takes."""
KEEP_IDLE_THREAD = 600
"""Seconds, Granian's longest: a thread that ends drops its database connection."""
BACKLOG = 1024
"""Connections that wait to be accepted; so many requests wait for a thread at the most, too."""
NO_TLS: tuple[Any, ...] = (False, None, None, None, "tls1.3", None, [], False)
RUST_THREADS = 1
RUST_BLOCKING_THREADS = 512

# Granian's messages go where the product's go; see controlplane/kernel/logs.py.
LOGGING: dict[str, Any] = {
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")}
}


def serve(
    application: Callable[..., Any], listening: socket.socket, *, threads: int, ready: Callable[[], object]
) -> None:
    """Serve until SIGTERM or SIGINT, and then until what is under way is answered.

    ``ready`` is called when it accepts connections.
    """
    configure_logging(LogLevels.warning, LOGGING, True)
    signalled = Arrival()
    told_to_stop = set_sync_signals()
    stopped = threading.Event()
    told_to_stop.add_cb(stopped.set)
    holder = RUST.SocketHolder(listening.fileno(), False, BACKLOG)
    worker = RUST.WSGIWorker(
        1,
        (None, holder),
        None,
        RUST_THREADS,
        RUST_BLOCKING_THREADS,
        threads,
        KEEP_IDLE_THREAD,
        BACKLOG,
        "1",
        None,
        None,
        None,
        *NO_TLS,
        (None, None),
    )
    callback = _callback_wrapper(application, {"url_path_prefix": None})
    loop = loops.get("auto")
    worker.serve_mtr(_new_cbscheduler(loop, callback, impl_asyncio=True), loop, told_to_stop)
    ready()
    signalled.wait()
    stopped.wait()
