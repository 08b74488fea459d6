"""Responses in S3's XML, and responses without a body."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from xml.etree.ElementTree import Element, register_namespace, tostring

from django.http import HttpResponse

from controlplane.kernel.errors import ApiError
from controlplane.objectstore.addressing import UNWRITABLE

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
XML = "application/xml"
register_namespace("", NAMESPACE)

Content: TypeAlias = "str | int | bool | datetime | Children | None"
"""A text, or the children of an element; an element whose content is None is left out."""
Children: TypeAlias = "Sequence[tuple[str, Content]]"
"""Names and contents of elements, in their order."""


def xml(name: str, content: Content, *, status: int = 200, namespace: str = f"{{{NAMESPACE}}}") -> HttpResponse:
    """A response with a document whose root has this name."""
    document = tostring(_element(name, content, namespace), encoding="UTF-8", xml_declaration=True)
    # Parsers would read a bare CR as LF.
    return HttpResponse(document.replace(b"\r", b"&#13;"), status=status, content_type=XML)


def _element(name: str, content: Content, namespace: str) -> Element:
    element = Element(f"{namespace}{name}")
    if isinstance(content, list | tuple):
        element.extend(_element(child, value, namespace) for child, value in content if value is not None)
    else:
        element.text = _text(content)
    return element


def _text(value: Content) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"  # 2026-11-23T12:11:05.123Z
    return UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))


def identity(name: str) -> Children:
    """The content of an element such as ``Owner``."""
    return [("ID", name), ("DisplayName", name)]


def refusal(error: ApiError, *, resource: str, request_id: str) -> HttpResponse:
    """An ``<Error>`` document, the only one of S3 without a namespace. ``MoreInfo`` is the URL of an explanation."""
    explanation = error.more_info
    content: Children = [
        ("Code", error.code),
        ("Message", error.message),
        ("Resource", resource),
        ("MoreInfo", explanation or None),
        ("RequestId", request_id),
    ]
    answer = xml("Error", content, status=error.status, namespace="")
    for name, value in error.headers.items():
        answer[name] = value
    if explanation:
        answer["Link"] = f'<{explanation}>; rel="help"'
    return answer


def empty(headers: Mapping[str, str] | None = None, *, status: int = 200) -> HttpResponse:
    """A response without a body."""
    answer = HttpResponse(status=status, headers=headers)
    del answer["Content-Type"]
    return answer
