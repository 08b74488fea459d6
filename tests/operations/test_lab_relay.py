"""What is between a server of the lab and the control plane: TLS ends there, and nothing of an answer is lost."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from controlplane.lab import api_relay
from controlplane.lab.api_relay import RelayedConnection
from controlplane.runtime.http.listener import Listener
from controlplane.runtime.http.service import Service
from tests.operations.serving_http import GET, LARGEST, LINE, QUICK, SLOW, Client, Echo, Wire, refuse, serving
from tests.operations.test_http_over_tls import context, shake_hands

pytestmark = pytest.mark.thorough

__all__ = ["context"]


@contextmanager
def relaying(to: Wire, context: ssl.SSLContext) -> Iterator[Wire]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        limits = replace(QUICK, linger_seconds=0.1)
        service = Service(Echo(), threads=1, largest_body=lambda path: LARGEST, refuse=refuse, most=9, limits=limits)
        far = ("127.0.0.1", to.port)
        with service:
            service.add_listener(
                Listener(
                    listening,
                    context=lambda _: context,
                    protocol_factory=lambda service, share: RelayedConnection(service.connections, share, to=far),
                )
            )
            yield Wire(listening.getsockname()[1], service)


@pytest.fixture
def client(context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(api_relay, "LINGER_SECONDS", 0.3)
    with (
        serving(Echo(), limits=SLOW) as control_plane,
        relaying(control_plane, context) as wire,
        shake_hands(wire) as client,
    ):
        yield client


def test_requests_are_passed_on_one_after_the_other(client: Client) -> None:
    for _ in range(2):
        client.send(GET)
        assert client.answer().body == b"GET /a 0"


def test_who_reads_no_answer_before_all_is_sent_gets_it(client: Client) -> None:
    client.send(LINE + b"Content-Length: 100000000\r\n\r\n")
    for _ in range(16):
        client.send(b"a" * 50_000)
        time.sleep(0.05)
    assert client.answer().headers["connection"] == "close"


def test_a_connection_that_the_control_plane_ends_is_ended(client: Client) -> None:
    client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert client.answer().status == 200
    assert client.is_closed(within=5)
