"""PostgreSQL stands still, as behind a network that has gone, and is there again; then it is restarted."""

import http.client
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator

from controlplane.bench.postgresql import PostgresqlServer, postgresql_server
from controlplane.observability.readiness import KEPT_SECONDS
from tests.live.product import Product
from tests.process_tree import descendants

pytestmark = pytest.mark.fault

AT_ONCE = 30
REQUEST_SECONDS, READINESS_SECONDS, SLACK = 10, 5, 5
"""What is promised, and what a machine with other work may take beyond that."""
LIST = "/v1/bare_metal_servers?version=2025-08-26&generation=2"
OVER_TLS = ("--metadata-service", "true", "--metadata-service-protocol", "https")
TOKEN = "/identity/v1/token?version=2025-08-26"


@dataclass
class Asked:
    status: int
    retry_after: str | None
    seconds: float
    body: str


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    with postgresql_server() as postgresql:
        yield postgresql


@pytest.fixture(scope="module")
def product(server: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    new_product = Product(tmp_path_factory.mktemp("hanging") / "home", database_url=server.get_uri())
    new_product.start()
    yield new_product
    os.kill(server.process.pid, signal.SIGCONT)
    new_product.end()


@pytest.fixture(scope="module")
def headers(product: Product) -> dict[str, str]:
    token = IAMAuthenticator(product.info["api_key"], url=product.info["iam_url"]).token_manager.get_token()
    return {"Authorization": f"Bearer {token}"}


def ask(host: str, port: int, method: str, path: str, headers: dict[str, str], *, tls: bool = False) -> Asked:
    began = time.monotonic()
    http_connection = (
        http.client.HTTPSConnection(host, port, timeout=60, context=ssl._create_unverified_context())
        if tls
        else http.client.HTTPConnection(host, port, timeout=60)
    )
    with closing(http_connection) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
    return Asked(answer.status, answer.getheader("Retry-After"), time.monotonic() - began, body)


@pytest.fixture(scope="module")
def calls(product: Product, headers: dict[str, str]) -> dict[str, Callable[[], Asked]]:
    address, secure = (urlsplit(server["metadata_url"]).hostname or "" for server in product.info["servers"][:2])
    product.run("is", "bare-metal-server-update", product.info["servers"][1]["name"], *OVER_TLS)
    flavor = {"Metadata-Flavor": "ibm"}
    return {
        "list": lambda: ask("127.0.0.1", product.port, "GET", LIST, headers),
        "token": lambda: ask(address, product.metadata_port, "PUT", TOKEN, flavor),
        "token over TLS": lambda: ask(secure, product.info["metadata_tls_port"], "PUT", TOKEN, flavor, tls=True),
        "page": lambda: ask("127.0.0.1", product.port, "GET", "/login", {"Accept": "text/html"}),
        "readiness": lambda: ask("127.0.0.1", product.port, "GET", "/readyz", {}),
        "readiness inside": lambda: ask(address, product.metadata_port, "GET", "/readyz", {}),
        "health": lambda: ask("127.0.0.1", product.port, "GET", "/healthz", {}),
    }


def signalled(server: PostgresqlServer, number: signal.Signals) -> None:
    for pid in [*reversed(descendants(server.process.pid)), server.process.pid]:
        os.kill(pid, number)


@pytest.fixture(scope="module")
def found(server: PostgresqlServer, calls: dict[str, Callable[[], Asked]]) -> dict[str, list[Asked]]:
    """What many clients were answered who asked while it stood still, all at once."""
    assert {name: call().status for name, call in calls.items()} == dict.fromkeys(calls, 200)
    signalled(server, signal.SIGSTOP)
    time.sleep(KEPT_SECONDS)  # the last answer about readiness was a good one
    try:
        with ThreadPoolExecutor(AT_ONCE * len(calls)) as pool:
            futures_by_name = {name: [pool.submit(call) for _ in range(AT_ONCE)] for name, call in calls.items()}
            return {name: [future.result() for future in futures] for name, futures in futures_by_name.items()}
    finally:
        signalled(server, signal.SIGCONT)


@pytest.mark.parametrize("name", ["list", "token", "token over TLS", "page"])
def test_a_request_fails_in_time_and_says_when_to_come_again(found: dict[str, list[Asked]], name: str) -> None:
    assert {(each.status, each.retry_after) for each in found[name]} == {(503, "2")}
    assert max(each.seconds for each in found[name]) < REQUEST_SECONDS + SLACK
    assert "does not answer" in found[name][0].body


@pytest.mark.parametrize("name", ["readiness", "readiness inside"])
def test_readiness_is_told_whatever_the_requests_wait_for(found: dict[str, list[Asked]], name: str) -> None:
    assert {each.status for each in found[name]} == {503}
    assert max(each.seconds for each in found[name]) < READINESS_SECONDS + SLACK
    assert "does not answer" in found[name][0].body


def test_the_process_answers_at_once_that_it_is_there(found: dict[str, list[Asked]]) -> None:
    assert {each.status for each in found["health"]} == {200}
    assert max(each.seconds for each in found["health"]) < READINESS_SECONDS


def test_every_request_is_answered_as_soon_as_it_goes_on(
    found: dict[str, list[Asked]], calls: dict[str, Callable[[], Asked]]
) -> None:
    time.sleep(2)  # for as long as a client is told to wait
    assert {name: {call().status for _ in range(10)} for name, call in calls.items()} == {name: {200} for name in calls}


def test_no_request_fails_because_connections_were_ended(
    server: PostgresqlServer, calls: dict[str, Callable[[], Asked]]
) -> None:
    """As a restart of the server ends them."""
    pids = [pid for pid in descendants(server.process.pid) if pid != server.process.pid]
    backends = [pid for pid in pids if "postgres: postgres" in _command_line(pid)]
    assert backends
    for pid in backends:
        os.kill(pid, signal.SIGTERM)
    time.sleep(1)
    answers: dict[str, Any] = {name: {call().status for _ in range(20)} for name, call in calls.items()}
    assert answers == {name: {200} for name in calls}


def _command_line(pid: int) -> str:
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
