"""Ports: taken ones are named, and the metadata service's reaches no further than the machine."""

import socket
from collections.abc import Iterator

import pytest

from controlplane.deployment import sockets
from controlplane.deployment.sockets import Endpoint, PortUnavailable


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
    return port


def test_a_taken_port_is_named_with_its_setting_and_a_way_out(listener: socket.socket) -> None:
    port = listener.getsockname()[1]

    with pytest.raises(PortUnavailable) as refusal:
        sockets.check_free([Endpoint("control plane", "127.0.0.1", port, "BAREMINT_PORT")])

    assert f"port {port} is in use" in str(refusal.value)
    assert "BAREMINT_PORT=" in str(refusal.value)


def test_a_port_taken_on_one_loopback_address_is_taken_for_the_metadata_service(listener: socket.socket) -> None:
    port = listener.getsockname()[1]

    with pytest.raises(PortUnavailable, match="is in use"):
        sockets.check_free(
            [Endpoint("metadata service", "0.0.0.0", port, "BAREMINT_METADATA_PORT", loopback_only=True)]
        )


def test_two_services_on_one_port_are_told_apart(free_port: int) -> None:
    first = Endpoint("control plane", "127.0.0.1", free_port, "BAREMINT_PORT")
    second = Endpoint("metadata service", "0.0.0.0", free_port, "BAREMINT_METADATA_PORT", loopback_only=True)

    with pytest.raises(PortUnavailable, match=f"BAREMINT_PORT and BAREMINT_METADATA_PORT are both {free_port}"):
        sockets.check_free([first, second])


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("127.0.0.1", 0, "a port is a number from 1 to 65535"),
        ("127.0.0.1", 70_000, "a port is a number from 1 to 65535"),
        ("192.0.2.1", 8000, "this machine has no such address"),
        ("no such host", 8000, "BAREMINT_HOST"),
    ],
    ids=["port-zero", "port-too-high", "address-of-elsewhere", "not-a-host"],
)
def test_an_endpoint_that_cannot_be_is_explained(host: str, port: int, message: str) -> None:
    with pytest.raises(PortUnavailable, match=message):
        sockets.check_free([Endpoint("control plane", host, port, "BAREMINT_PORT")])


def test_checking_leaves_the_port_free(free_port: int) -> None:
    endpoint = Endpoint("control plane", "127.0.0.1", free_port, "BAREMINT_PORT")

    sockets.check_free([endpoint])
    sockets.check_free([endpoint])


def test_a_loopback_only_socket_answers_at_every_loopback_address_of_a_server(free_port: int) -> None:
    endpoint = Endpoint("metadata service", "0.0.0.0", free_port, "BAREMINT_METADATA_PORT", loopback_only=True)
    with sockets.bind(endpoint, shared=True) as sock:
        sock.listen()

        for address in ("127.0.0.1", "127.64.0.7", "127.127.255.254"):
            socket.create_connection((address, free_port), timeout=2).close()


def test_a_loopback_only_socket_is_bound_to_the_loopback_device(free_port: int) -> None:
    endpoint = Endpoint("metadata service", "0.0.0.0", free_port, "BAREMINT_METADATA_PORT", loopback_only=True)
    with sockets.bind(endpoint, shared=True) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0") == b"lo"
