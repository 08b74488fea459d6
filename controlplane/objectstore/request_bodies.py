"""Request bodies: read piece by piece with their own limit, decoded from S3's chunks, and checked by checksums."""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from django.http import HttpRequest

from controlplane.kernel.streamed import PIECE
from controlplane.kernel.text import echoed
from controlplane.kernel.whole_number import whole_number
from controlplane.objectstore.errors import (
    BadDigest,
    ContentMismatch,
    EntityTooLarge,
    IncompleteBody,
    InvalidArgument,
    InvalidDigest,
    NotSimulated,
)

LARGEST_OBJECT = 5 * 1024**3
"""The most bytes of an object or a part in one request (IBM COS; AWS S3, "Multipart upload limits")."""
LARGEST_XML = 4 * 1024 * 1024
"""Enough for 10,000 parts."""
FRAMING = 16
"""S3's chunks, of 8 kB or more, add at most one part in this many to a body."""
AWS_CHUNKED = "aws-chunked"
CONTENT_SHA256, STREAMING = "x-amz-content-sha256", "STREAMING-"
"""The header with the digest of the body, or a keyword (AWS S3, "Authenticating Requests"); signatures are not used."""
DIGEST = re.compile(r"[0-9A-Fa-f]{64}")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]{0,200})?\r\n")
LONGEST_LINE = 300
TRAILER = re.compile(rb"([\w-]{1,64}):([^\r\n]{0,200})(?:\r\n|\n|\Z)")
LONGEST_TRAILERS = 16_384


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class Crc32:
    def __init__(self) -> None:
        self.value = 0

    def update(self, data: bytes, /) -> None:
        self.value = zlib.crc32(data, self.value)

    def digest(self) -> bytes:
        return self.value.to_bytes(4, "big")


MD5 = "content-md5"
CHECKSUMS: dict[str, Callable[[], Hash]] = {
    MD5: lambda: hashlib.md5(usedforsecurity=False),
    "x-amz-checksum-crc32": Crc32,
    "x-amz-checksum-sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "x-amz-checksum-sha256": hashlib.sha256,
}
# Headers about a checksum, not the checksum itself.
ABOUT_CHECKSUMS = {"x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"}


def largest_body(largest: int) -> int:
    """The largest body in chunks that decodes to ``largest`` bytes."""
    return largest + largest // FRAMING + LONGEST_TRAILERS


class Body:
    """The decoded body of a request, to iterate over once. It is verified when the iteration ends.

    The iterator raises EntityTooLarge, IncompleteBody, InvalidDigest, BadDigest, and ContentMismatch.
    """

    def __init__(self, request: HttpRequest, *, limit: int) -> None:
        """Raises EntityTooLarge for a body that is too large, and NotSimulated for an unsupported checksum."""
        self._request = request
        self._limit = limit
        self._headers = {name.lower(): value for name, value in request.headers.items()}
        self._trailing = [name.lower() for name in _listed(self._headers.get("x-amz-trailer", ""))]
        digest = self._headers.get(CONTENT_SHA256, "")
        self._is_framed = AWS_CHUNKED in encodings(self._headers) or digest.startswith(STREAMING)
        self._signed = hashlib.sha256() if DIGEST.fullmatch(digest) else None
        most = largest_body(limit) if self._is_framed else limit
        length = whole_number(request.META.get("CONTENT_LENGTH") or "0", largest=most)
        if length is None:
            raise self._too_large()
        self._length = length
        names = {*self._headers, *(self._trailing if self._is_framed else ())}
        self._hashes = {name: _hash(name) for name in names if is_checksum(name)}

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._chunks() if self._is_framed else self._pieces(self._length):
            size += len(piece)
            if size > self._limit:
                raise self._too_large()
            for each in (*self._hashes.values(), *filter(None, [self._signed])):
                each.update(piece)
            yield piece
        length = self._headers.get("x-amz-decoded-content-length")
        if self._is_framed and length is not None and length != str(size):
            raise IncompleteBody("The body does not have the length that x-amz-decoded-content-length says.")
        self._check()

    def _pieces(self, size: int) -> Iterator[bytes]:
        while size > 0:
            piece = self._request.read(min(PIECE, size))
            if not piece:
                raise IncompleteBody("The body is shorter than it says.")
            size -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        """Decode an ``aws-chunked`` body (AWS S3, "Signature calculations for trailing headers")."""
        while True:
            head = CHUNK.fullmatch(self._request.readline(LONGEST_LINE))
            if head is None:
                raise IncompleteBody("The body is not in the chunks that Content-Encoding aws-chunked announces.")
            if (size := int(head[1], 16)) == 0:
                break
            yield from self._pieces(size)
            if self._request.read(2) != b"\r\n":
                raise IncompleteBody("A chunk of the body does not have the length that it says.")
        matches = TRAILER.finditer(self._request.read(LONGEST_TRAILERS))
        trailers = {each[1].decode().lower(): each[2].decode("latin-1").strip() for each in matches}
        if missing := [name for name in self._trailing if name not in trailers]:
            raise IncompleteBody(f"The body ends without {echoed(missing[0])}, which x-amz-trailer announces.")
        if unknown := [name for name in trailers if is_checksum(name) and name not in self._hashes]:
            raise InvalidArgument(f"The body ends with {echoed(unknown[0])}, which x-amz-trailer does not announce.")
        self._headers |= trailers

    def _check(self) -> None:
        if self._signed is not None and self._signed.hexdigest() != self._headers[CONTENT_SHA256].lower():
            raise ContentMismatch(f"The body does not have the {CONTENT_SHA256} that you gave.")
        for name, digest_so_far in self._hashes.items():
            actual = digest_so_far.digest()
            if _decoded(self._headers[name], len(actual), name) != actual:
                label = "Content-MD5" if name == MD5 else name
                raise BadDigest(f"The body does not have the {label} that you gave.")

    def _too_large(self) -> EntityTooLarge:
        return EntityTooLarge(f"The body is larger than {self._limit} bytes, which is the limit.")


def read_document(request: HttpRequest) -> bytes:
    """The whole body, for an XML document. Raises what Body raises."""
    return b"".join(Body(request, limit=LARGEST_XML))


def announced_size(request: HttpRequest) -> int:
    """The announced size of the body in bytes; 0 without one."""
    header = request.headers.get("x-amz-decoded-content-length") or request.META.get("CONTENT_LENGTH") or "0"
    return whole_number(header, largest=2 * LARGEST_OBJECT) or 0


def encodings(headers: Mapping[str, str]) -> list[str]:
    return _listed(headers.get("content-encoding", ""))


def _listed(header: str) -> list[str]:
    return [each.strip() for each in header.split(",") if each.strip()]


def is_checksum(name: str) -> bool:
    return name == MD5 or (name.startswith("x-amz-checksum-") and name not in ABOUT_CHECKSUMS)


def _hash(name: str) -> Hash:
    if name not in CHECKSUMS:
        raise NotSimulated(f"the checksum {echoed(name)}")
    return CHECKSUMS[name]()


def _decoded(value: str, length: int, name: str) -> bytes:
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != length:
        raise InvalidDigest(f"{name} must be {length} bytes in base64.")
    return digest
