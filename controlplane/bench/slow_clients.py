"""``baremint bench slow``: measure the effect of slow clients on a fast one, by listener and kind."""

import json
import ssl
import statistics
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from controlplane.bench import product, requests, slow, steady_load
from controlplane.bench.load import Request
from controlplane.bench.slow import KINDS
from controlplane.bench.steady_load import Steady
from controlplane.cli.arguments import argument, arguments
from controlplane.deployment import command_line

TLS_ALONE = "half handshake"
TOKEN = "PUT /identity/v1/token"  # noqa: S105  a request
LIST = "GET /v1/bare_metal_servers"
OBJECT_SIZE = 5_000_000


@dataclass(frozen=True)
class Listener:
    """The request of the fast client, and the address of the slow ones: another server where there are several."""

    name: str
    request: Request
    address: str
    port: int
    tls: ssl.SSLContext | None = None
    path: str = f"/identity/v1/token?{requests.VERSION}"
    authorization: str = ""
    """Authorization of an account whose object of 5 MB is at this path of the object store."""

    @property
    def kinds(self) -> list[str]:
        return [
            name
            for name, kind in KINDS.items()
            if (self.tls is not None or name != TLS_ALONE) and kind.of_objects == bool(self.authorization)
        ]

    def clients(self, count: int) -> int:
        """Return the number of slow clients: fewer at the object store, where each is authorized first, which is work.
        They are still more than there are threads."""
        return count // 10 if self.authorization else count


@dataclass(frozen=True)
class Measurement:
    steady: list[Steady]
    """The results of each repetition."""
    cpu: float
    """CPU share of the slow clients' process; 0 without them."""

    @property
    def p99(self) -> float:
        return statistics.median(each.p99 for each in self.steady)

    @property
    def failed(self) -> int:
        return sum(each.failed for each in self.steady)


SLOW_ARGUMENTS = arguments(
    argument("--seconds", type=float, default=60.0, help="length of each measurement (default 60)"),
    argument("--times", type=int, default=3, metavar="COUNT", help="medians of so many (default 3)"),
    argument("--clients", type=int, default=500, metavar="COUNT", help="slow clients (default 500)"),
)


def measure(*, seconds: float, times: int, clients: int, say: Callable[[str], None]) -> None:
    """Start a separate product and print the result for each kind of slow clients at each listener."""
    with product.running("sqlite") as running:
        say("")
        say(f"{'listener':16}{'slow clients':18}{'p50 ms':>9}{'p99 ms':>9}{'of idle':>9}{'failed':>8}{'CPU':>8}")
        for listener in listeners(running.info):
            idle = look(listener, seconds=seconds, times=times)
            say(_line(listener.name, "none", idle, idle))
            for kind in listener.kinds:
                count = listener.clients(clients)
                result = look(listener, kind, clients=count, seconds=seconds, times=times)
                say(_line(listener.name, f"{count} {kind}", result, idle))


def listeners(info: dict[str, Any]) -> list[Listener]:
    """Return the listeners of a product. ``info`` is that of ``baremint info --json``."""
    kinds = requests.kinds(info)
    first, second = (urllib.parse.urlsplit(each["metadata_url"]).hostname or "" for each in info["servers"][:2])
    control = urllib.parse.urlsplit(info["control_plane_url"])
    tls_port, trust = info["metadata_tls_port"], ssl.create_default_context(cafile=info["ca_bundle"])
    return [
        Listener("control plane", kinds[LIST], control.hostname or "", control.port or 80, path="/identity/token"),
        _object_store(info, kinds[LIST]),
        Listener("metadata", kinds[TOKEN], second, kinds[TOKEN].port),
        Listener("metadata, same", kinds[TOKEN], kinds[TOKEN].address, kinds[TOKEN].port),
        Listener("metadata TLS", Request(first, tls_port, "GET", "/healthz"), second, tls_port, trust),
    ]


def _object_store(info: dict[str, Any], request: Request) -> Listener:
    """Return the control plane as a listener, after creating an object for the slow clients."""
    authorization = request.headers["Authorization"]
    for path, body in (("/slow-clients", b""), ("/slow-clients/object", bytes(OBJECT_SIZE))):
        upload = urllib.request.Request(  # noqa: S310  loopback http
            f"{info['control_plane_url']}/cos{path}", body, {"Authorization": authorization}, method="PUT"
        )
        with suppress(urllib.error.HTTPError), urllib.request.urlopen(upload, timeout=30):  # noqa: S310  there before
            pass
    return Listener(
        "object store",
        request,
        request.address,
        request.port,
        path="/slow-clients/object",
        authorization=authorization,
    )


def look(listener: Listener, kind: str = "", *, clients: int = 0, seconds: float, times: int) -> Measurement:
    """Return the latencies of a fast client beside ``clients`` slow ones of this kind."""
    if not kind:
        return Measurement(
            [steady_load.run(listener.request, seconds=seconds, tls=listener.tls) for _ in range(times)], 0
        )
    where = [listener.address, str(listener.port), str(clients), "--path", listener.path]
    options = ["--authorization", listener.authorization, *(["--tls"] if listener.tls else [])]
    command = command_line.python(slow.__name__, kind, *where, *options)
    with slow_ones(command, env=command_line.environment()) as report:
        rounds = [steady_load.run(listener.request, seconds=seconds, tls=listener.tls) for _ in range(times)]
    return Measurement(rounds, report["cpu"])


@contextmanager
def slow_ones(command: list[str], **options: Any) -> Iterator[dict[str, Any]]:
    """Start the slow clients and wait until they are connected. The yielded dict has their report after the block."""
    report: dict[str, Any] = {}
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
    ) as process:
        assert process.stdin and process.stdout  # noqa: S101, PT018  they are pipes
        process.stdout.readline()
        yield report
        process.stdin.close()
        report |= json.loads(process.stdout.readline())


def _line(listener: str, kind: str, measurement: Measurement, idle: Measurement) -> str:
    median = statistics.median(each.median for each in measurement.steady)
    return (
        f"{listener:16}{kind:18}{median * 1000:9.1f}{measurement.p99 * 1000:9.1f}{measurement.p99 / idle.p99:9.2f}"
        f"{measurement.failed:8}{measurement.cpu:8.1%}"
    )
