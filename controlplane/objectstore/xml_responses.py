"""Responses in S3's XML, built from elements."""

from collections.abc import Iterable
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from django.http import HttpResponse

from controlplane.kernel.errors import ApiError
from controlplane.objectstore.addressing import UNWRITABLE

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
XML = "application/xml"
register_namespace("", NAMESPACE)

Value = str | int | bool


def document(name: str) -> Element:
    return Element(f"{{{NAMESPACE}}}{name}")


def add(parent: Element, name: str, value: Value | None = None) -> Element:
    """Add a child with an optional value as its text."""
    namespace = parent.tag.rpartition("}")[0]
    child = SubElement(parent, f"{namespace}}}{name}" if namespace else name)
    if value is not None:
        child.text = written(value)
    return child


def fill(parent: Element, values: Iterable[tuple[str, Value | None]]) -> None:
    """Add children in this order, without those that have no value."""
    for name, value in values:
        if value is not None:
            add(parent, name, value)


def written(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))


def instant(moment: datetime) -> str:
    """``2026-11-23T12:11:05.123Z``."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def xml(root: Element, *, status: int = 200) -> HttpResponse:
    content = tostring(root, encoding="UTF-8", xml_declaration=True).replace(
        b"\r", b"&#13;"
    )  # otherwise parsers read it as LF
    return HttpResponse(content, status=status, content_type=XML)


def refusal(error: ApiError, *, resource: str, request_id: str) -> HttpResponse:
    """An ``<Error>`` document, the only one of S3 without a namespace. ``MoreInfo`` is the URL of an explanation."""
    root = Element("Error")
    code, explanation = error.code, error.more_info
    fill(
        root,
        [
            ("Code", code),
            ("Message", error.message),
            ("Resource", resource),
            ("MoreInfo", explanation or None),
            ("RequestId", request_id),
        ],
    )
    answer = xml(root, status=error.status)
    for name, value in error.headers.items():
        answer[name] = value
    if explanation:
        answer["Link"] = f'<{explanation}>; rel="help"'
    return answer
