"""What we take for a request, llhttp (Node's parser, by way of httptools) takes for the same one. It takes more."""

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.runtime.http.incoming import Incoming
from controlplane.runtime.http.limits import Limits
from controlplane.runtime.http.request_head import Malformed

LIMITS = Limits()
FIELDS = st.lists(
    st.sampled_from(
        [
            "X-A: b",
            "X-A:b ",
            "Content-Type: text/plain",
            "Connection: close",
            "Connection: keep-alive",
            "Cookie: a=b",
            "X-é: a",
        ]
    ),
    max_size=3,
)
BODIES = st.sampled_from(
    [
        ("", ""),
        ("Content-Length: 0", ""),
        ("Content-Length: 3", "abc"),
        ("content-length: 003", "abc"),
        ("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"),
        ("transfer-encoding: Chunked", "0003;a=b\r\nabc\r\n1\r\n.\r\n000;c\r\nX: y\r\n\r\n"),
    ]
)
LINES = st.builds(
    "{} {} {}".format,
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    st.sampled_from(["/", "/a?b=c", "/%00", "//a", "http://there/b?c"]),
    st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]),
)
SPOILS = st.sampled_from(
    ["\n", "\r", "\r\n", " ", "\t", "\0", ":", ",", "0", "+", "x", "Host: b\r\n", "Content-Length: 3\r\n", ""]
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A request; every other one is spoilt: something is put in, or taken away, at some place."""
    of_body, body = draw(BODIES)
    lines = [draw(LINES), "Host: here", *draw(FIELDS), *([of_body] if of_body else [])]
    message = ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")
    if draw(st.booleans()):
        return message
    position = draw(st.integers(0, len(message) - 1))
    absent_bytes = draw(st.integers(0, 3))
    return message[:position] + draw(SPOILS).encode() + message[position + absent_bytes :]


class Second:
    """What llhttp reads of the first request; ``is_whole`` when it has ended."""

    def __init__(self) -> None:
        self.target, self.body, self.fields, self.is_whole = b"", b"", dict[str, str](), False
        self.of_head = True

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.of_head and not self.is_whole:
            self.fields[name.decode().lower()] = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        self.of_head = False

    def on_body(self, body: bytes) -> None:
        if not self.is_whole:
            self.body += body

    def on_message_complete(self) -> None:
        self.is_whole = True


def ours(message: bytes) -> Incoming | None:
    """The request, or None when this is none, or not whole."""
    incoming = Incoming(LIMITS, lambda path: 1000)
    incoming.received += message
    try:
        incoming.read()
    except Malformed:
        return None
    return incoming if incoming.has_arrived else None


@settings(max_examples=500)
@given(messages())
def test_the_second_parser_reads_the_same_request(message: bytes) -> None:
    incoming = ours(message)
    if incoming is None:
        return
    second = Second()
    parser = httptools.HttpRequestParser(second)
    try:
        parser.feed_data(message)
    except httptools.HttpParserInvalidMethodError:  # it has a list of them
        return
    except httptools.HttpParserError:
        assert second.is_whole, "llhttp finds an error in the request itself"
    assert second.is_whole
    content = incoming.environ()["wsgi.input"].read()
    assert content == second.body
    assert parser.get_method().decode() == incoming.environ()["REQUEST_METHOD"]
    assert incoming.environ()["RAW_URI"].removeprefix("/").encode() in second.target


@given(messages(), st.data())
def test_a_request_reads_the_same_in_whatever_pieces_it_comes(message: bytes, data: st.DataObject) -> None:
    whole = ours(message)
    incoming, position = Incoming(LIMITS, lambda path: 1000), 0
    try:
        while position < len(message) and not incoming.has_arrived:
            size = data.draw(st.integers(1, 12))
            incoming.received += message[position : position + size]
            position += size
            incoming.read()
    except Malformed:
        assert whole is None
        return
    assert incoming.has_arrived == (whole is not None)
    if whole is not None:
        assert incoming.environ()["wsgi.input"].read() == whole.environ()["wsgi.input"].read()


@pytest.mark.parametrize(
    "taken_there_alone", [b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"]
)
def test_the_own_parser_refuses_what_only_the_second_takes(taken_there_alone: bytes) -> None:
    second = Second()
    httptools.HttpRequestParser(second).feed_data(taken_there_alone)
    assert second.is_whole
    assert ours(taken_there_alone) is None
