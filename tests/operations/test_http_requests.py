"""Requests as they stand on the wire: what is one, what is none (RFC 9112), and how long it may take to arrive."""

import time

import pytest

from tests.operations.serving_http import CHUNKED, LARGEST, LINE, Echo, Wire

pytestmark = pytest.mark.thorough

WELL_FORMED: dict[str, tuple[bytes, bytes]] = {
    "without a body": (LINE + b"\r\n", b"POST /a 0"),
    "with a body": (LINE + b"Content-Length: 5\r\n\r\nhello", b"POST /a 5"),
    "in chunks": (CHUNKED + b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", b"POST /a 6"),
    "in chunks with extensions": (CHUNKED + b'5;a=b;c="d"\r\nhello\r\n0;last\r\n\r\n', b"POST /a 5"),
    "in chunks with trailers": (CHUNKED + b"1\r\n!\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n", b"POST /a 1"),
    "in chunks of which none has a byte": (CHUNKED + b"0\r\n\r\n", b"POST /a 0"),
    "whose size has zeros in front": (CHUNKED + b"00000005\r\nhello\r\n000\r\n\r\n", b"POST /a 5"),
    "after an empty line": (b"\r\n" + LINE + b"\r\n", b"POST /a 0"),
    "with a whole URL": (b"GET http://there:80/b?c HTTP/1.1\r\nHost: here\r\n\r\n", b"GET /b 0"),
    "of HTTP/1.0": (b"GET /a HTTP/1.0\r\n\r\n", b"GET /a 0"),
    "with an unknown method": (b"FROB /a HTTP/1.1\r\nHost: here\r\n\r\n", b"FROB /a 0"),
    "that offers another protocol": (
        LINE + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello",
        b"POST /a 5",
    ),
    "with escapes in its path": (b"GET /%61%00%ff HTTP/1.1\r\nHost: here\r\n\r\n", "GET /a\0\xff 0".encode()),
}


@pytest.mark.parametrize(("sent", "said"), WELL_FORMED.values(), ids=WELL_FORMED.keys())
def test_a_request_is_read(wire: Wire, sent: bytes, said: bytes) -> None:
    answer = wire.ask(sent)
    assert (answer.status, answer.body) == (200, said)


@pytest.mark.parametrize(("sent", "said"), WELL_FORMED.values(), ids=WELL_FORMED.keys())
def test_a_request_is_read_byte_by_byte(wire: Wire, sent: bytes, said: bytes) -> None:
    with wire.connect() as client:
        for position in range(len(sent)):
            client.send(sent[position : position + 1])
        assert client.answer().body == said


@pytest.mark.parametrize("sent", [request for request, _ in WELL_FORMED.values() if b"1.0" not in request])
def test_a_request_has_one_answer_and_keeps_its_connection(wire: Wire, sent: bytes) -> None:
    with wire.connect() as client:
        for _ in range(3):
            client.send(sent)
            assert client.answer().status == 200
        assert not client.is_closed(within=0.2)


def test_requests_in_a_row_are_answered_in_order(wire: Wire) -> None:
    with wire.connect() as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: here\r\n\r\n" % number for number in range(50)))
        assert [client.answer().body for _ in range(50)] == [f"GET /{number} 0".encode() for number in range(50)]


LONG = b"a" * 70_000
MALFORMED: dict[str, bytes] = {
    "lines that end with LF": b"GET /a HTTP/1.1\nHost: here\n\n",
    "one line that ends with LF": b"GET /a HTTP/1.1\r\nHost: here\nX: y\r\n\r\n",
    "a CR alone": b"GET /a HTTP/1.1\r\nHost: here\rX: y\r\n\r\n",
    "a folded line": b"GET /a HTTP/1.1\r\nHost: here\r\nX: a\r\n b\r\n\r\n",
    "a tab-folded line": b"GET /a HTTP/1.1\r\nHost: here\r\nX: a\r\n\tb\r\n\r\n",
    "a blank before the colon": b"GET /a HTTP/1.1\r\nHost : here\r\n\r\n",
    "no colon": b"GET /a HTTP/1.1\r\nHost: here\r\nnonsense\r\n\r\n",
    "no name": b"GET /a HTTP/1.1\r\nHost: here\r\n: a\r\n\r\n",
    "a name that is not ASCII": b"GET /a HTTP/1.1\r\nHost: here\r\n\xc3\xa4: a\r\n\r\n",
    "NUL in a value": b"GET /a HTTP/1.1\r\nHost: here\r\nX: a\0b\r\n\r\n",
    "a control character in a value": b"GET /a HTTP/1.1\r\nHost: here\r\nX: a\x1bb\r\n\r\n",
    "NUL in the path": b"GET /a\0 HTTP/1.1\r\nHost: here\r\n\r\n",
    "a path that is not ASCII": b"GET /\xc3\xa4 HTTP/1.1\r\nHost: here\r\n\r\n",
    "a fragment": b"GET /a#b HTTP/1.1\r\nHost: here\r\n\r\n",
    "a path without a slash": b"GET a HTTP/1.1\r\nHost: here\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: here\r\n\r\n",
    "an authority": b"CONNECT here:80 HTTP/1.1\r\nHost: here\r\n\r\n",
    "two blanks in the request line": b"GET  /a HTTP/1.1\r\nHost: here\r\n\r\n",
    "a tab in the request line": b"GET\t/a HTTP/1.1\r\nHost: here\r\n\r\n",
    "no version": b"GET /a\r\nHost: here\r\n\r\n",
    "another version": b"GET /a HTTP/2.0\r\nHost: here\r\n\r\n",
    "a version in small letters": b"GET /a http/1.1\r\nHost: here\r\n\r\n",
    "no Host": b"GET /a HTTP/1.1\r\n\r\n",
    "no Host beside a whole URL": b"GET http://there/a HTTP/1.1\r\n\r\n",
    "a fragment of a whole URL": b"GET http://there/a#b HTTP/1.1\r\nHost: here\r\n\r\n",
    "a whole URL with a password": b"GET http://me:secret@there/a HTTP/1.1\r\nHost: here\r\n\r\n",
    "an empty Host": b"GET /a HTTP/1.1\r\nHost:\r\n\r\n",
    "a Host with a blank": b"GET /a HTTP/1.1\r\nHost: here there\r\n\r\n",
    "two Hosts": b"GET /a HTTP/1.1\r\nHost: here\r\nHost: here\r\n\r\n",
    "two lengths that agree": LINE + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "two lengths that do not": LINE + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\naa",
    "a list of lengths": LINE + b"Content-Length: 1, 1\r\n\r\na",
    "a length with a sign": LINE + b"Content-Length: +1\r\n\r\na",
    "a negative length": LINE + b"Content-Length: -1\r\n\r\n",
    "a length in another script": LINE + "Content-Length: \u0661\r\n\r\na".encode(),
    "a length with a point": LINE + b"Content-Length: 1.0\r\n\r\na",
    "an empty length": LINE + b"Content-Length:\r\n\r\n",
    "a length of 5,000 digits": LINE + b"Content-Length: " + b"1" * 5000 + b"\r\n\r\n",
    "a length and chunks": LINE + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": LINE + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "chunks twice": LINE + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks inside of chunks": LINE + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "another coding": LINE + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding that only begins as chunked": LINE + b"Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a size that is no number": CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n",
    "a size with 0x": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "a size with a sign": CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n",
    "a negative size": CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    "an empty size": CHUNKED + b"\r\nhello\r\n0\r\n\r\n",
    "a size with an underscore": CHUNKED + b"0_5\r\nhello\r\n0\r\n\r\n",
    "a size of seventeen digits": CHUNKED + b"00000000000000005\r\nhello\r\n0\r\n\r\n",
    "a blank before the size": CHUNKED + b" 5\r\nhello\r\n0\r\n\r\n",
    "a size that ends with LF": CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"3\r\nhello\r\n0\r\n\r\n",
    "a chunk that ends with LF": CHUNKED + b"5\r\nhello\n0\r\n\r\n",
    "an end that is LF": CHUNKED + b"5\r\nhello\r\n0\r\n\n",
    "a trailer without a colon": CHUNKED + b"0\r\nnonsense\r\n\r\n",
    "a length behind the body": CHUNKED + b"0\r\nContent-Length: 3\r\n\r\n",
    "a trailer that ends with two CR": CHUNKED + b"0\r\nX: a\r\r\n\r\n",
    "a folded trailer": CHUNKED + b"0\r\nX: a\r\n b\r\n\r\n",
    "trailers without end": CHUNKED + b"0\r\n" + b"X: aaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 700,
    "an extension without end": CHUNKED + b"5;" + LONG,
    "the begin of a TLS handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "another Expect": LINE + b"Expect: wonders\r\nContent-Length: 1\r\n\r\na",
}
STATUS = {"another Expect": 417}
TOO_LARGE = {
    "a line without end": (b"GET /" + LONG, 414),
    "a long line": (b"GET /" + LONG + b" HTTP/1.1\r\nHost: here\r\n\r\n", 414),
    "a long field": (b"GET /a HTTP/1.1\r\nHost: here\r\nX: " + LONG + b"\r\n\r\n", 431),
    "many fields": (b"GET /a HTTP/1.1\r\nHost: here\r\n" + b"X: y\r\n" * 201 + b"\r\n", 431),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_malformed_is_refused_closed_and_never_seen(wire: Wire, echo: Echo, what: str) -> None:
    with wire.connect() as client:
        client.send(MALFORMED[what])
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (STATUS.get(what, 400), "close")
        assert client.is_closed()
    assert echo.seen == []


@pytest.mark.parametrize(("sent", "status"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_head_that_is_too_large_is_refused(wire: Wire, echo: Echo, sent: bytes, status: int) -> None:
    with wire.connect() as client:
        client.send(sent)
        assert client.answer().status == status
        assert client.is_closed()
    assert echo.seen == []


PATHS = {
    "a field that is too long": (b"GET /a//b%20c?d HTTP/1.1\r\nHost: here\r\nX: " + LONG, "/a//b c"),
    "a query that is too long": (b"GET /a?" + LONG, "/a"),
    "a whole URL": (b"GET http://there:80/a?b HTTP/1.1\r\nHost: here\r\nX: " + LONG, "/a"),
    "a head that does not come": (b"GET /a HTTP/1.1\r\n", "/a"),
    "a field without a colon": (b"GET /a HTTP/1.1\r\nHost: here\r\nnonsense\r\n\r\n", "/a"),
    "a path that is too long": (b"GET /" + LONG, ""),
    "what is no request": (b"\x16\x03\x01\x02\x00 /a ", ""),
}


@pytest.mark.parametrize(("sent", "path"), PATHS.values(), ids=PATHS.keys())
def test_who_refuses_a_head_is_told_its_path_as_far_as_it_is_known(wire: Wire, sent: bytes, path: str) -> None:
    with wire.connect() as client:
        client.send(sent)
        assert client.answer().headers["x-path"] == path


def test_blanks_without_end_in_a_field_cost_no_time(wire: Wire) -> None:
    start = time.process_time()
    wire.ask(b"GET /a HTTP/1.1\r\nHost: here\r\nX: " + b" " * 60_000 + b"y\r\n\r\n")
    assert time.process_time() - start < 0.5


def test_a_body_that_is_too_large_is_refused_by_the_application_without_being_read(wire: Wire, echo: Echo) -> None:
    with wire.connect() as client:
        client.send(LINE + b"Content-Length: %d\r\n\r\n" % (LARGEST + 1))
        assert client.answer().status == 500  # this application does not know how
        assert client.is_closed()
    assert echo.seen == []


def test_chunks_that_are_too_much_are_refused_before_their_end(wire: Wire, echo: Echo) -> None:
    with wire.connect() as client:
        client.send(CHUNKED + b"%x\r\n" % (LARGEST * 2) + b"a" * (LARGEST + 1))
        assert client.answer().status == 500
    assert echo.seen == []


def test_the_answer_to_head_has_no_body(wire: Wire) -> None:
    with wire.connect() as client:
        client.send(b"HEAD /a HTTP/1.1\r\nHost: here\r\n\r\nGET /b HTTP/1.1\r\nHost: here\r\n\r\n")
        head = client.file.read(len(b"HTTP/1.1 200 OK\r\n"))
        assert head == b"HTTP/1.1 200 OK\r\n"
        fields = dict(line.split(b": ", 1) for line in iter(client.file.readline, b"\r\n"))
        assert fields[b"Content-Length"] == b"9\r\n"
        assert client.answer().body == b"GET /b 0"


@pytest.mark.parametrize(
    ("line", "connection"),
    [
        (b"HTTP/1.0\r\n", "close"),
        (b"HTTP/1.0\r\nConnection: keep-alive\r\n", "keep-alive"),
        (b"HTTP/1.1\r\nConnection: close\r\n", "close"),
        (b"HTTP/1.1\r\nConnection: keep-alive\r\n", None),
    ],
)
def test_a_connection_is_kept_as_the_client_asks(wire: Wire, line: bytes, connection: str | None) -> None:
    with wire.connect() as client:
        client.send(b"GET /a " + line + b"Host: here\r\n\r\n")
        assert client.answer().headers.get("connection") == connection
        assert client.is_closed(within=0.3) == (connection == "close")


def test_fields_with_an_underscore_do_not_pass_for_others(wire: Wire, echo: Echo) -> None:
    wire.ask(b"GET /a HTTP/1.1\r\nHost: here\r\nMetadata_Flavor: ibm\r\nX-A: 1\r\nX-A: 2\r\n\r\n")
    assert "HTTP_METADATA_FLAVOR" not in echo.seen[0]
    assert echo.seen[0]["HTTP_X_A"] == "1, 2"
