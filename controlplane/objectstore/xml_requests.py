"""Parsers of the XML documents that clients send."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from controlplane.kernel.text import echoed
from controlplane.kernel.whole_number import whole_number
from controlplane.objectstore.errors import InvalidArgument, MalformedXML, NotSimulated

MOST_PARTS = 10_000


class _Plain(TreeBuilder):
    """A tree builder that refuses document types, and with them entity expansion."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise MalformedXML("The XML has a document type declaration. Leave it out.")


def parse_xml(body: bytes, *, root: str) -> Element:
    """Parse a document without a DTD and with this root, in any namespace. Raises MalformedXML."""
    parser = XMLParser(target=_Plain())  # noqa: S314  no DTD, no entities
    try:
        parser.feed(body)
        element = parser.close()
    except (ParseError, ValueError, LookupError):
        raise MalformedXML("The body is not well-formed XML.") from None
    if local(element) != root:
        raise MalformedXML(f"The body must be a {root} document.")
    return element


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def keys_to_delete(body: bytes, *, most: int = 1000) -> tuple[list[str], bool]:
    """The keys of a ``Delete`` document, and whether the response lists only failures."""
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


def location_constraint(body: bytes) -> str:
    """The location in a ``CreateBucketConfiguration``; empty without one. Raises InvalidArgument."""
    if not body.strip():
        return ""
    root = parse_xml(body, root="CreateBucketConfiguration")
    parts = {local(child): (child.text or "").strip() for child in root}
    if unknown := sorted(parts.keys() - {"LocationConstraint"}):
        raise InvalidArgument(f"CreateBucketConfiguration has {echoed(unknown[0])}, which is not understood here.")
    return parts.get("LocationConstraint", "")


@dataclass(frozen=True)
class NamedPart:
    number: int
    tag: str
    """The entity tag from the client, without quotation marks."""


def parts_to_complete(body: bytes) -> list[NamedPart]:
    """The parts in a ``CompleteMultipartUpload`` document, in its order. Raises MalformedXML."""
    parts = []
    for child in parse_xml(body, root="CompleteMultipartUpload"):
        values = {local(each): (each.text or "").strip() for each in child}
        number = whole_number(values.get("PartNumber", ""), largest=MOST_PARTS)
        if local(child) != "Part" or not number or not values.get("ETag"):
            raise MalformedXML(
                f"A CompleteMultipartUpload document has Part elements with PartNumber, 1 to {MOST_PARTS}, and ETag."
            )
        parts.append(NamedPart(number, values["ETag"].strip('"')))
    if not parts:
        raise MalformedXML("A CompleteMultipartUpload document names at least one part.")
    return parts
