"""Parse the head of a request as strictly as RFC 9112 allows: an ambiguous head is refused.

Lines end with CRLF. Folded lines, a second Host or Content-Length, and Content-Length beside Transfer-Encoding are
refused, because a proxy may interpret them differently (request smuggling).
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

from controlplane.runtime.http.limits import Limits

CRLF = b"\r\n"
END = CRLF + CRLF
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
"""One character of a token (RFC 9110, section 5.6.2)."""
REQUEST_LINE = re.compile(rb"(%s{1,32}) ([!-~]+) HTTP/1\.([01])" % TOKEN)
BEGINNING = re.compile(rb"%s{1,32} (?:https?://[^/?]*)?(/[!->@-~]{0,4095})(?![!->@-~])" % TOKEN, re.IGNORECASE)
"""The method and the complete path at the beginning of a request. No route has a longer path."""
NAME = re.compile(rb"%s+" % TOKEN)
NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
"""Control characters, and CR or LF alone."""
HOST = re.compile(r"[0-9A-Za-z._~%:\[\]-]+")
DIGITS = re.compile(r"[0-9]{1,15}")
ONCE = {
    "CONTENT_LENGTH": "Content-Length",
    "CONTENT_TYPE": "Content-Type",
    "HTTP_AUTHORIZATION": "Authorization",
    "HTTP_EXPECT": "Expect",
    "HTTP_HOST": "Host",
    "HTTP_METADATA_FLAVOR": "Metadata-Flavor",
    "HTTP_TRANSFER_ENCODING": "Transfer-Encoding",
}
UNPREFIXED = {"HTTP_CONTENT_LENGTH": "CONTENT_LENGTH", "HTTP_CONTENT_TYPE": "CONTENT_TYPE"}
MOST_KNOWN = 512

_known: dict[bytes, str] = {}
"""Names of header fields as WSGI has them, for those that were seen before. Empty: the field is left out."""


class Malformed(Exception):
    """A malformed request, with the message and the status for the client."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_too_large(self) -> bool:
        """Whether the client is probably still sending the request."""
        return self.status in (414, 431)


@dataclass(slots=True)
class Head:
    environ: dict[str, str]
    """The entries of the WSGI environ (PEP 3333) that come from the request."""
    length: int | None
    """Length of the body; None for a chunked one."""
    keep_alive: bool
    expects_continue: bool

    @property
    def has_body(self) -> bool:
        return self.length != 0


def refuse_early(received: bytes | bytearray, limits: Limits) -> None:
    """Raise Malformed when more data cannot make this the head of a request."""
    if not NAME.match(received):
        raise Malformed("This is not an HTTP request. Is it TLS, sent to a port that speaks plain HTTP?")
    if len(received) > limits.head_size:
        if CRLF not in received[: limits.head_size]:
            raise Malformed(f"The request line is longer than {limits.head_size} bytes. Send a shorter URL.", 414)
        raise Malformed(
            f"The request line and the header fields are larger than {limits.head_size} bytes. Send fewer, or shorter.",
            431,
        )
    if not is_text(received):
        raise _not_text()


def path_in(received: bytes | bytearray) -> str:
    """Return the path of an incomplete or malformed head; empty when it has none."""
    match = BEGINNING.match(received)
    return unquote_to_bytes(match[1]).decode("latin-1") if match else ""


def is_text(received: bytes | bytearray) -> bool:
    """Return whether these are lines of text, of which the last one may be incomplete."""
    end = len(received) - received.endswith(b"\r")
    return NO_TEXT.search(received, 0, end) is None


def parse(text: bytes, limits: Limits) -> Head:
    """Parse a head, without the empty line that ends it. Raises Malformed."""
    if len(text) > limits.head_size:
        refuse_early(text, limits)
    if NO_TEXT.search(text) is not None:
        raise _not_text()
    first, *lines = text.split(CRLF)
    match = REQUEST_LINE.fullmatch(first)
    if match is None:
        raise Malformed("The request line is malformed. It is: METHOD /path HTTP/1.1")
    if len(lines) > limits.head_lines:
        raise Malformed(f"The request has more than {limits.head_lines} header fields. Send fewer.", 431)
    environ = _fields(lines)
    method, target, minor = match.groups()
    environ["REQUEST_METHOD"] = method.decode("ascii")
    environ["SERVER_PROTOCOL"] = "HTTP/1.1" if minor == b"1" else "HTTP/1.0"
    if not HOST.fullmatch(environ.get("HTTP_HOST", "" if minor == b"1" else "none")):
        raise Malformed("The header field Host is missing or malformed.")
    _set_target(environ, target)
    length = _length(environ, chunks=minor == b"1")
    expectation = environ.pop("HTTP_EXPECT", "").lower()
    if expectation not in ("", "100-continue"):
        raise Malformed("The only expectation that is supported is 100-continue.", 417)
    options = environ.get("HTTP_CONNECTION", "").lower()
    keep_alive = ("close" not in options) if minor == b"1" else ("keep-alive" in options)
    return Head(environ, length, keep_alive, minor == b"1" and length != 0 and bool(expectation))


def _fields(lines: list[bytes]) -> dict[str, str]:
    environ: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        key = _known.get(name)
        if key is None:
            key = _key(name)
        if not colon:
            raise Malformed("A header field has no colon.")
        if not key:
            continue
        text = value.strip(b" \t").decode("latin-1")
        if key not in environ:
            environ[key] = text
        elif key in ONCE:
            raise Malformed(f"The header field {ONCE[key]} appears twice.")
        else:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ", ") + text
    return environ


def _key(name: bytes) -> str:
    if not NAME.fullmatch(name):
        raise Malformed("The name of a header field is malformed, or a field goes on in a second line.")
    # WSGI does not tell X_Host and X-Host apart, so a client could send the one where a proxy checks the other.
    key = "" if b"_" in name else "HTTP_" + name.decode("ascii").upper().replace("-", "_")
    key = UNPREFIXED.get(key, key)
    if len(_known) < MOST_KNOWN:
        _known[bytes(name)] = key
    return key


def _set_target(environ: dict[str, str], target: bytes) -> None:
    if b"#" in target:
        raise Malformed("The request target has a fragment. Leave out # and what follows.")
    if not target.startswith(b"/"):
        target = _origin_form(environ, target)
    path, _, query = target.partition(b"?")
    environ["RAW_URI"] = target.decode("ascii")
    environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
    environ["QUERY_STRING"] = query.decode("ascii")


def _origin_form(environ: dict[str, str], target: bytes) -> bytes:
    """Return the path of a target in absolute form, ``http://host/path`` (RFC 9112, section 3.2.2)."""
    try:
        parts = urlsplit(target.decode("ascii"))
        is_url = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        is_url = False
    if not is_url:
        raise Malformed("The request target must begin with a slash.")
    environ["HTTP_HOST"] = parts.netloc
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path or '/'}{query}".encode("ascii")


def _length(environ: dict[str, str], *, chunks: bool) -> int | None:
    """Return the length of the body; None for a chunked one."""
    coding = environ.pop("HTTP_TRANSFER_ENCODING", None)
    length = environ.get("CONTENT_LENGTH")
    if coding is None:
        if length is None:
            return 0
        if not DIGITS.fullmatch(length):
            raise Malformed("Content-Length is not a number of bytes.")
        return int(length)
    if length is not None:
        raise Malformed("Content-Length and Transfer-Encoding exclude each other. Send one of them.")
    if not chunks:
        raise Malformed("Transfer-Encoding needs HTTP/1.1.")
    if coding.lower() != "chunked":
        raise Malformed("The only supported Transfer-Encoding is chunked.")
    return None


def _not_text() -> Malformed:
    return Malformed(
        "The request line or a header field contains a control character, or a line that does not end with CR and LF."
    )
