"""Request bodies: read as a stream with a limit of their own, taken out of S3's own chunks, held to their checksums."""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from django.http import HttpRequest

from controlplane.kernel.text import echoed
from controlplane.kernel.whole_number import whole_number
from controlplane.objectstore.errors import (
    BadDigest,
    EntityTooLarge,
    IncompleteBody,
    InvalidArgument,
    InvalidDigest,
    MalformedXML,
    NotSimulated,
)

LARGEST_OBJECT = 16 * 1024 * 1024  # D-56
LARGEST_XML = 1024 * 1024
# What the framing of S3's own chunks, of 8 kB or more, may add.
FRAMING = 1024 * 1024
LARGEST_BODY = LARGEST_OBJECT + FRAMING
AWS_CHUNKED = "aws-chunked"
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]{0,200})?\r\n")
TRAILER = re.compile(rb"([\w-]{1,64}):([^\r\n]{0,200})(?:\r\n|\n|\Z)")

CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}
# Say how a checksum is sent, not what it is.
ABOUT_CHECKSUMS = {"x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"}


@dataclass(frozen=True)
class Body:
    content: bytes

    @property
    def md5(self) -> str:
        """In hexadecimal."""
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


def read(request: HttpRequest, *, limit: int) -> Body:
    """The body, whole and intact.

    Raises EntityTooLarge, IncompleteBody, InvalidArgument, InvalidDigest, BadDigest, or NotSimulated.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    if AWS_CHUNKED not in encodings(headers):
        content = _raw(request, limit)
    else:
        content, trailers = _unframed(_raw(request, limit + FRAMING))
        if len(content) > limit:
            raise _too_large(limit)
        announced = headers.get("x-amz-decoded-content-length")
        if announced is not None and announced != str(len(content)):
            raise IncompleteBody("The body does not have the length that x-amz-decoded-content-length says.")
        if missing := [name for name in _listed(headers.get("x-amz-trailer", "")) if name.lower() not in trailers]:
            raise IncompleteBody(f"The body ends without {echoed(missing[0])}, which x-amz-trailer announces.")
        headers |= trailers
    body = Body(content)
    _check_digests(body, headers)
    return body


def encodings(headers: Mapping[str, str]) -> list[str]:
    return _listed(headers.get("content-encoding", ""))


def _listed(header: str) -> list[str]:
    return [each.strip() for each in header.split(",") if each.strip()]


def _raw(request: HttpRequest, limit: int) -> bytes:
    length = whole_number(request.META.get("CONTENT_LENGTH") or "0", largest=limit)
    if length is None:
        raise _too_large(limit)
    return bytes(request.read(length))


def _too_large(limit: int) -> EntityTooLarge:
    return EntityTooLarge(f"The body is larger than {limit} bytes, the most that is taken here.")


def _unframed(body: bytes) -> tuple[bytes, dict[str, str]]:
    """Content and trailers of an ``aws-chunked`` body (AWS S3, "Signature calculations for trailing headers")."""
    content = bytearray()
    position = 0
    while True:
        head = CHUNK.match(body, position)
        if head is None:
            raise IncompleteBody("The body is not in the chunks that Content-Encoding aws-chunked announces.")
        size, position = int(head[1], 16), head.end()
        if size == 0:
            found = TRAILER.finditer(body, position)
            return bytes(content), {each[1].decode().lower(): each[2].decode("latin-1").strip() for each in found}
        content += body[position : position + size]
        position += size
        if body[position : position + 2] != b"\r\n":
            raise IncompleteBody("A chunk of the body does not have the length that it says.")
        position += 2


def _check_digests(body: Body, headers: Mapping[str, str]) -> None:
    if "content-md5" in headers:
        expected = _decoded(headers["content-md5"], 16, "Content-MD5")
        if expected.hex() != body.md5:
            raise BadDigest("The body does not have the Content-MD5 that you gave.")
    for name, value in headers.items():
        if not name.startswith("x-amz-checksum-") or name in ABOUT_CHECKSUMS:
            continue
        if name not in CHECKSUMS:
            raise NotSimulated(f"the checksum {echoed(name)}")
        actual = CHECKSUMS[name](body.content)
        if _decoded(value, len(actual), name) != actual:
            raise BadDigest(f"The body does not have the {name} that you gave.")


def _decoded(value: str, length: int, name: str) -> bytes:
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != length:
        raise InvalidDigest(f"{name} must be {length} bytes in base64.")
    return digest


class _Plain(TreeBuilder):
    """Entities are declared in a DTD, so where there is none nothing can expand."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise MalformedXML("The XML has a document type declaration. Leave it out.")


def parse_xml(body: Body, *, root: str) -> Element:
    """Raises MalformedXML unless it is well-formed, has no DTD, and its root has this name, in any namespace."""
    parser = XMLParser(target=_Plain())  # noqa: S314  no DTD, no entities
    try:
        parser.feed(body.content)
        found = parser.close()
    except (ParseError, ValueError, LookupError):
        raise MalformedXML("The body is not well-formed XML.") from None
    if local(found) != root:
        raise MalformedXML(f"The body must be a {root} document.")
    return found


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def keys_to_delete(body: Body, *, most: int = 1000) -> tuple[list[str], bool]:
    """The keys of a ``Delete`` document, and whether only failures are wanted."""
    root = parse_xml(body, root="Delete")
    keys, quiet = [], False
    for child in root:
        if local(child) == "Quiet":
            quiet = (child.text or "").strip().lower() == "true"
            continue
        parts = {local(part): part.text or "" for part in child}
        if local(child) != "Object" or not parts.get("Key"):
            raise MalformedXML("A Delete document has Object elements, each with a Key, and perhaps Quiet.")
        if parts.keys() - {"Key"}:
            raise NotSimulated("the deletion of a version, or of an object in a certain state")
        keys.append(parts["Key"])
    if not 1 <= len(keys) <= most:
        raise MalformedXML(f"A Delete document names 1 to {most} objects.")
    return keys, quiet


def location_constraint(body: Body) -> str:
    """The location that a ``CreateBucketConfiguration`` asks for; empty where there is none. Raises InvalidArgument."""
    if not body.content.strip():
        return ""
    root = parse_xml(body, root="CreateBucketConfiguration")
    parts = {local(child): (child.text or "").strip() for child in root}
    if unknown := sorted(parts.keys() - {"LocationConstraint"}):
        raise InvalidArgument(f"CreateBucketConfiguration has {echoed(unknown[0])}, which is not understood here.")
    return parts.get("LocationConstraint", "")
