"""Run the product for the benchmark, with its own data directory, ports and database."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from controlplane.bench import children
from controlplane.bench.postgresql import postgresql_server
from controlplane.deployment import process_lock
from controlplane.deployment.home import Home
from controlplane.deployment.owned_folder import owned_folder
from controlplane.runtime.supervisor import termination

PREFIX = "baremint-bench-"
STOP_SECONDS = 6.0


@dataclass(frozen=True)
class Running:
    info: dict[str, Any]
    """The data of ``baremint info --json``."""
    environment: dict[str, str]


@contextlib.contextmanager
def running(database: str) -> Iterator[Running]:
    """Run a product on ``postgresql`` or ``sqlite``. Raises children.Failed and postgresql.CannotStart."""
    with contextlib.ExitStack() as stack:
        home = Home(stack.enter_context(owned_folder(PREFIX)) / "home")
        environment = environment_of(home) | {"BAREMINT_LOG_LEVEL": "WARNING", "BAREMINT_PROVISION_SECONDS": "0"}
        if database == "postgresql":
            environment["DATABASE_URL"] = stack.enter_context(postgresql_server(durable=True)).get_uri()
        stack.callback(stop, home)
        children.baremint("up", "--detach", "--stop-with", str(os.getpid()), environment=environment)
        yield Running(json.loads(children.baremint("info", "--json", environment=environment)), environment)


def environment_of(home: Home) -> dict[str, str]:
    """Return the environment of a separate product: free ports, and the embedded database and broker."""
    ports = free_ports(3)
    environment = os.environ | {
        "BAREMINT_HOME": str(home.path),
        "BAREMINT_PORT": str(ports[0]),
        "BAREMINT_METADATA_PORT": str(ports[1]),
        "BAREMINT_METADATA_TLS_PORT": str(ports[2]),
        "XDG_STATE_HOME": "/proc/none",  # the last one started is the user's own
    }
    for outside in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(outside, None)
    return environment


def stop(home: Home) -> None:
    """Stop the product like ``baremint down``, without starting a command."""
    if (supervisor := process_lock.holder(home)) is not None:
        termination.end(supervisor, seconds=STOP_SECONDS)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
