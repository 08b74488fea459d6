"""Read the body of a request: of the length in Content-Length, or in chunks (RFC 9112, section 7.1)."""

import re
import tempfile
from contextlib import suppress
from io import BytesIO
from typing import IO

import structlog

from controlplane.runtime.http.least_rate import LeastRate
from controlplane.runtime.http.limits import Limits
from controlplane.runtime.http.request_head import CRLF, NAME, TOKEN, Malformed, is_text

log = structlog.get_logger(__name__)

CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;%s+(?:=(?:%s+|\"[\t !#-\[\]-~]*\"))?)*" % (TOKEN, TOKEN))
FRAMING = (b"content-length", b"transfer-encoding")
LONGEST_CHUNK_LINE = 4096
LONGEST_TRAILERS = 16_384


class Body:
    """A body that arrives. Call ``feed`` until it is ``complete``, then ``open``."""

    def __init__(self, length: int | None, *, largest: int, limits: Limits) -> None:
        self.size = 0
        self.complete = False
        self.largest = largest
        self.left = length
        """Bytes that are missing; None when that is not known."""
        self._decode = self._take_plain if length is not None else self._take_chunks
        self._pieces: list[bytes] | None = []
        self._file: IO[bytes] | None = None
        self._limits = limits
        self._rate = LeastRate(limits, seconds=limits.body_seconds)
        self._in_chunk = 0
        self._state = "size"
        self._trailers = 0

    @property
    def too_large(self) -> bool:
        """Whether the body exceeds the limit. The rest of it is not stored."""
        return self.size > self.largest or (self.left is not None and self.size + self.left > self.largest)

    @property
    def is_spooled(self) -> bool:
        """Whether the body has outgrown memory and is stored in a file."""
        return self._file is not None

    def keeps_rate(self) -> bool:
        """Return whether the body may take longer: it may be large and arrives at the least rate.

        Called at the end of each ``body_seconds``.
        """
        return self.largest > self._limits.spool_above and self._rate.is_met(self.size)

    def feed(self, received: bytearray) -> None:
        """Remove the bytes of the body from the front of ``received`` and store them. Raises Malformed."""
        try:
            self._decode(received)
            if self.complete and self._file is not None:
                self._file.flush()  # here, where a failure can still be answered
        except OSError as failure:  # a full disk
            log.error("a request body cannot be kept", reason=str(failure))
            raise Malformed("The service has no space to store the request body. Try again later.", 503) from None

    def open(self) -> IO[bytes]:
        if self._file is not None:
            self._file.seek(0)
            return self._file
        return BytesIO(b"".join(self._pieces or ()))

    def discarded(self, most: int) -> "Body":
        """Return the rest of this body, at most ``most`` bytes, which is not stored."""
        self.size, self.largest, self._pieces = 0, most, None
        return self

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # a full disk does not matter here: the file is not read any more
                self._file.close()
            self._file = None

    def _take_plain(self, received: bytearray) -> None:
        assert self.left is not None  # noqa: S101  a body without a length is chunked
        piece = bytes(received[: self.left])
        del received[: len(piece)]
        self.left -= len(piece)
        self._keep(piece)
        self.complete = self.left == 0

    def _take_chunks(self, received: bytearray) -> None:
        position = 0
        while not self.complete:
            if self._state == "data":
                piece = bytes(received[position : position + self._in_chunk])
                position += len(piece)
                self._in_chunk -= len(piece)
                self._keep(piece)
                if self._in_chunk:
                    break
                self._state = "end"
            if self._state == "end":
                if len(received) - position < len(CRLF):
                    if received[position:] not in (b"", b"\r"):
                        raise Malformed("A chunk of the body is longer than its size.")
                    break
                if received[position : position + 2] != CRLF:
                    raise Malformed("A chunk of the body is longer than its size.")
                position += 2
                self._state = "size"
            line = self._line(received, position)
            if line is None:
                break
            position += len(line) + len(CRLF)
            self._take_line(line)
        del received[:position]

    def _line(self, received: bytearray, position: int) -> bytes | None:
        """Return the line that begins at ``position``, or None before its end has arrived."""
        end = received.find(CRLF, position)
        so_far = received[position:] if end < 0 else received[position:end]
        longest = LONGEST_CHUNK_LINE if self._state == "size" else LONGEST_TRAILERS - self._trailers
        if len(so_far) > longest:
            raise Malformed("The framing of the chunks of the body is too long.")
        if not is_text(so_far) or (end >= 0 and so_far.endswith(b"\r")):
            raise Malformed("The body is not in chunks, as Transfer-Encoding says: a line is malformed.")
        return None if end < 0 else bytes(so_far)

    def _take_line(self, line: bytes) -> None:
        if self._state == "size":
            match = CHUNK.fullmatch(line)
            if match is None:
                raise Malformed("The body is not in chunks, as Transfer-Encoding says: the size of one is no number.")
            self._in_chunk = int(match[1], 16)
            self._state = "data" if self._in_chunk else "trailers"
        elif line:
            # Trailer fields are ignored: no operation needs one.
            name, colon, _ = line.partition(b":")
            if not colon or not NAME.fullmatch(name) or name.lower() in FRAMING:  # RFC 9110, section 6.5.1
                raise Malformed("A trailer field is malformed, or says how long the body is.")
            self._trailers += len(line)
        else:
            self.complete = True

    def _keep(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.too_large:
            self._pieces = None
            self.close()
        elif self._file is not None:
            self._file.write(piece)
        elif self._pieces is not None:
            self._pieces.append(piece)
            if self.size > self._limits.spool_above:
                self._file = tempfile.TemporaryFile(dir=self._limits.spool_folder)  # noqa: SIM115  closed with the request
                self._file.writelines(self._pieces)
                self._pieces = None
