"""What is malformed or breaks off does nothing, wherever it is sent: 400, the connection ends, and all is as before."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.live.operator import NEW, Operator
from tests.live.product import Product
from tests.live.wire import Wire

pytestmark = pytest.mark.live

VERSION = f"version={NEW}&generation=2"
BUCKET = "framing-bucket"


@dataclass(frozen=True)
class Place:
    """A request that does something, and what is there because such requests were made."""

    wire: Wire
    line: str
    body: str
    headers: dict[str, str]
    made: Callable[[], Any]

    def head(self, *lines: str) -> bytes:
        fields = {"Host": self.wire.host, "Content-Type": "application/json", **self.headers}
        head_lines = [f"{self.line} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), *lines]
        return "\r\n".join(head_lines).encode() + b"\r\n\r\n"


def of_the_api(product: Product, operator: Operator) -> Place:
    """``POST /v1/vpcs``."""
    url = f"{product.info['vpc_url']}/vpcs?{VERSION}"
    bearer = {"Authorization": f"Bearer {operator.vpc.authenticator.token_manager.get_token()}"}

    def made() -> Any:
        return sorted(each["id"] for each in requests.get(url, headers=bearer, timeout=10).json()["vpcs"])

    wire = Wire(product.info["control_plane_url"], product.info["ca_bundle"])
    return Place(wire, f"POST /v1/vpcs?{VERSION}", "{}", bearer, made)


def of_the_object_store(product: Product, operator: Operator) -> Place:
    """``PUT`` of an object."""
    base = f"{product.info['control_plane_url']}/cos/{BUCKET}"
    bearer = {"Authorization": f"Bearer {operator.vpc.authenticator.token_manager.get_token()}"}
    requests.put(base, headers=bearer, timeout=10)

    def made() -> Any:
        return requests.get(f"{base}?list-type=2", headers=bearer, timeout=10).text.count("<Key>")

    wire = Wire(product.info["control_plane_url"], product.info["ca_bundle"])
    return Place(wire, f"PUT /cos/{BUCKET}/one", "hello", bearer, made)


def of_the_metadata_service(product: Product, operator: Operator, protocol: str) -> Place:
    """``POST /identity/v1/iam_tokens``."""
    profile = operator.create_profile()
    server = operator.create_server(default_trusted_profile={"target": {"id": profile["id"]}, "auto_link": True})
    operator.switch(server["id"], enabled=True, protocol=protocol)
    url = operator.metadata_url(server, product)
    verify = product.info["ca_bundle"] if protocol == "https" else None
    headers = {"Metadata-Flavor": "ibm"}
    answer = requests.put(f"{url}/identity/v1/token?version={NEW}", headers=headers, verify=verify, timeout=10)
    body = json.dumps({"trusted_profile": {"id": profile["id"]}})
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    wire = Wire(url, product.info["ca_bundle"])
    return Place(wire, f"POST /identity/v1/iam_tokens?version={NEW}", body, bearer, lambda: None)


@pytest.fixture(scope="module")
def places(product: Product, operator: Operator) -> dict[str, Place]:
    return {
        "api": of_the_api(product, operator),
        "object store": of_the_object_store(product, operator),
        "metadata": of_the_metadata_service(product, operator, "http"),
        "metadata over TLS": of_the_metadata_service(product, operator, "https"),
    }


@pytest.fixture(params=["api", "object store", "metadata", "metadata over TLS"])
def place(request: pytest.FixtureRequest, places: dict[str, Place]) -> Place:
    return places[request.param]


CHUNKED = "Transfer-Encoding: chunked"


def chunk(body: str, *, size: str = "", end: str = "\r\n") -> bytes:
    return f"{size or f'{len(body):x}'}\r\n{body}{end}".encode()


WRONG: dict[str, Callable[[Place], bytes]] = {
    "a first size that is no number": lambda at: at.head(CHUNKED) + chunk(at.body, size="zz") + b"0\r\n\r\n",
    "a second size that is no number": lambda at: at.head(CHUNKED) + chunk(at.body) + chunk("x", size="zz"),
    "a size too small": lambda at: at.head(CHUNKED) + chunk(at.body, size="1") + b"0\r\n\r\n",
    "a size with LF": lambda at: at.head(CHUNKED) + b"2\n{}\r\n0\r\n\r\n",
    "a trailer that is none": lambda at: at.head(CHUNKED) + chunk(at.body) + b"0\r\nnonsense\r\n\r\n",
    "chunks and a length": lambda at: at.head(CHUNKED, f"Content-Length: {len(at.body)}") + at.body.encode(),
    "two lengths": lambda at: at.head("Content-Length: 2", f"Content-Length: {len(at.body)}") + at.body.encode(),
    "no length at all": lambda at: at.head("Content-Length: x") + at.body.encode(),
    "a folded line": lambda at: at.head("X-A: b", " c", f"Content-Length: {len(at.body)}") + at.body.encode(),
    "lines with LF": lambda at: at.head(f"Content-Length: {len(at.body)}").replace(b"\r", b"") + at.body.encode(),
}
SHORT: dict[str, Callable[[Place], bytes]] = {
    "no chunk": lambda at: at.head(CHUNKED),
    "half a chunk": lambda at: at.head(CHUNKED) + chunk(at.body)[:-3],
    "no last chunk": lambda at: at.head(CHUNKED) + chunk(at.body),
    "half an end": lambda at: at.head(CHUNKED) + chunk(at.body) + b"0\r\n",
    "half a body": lambda at: at.head(f"Content-Length: {len(at.body) + 1}") + at.body.encode(),
    "no body": lambda at: at.head(f"Content-Length: {len(at.body)}"),
    "half a head": lambda at: at.head(f"Content-Length: {len(at.body)}")[:-2],
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_malformed_does_nothing(place: Place, what: str) -> None:
    before = place.made()
    with place.wire.connect() as connection:
        connection.sendall(WRONG[what](place))
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1") == 1
    assert place.made() == before


@pytest.mark.parametrize("what", SHORT)
def test_what_breaks_off_does_nothing(place: Place, what: str) -> None:
    before = place.made()
    with place.wire.connect() as connection:
        connection.sendall(SHORT[what](place))
        if place.wire.trust is None:
            connection.shutdown(1)
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
            assert connection.recv(65536) == b""
    assert place.made() == before


def test_what_is_whole_is_done_once_and_keeps_its_connection(place: Place) -> None:
    before = place.made()
    with place.wire.connect() as connection, connection.makefile("rb") as answers:
        for _ in range(2):
            connection.sendall(place.head(CHUNKED) + chunk(place.body) + b"0\r\nX-Trailer: yes\r\n\r\n")
            status = int(answers.readline().split()[1])
            fields = dict(line.lower().split(b": ", 1) for line in iter(answers.readline, b"\r\n"))
            answers.read(int(fields[b"content-length"]))
            assert 200 <= status < 300
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert place.made() != before or before is None


def test_the_refusal_of_a_malformed_request_speaks_as_its_path_does(places: dict[str, Place]) -> None:
    bodies = {name: at.wire.send(WRONG["a size too small"](at)).body for name, at in places.items()}
    assert b"<Error><Code>" in bodies.pop("object store")
    for body in bodies.values():
        [error] = json.loads(body)["errors"]
        assert error["code"] == "invalid_request"
