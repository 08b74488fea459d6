"""What no well-behaved client sends, byte by byte, against the real HTTP servers: plain, and behind TLS."""

import json
import time

import pytest

from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.wire import Wire

pytestmark = pytest.mark.live

HEAD = "PUT /identity/v1/token?version=2025-08-26 HTTP/1.1\r\nHost: {host}\r\nMetadata-Flavor: ibm\r\n"


@pytest.fixture(scope="module")
def urls(product: Product, operator: Operator) -> dict[str, str]:
    """Of a server that answers plain HTTP, and of one that answers TLS."""
    secure = operator.create_server()
    operator.switch(secure["id"], enabled=True, protocol="https")
    return {"http": product.server("web-1")["metadata_url"], "https": operator.metadata_url(secure, product)}


@pytest.fixture(params=["http", "https"])
def wire(request: pytest.FixtureRequest, product: Product, urls: dict[str, str]) -> Wire:
    return Wire(urls[request.param], product.info["ca_bundle"])


def test_a_body_sent_in_chunks_is_read(wire: Wire) -> None:
    answer = wire.send(
        HEAD.replace("{host}", wire.host).encode()
        + b'Transfer-Encoding: chunked\r\n\r\n11\r\n{"expires_in": 5}\r\n0\r\n\r\n'
    )
    assert json.loads(answer.body)["expires_in"] == 5


def test_a_doubled_leading_slash_is_collapsed(wire: Wire) -> None:
    assert wire.send(HEAD.replace("/identity", "//identity", 1) + "Content-Length: 0\r\n\r\n").status == 200


MALFORMED = {
    "two-lengths": HEAD + "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
    "folded-header": HEAD + " folded: yes\r\n\r\n",
    "nul-in-the-path": HEAD.replace("token?", "to\x00ken?") + "\r\n",
    "unknown-http-version": HEAD.replace("HTTP/1.1", "HTTP/9.9") + "\r\n",
    "two-hosts": HEAD + "Host: 127.64.0.2\r\n\r\n",
    "header-without-a-colon": HEAD + "nonsense\r\n\r\n",
    "query-that-is-not-utf-8": HEAD.replace("2025-08-26", "%ff%fe") + "\r\n",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_request_is_refused(wire: Wire, text: str) -> None:
    assert wire.send(text).status == 400


def test_a_line_break_in_the_path_never_becomes_a_header(wire: Wire) -> None:
    answer = wire.send(HEAD.replace("token?", "token%0d%0aSet-Cookie:%20a=b?") + "\r\n")
    assert answer.status == 404
    assert not any(line.lower().startswith("set-cookie") for line in answer.lines)


@pytest.mark.parametrize(
    "path",
    [
        "/identity/v1/./token",
        "/identity/v1/%2e%2e/v1/token",
        "/identity/v1/token;a=b",
        "/identity/v1/token/",
        "/IDENTITY/v1/token",
        "/identity/v1/token%00",
    ],
)
def test_a_path_means_its_literal_text(wire: Wire, path: str) -> None:
    assert wire.send(HEAD.replace("/identity/v1/token", path) + "Content-Length: 0\r\n\r\n").status == 404


def test_a_body_announced_as_huge_is_refused_before_it_is_read(wire: Wire) -> None:
    answer = wire.send(HEAD + "Content-Length: 10000000\r\n\r\n")
    assert (answer.status, json.loads(answer.body)["errors"][0]["code"]) == (400, "invalid_request")


def test_a_head_that_is_too_large_is_refused_in_the_envelope(wire: Wire) -> None:
    answer = wire.send(HEAD + f"X: {'a' * 70_000}\r\n\r\n")
    assert (answer.status, json.loads(answer.body)["errors"][0]["code"]) == (431, "invalid_request")
    assert "Content-Type: application/json" in answer.lines


def test_each_api_of_the_control_plane_refuses_a_head_that_is_too_large_in_its_own_envelope(product: Product) -> None:
    wire = Wire(product.info["control_plane_url"], product.info["ca_bundle"])
    head = "GET {path} HTTP/1.1\r\nHost: {{host}}\r\nX: " + "a" * 70_000 + "\r\n\r\n"
    answers = {path: wire.send(head.format(path=path)) for path in ("/v1/keys", "/v1/profiles", "/identity/token")}
    assert {answer.status for answer in answers.values()} == {431}
    bodies = [json.loads(answer.body) for answer in answers.values()]
    for body, member in zip(bodies, ("errors", "context", "errorCode"), strict=True):
        assert member in body


def test_a_browser_that_sends_all_of_a_large_form_before_it_reads_is_shown_a_page(product: Product) -> None:
    wire = Wire(product.info["control_plane_url"], product.info["ca_bundle"])
    size = 10_000_000
    head = (
        "POST /admin/login/ HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {size}\r\n\r\n"
    )
    answer = wire.send(head.format(host=wire.host).encode() + b"a" * size)
    assert answer.status == 413
    assert b"<h1>Refused</h1>" in answer.body


def test_a_refusal_before_the_body_is_there_leaves_the_connection_to_the_next_request(
    urls: dict[str, str], product: Product
) -> None:
    wire = Wire(urls["http"], product.info["ca_bundle"])
    line = f"PUT /identity/v1/token?version=2025-08-26 HTTP/1.1\r\nHost: {wire.host}\r\nContent-Length: 2\r\n"
    statuses = []
    with wire.connect() as connection, connection.makefile("rb") as answers:
        for header in ("X-Other: ibm", "Metadata-Flavor: ibm"):
            connection.sendall(f"{line}{header}\r\n\r\n".encode())
            time.sleep(0.3)
            connection.sendall(b"{}")
            statuses.append(int(answers.readline().split()[1]))
            length = next(
                int(each[15:]) for each in iter(answers.readline, b"") if each.lower().startswith(b"content-length:")
            )
            while answers.readline().strip():
                pass
            answers.read(length)
    assert statuses == [400, 200]
