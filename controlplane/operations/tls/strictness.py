"""Requests read as RFC 9112 asks, where Cheroot is lenient: what is ambiguous is refused, not guessed.

Two SDK cores send ``//identity/...``, which Cheroot takes for a host name; here it is a path, as everywhere else.
"""

import re
from typing import Any

from cheroot.server import HeaderReader, HTTPRequest

REQUEST_LINE = re.compile(rb"(?P<method>[!-~]+) (?P<target>[!-\xff]+) (?P<version>HTTP/1\.[01])\r\n")
LEADING_SLASHES = re.compile(rb"\A/{2,}")
FIELD = re.compile(rb"(?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(?P<value>[\t -~\x80-\xff]*?)[ \t]*\r\n")
ONCE = (b"Host", b"Content-Length", b"Transfer-Encoding", b"Authorization", b"Metadata-Flavor")
LONGEST_REST = 65_536
MALFORMED = b"malformed\r\n"


class StrictHeaderReader(HeaderReader):
    """Raises ValueError, which becomes 400: for folded lines, odd names, and a second one of what may stand once."""

    def __call__(self, rfile: Any, hdict: dict[bytes, bytes] | None = None) -> dict[bytes, bytes]:
        fields: dict[bytes, bytes] = {} if hdict is None else hdict
        while (line := rfile.readline()) != b"\r\n":
            field = FIELD.fullmatch(line)
            if field is None:
                raise ValueError("A header field is malformed.")
            name, value = field["name"].title(), field["value"]
            if name in fields and name in ONCE:
                raise ValueError(f"{name.decode()} is there twice.")
            fields[name] = fields[name] + b", " + value if name in fields else value
        if b"Transfer-Encoding" in fields and b"Content-Length" in fields:
            raise ValueError("Content-Length and Transfer-Encoding exclude each other.")
        if not fields.get(b"Content-Length", b"0").isdigit():
            raise ValueError("Content-Length is not a number.")
        return fields


class FirstLine:
    """The request line, or one that Cheroot refuses."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader

    def readline(self) -> bytes:
        line: bytes = self.reader.readline()
        found = REQUEST_LINE.fullmatch(line)
        if found is None:
            return line and MALFORMED
        target = (
            LEADING_SLASHES.sub(b"/", found["target"], count=1) if found["target"][:2] == b"//" else found["target"]
        )
        return b"%s %s %s\r\n" % (found["method"], target, found["version"])


class StrictRequest(HTTPRequest):
    header_reader = StrictHeaderReader()

    def read_request_line(self) -> bool:
        reader, self.rfile = self.rfile, FirstLine(self.rfile)
        try:
            return bool(super().read_request_line())
        finally:
            self.rfile = reader

    def send_headers(self) -> None:
        """Cheroot reads the rest of the body before it answers; a long one is not waited for, as nobody needs it."""
        if getattr(self.rfile, "remaining", 0) > LONGEST_REST:
            self.close_connection = True
        super().send_headers()
