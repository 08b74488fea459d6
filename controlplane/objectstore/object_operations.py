"""Operations on one object."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date

from controlplane.kernel.streamed import PIECE, StreamedResponse
from controlplane.kernel.whole_number import whole_number
from controlplane.objectstore import files, preconditions, request_bodies, services
from controlplane.objectstore.authorized_call import Call
from controlplane.objectstore.errors import ConditionFailed, InvalidRange, MetadataTooLarge, OperationAborted
from controlplane.objectstore.models import Bucket, StoredObject
from controlplane.objectstore.object_reader import Reader
from controlplane.objectstore.selectors import detecting_change, open_object
from controlplane.objectstore.xml_responses import empty

DEFAULT_TYPE = "binary/octet-stream"
METADATA = "x-amz-meta-"
LARGEST_METADATA = 2048
"""Bytes of all names and values together (AWS S3, "User-defined object metadata")."""
STORED_HEADERS = (
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
)
TRIES = 5
"""The most attempts to read an object that other requests replace meanwhile."""
RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
BEYOND = 10**18
"""A position after the end of any object."""

A = TypeVar("A", bound=HttpResponseBase)


def put_object(call: Call) -> HttpResponse:
    headers = stored_headers(call.request)
    bucket = call.bucket
    body = request_bodies.Body(call.request, limit=request_bodies.LARGEST_OBJECT)
    return empty({"ETag": store_object(call, bucket, body, headers).etag})


def store_object(call: Call, bucket: Bucket, content: Iterable[bytes], headers: dict[str, str]) -> StoredObject:
    """Store the bytes as the object of the call. Raises what ``services.put_object`` raises."""
    with files.writing() as new:
        file = new.write(content)
        with call.storing() as allowance:
            return services.put_object(
                bucket,
                key=call.address.key,
                file=file,
                allowance=allowance,
                headers=headers,
                if_match=call.request.headers.get("If-Match"),
                if_none_match=call.request.headers.get("If-None-Match"),
                event=call.event,
                by=call.by,
            )


def stored_headers(request: HttpRequest) -> dict[str, str]:
    """The headers that are stored and returned with the object. Raises MetadataTooLarge."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    metadata = {name: value for name, value in headers.items() if name.startswith(METADATA)}
    size = sum(len(name) - len(METADATA) + len(value) for name, value in metadata.items())
    if size > LARGEST_METADATA:
        raise MetadataTooLarge(f"Names and values of the metadata have {size} bytes; {LARGEST_METADATA} are allowed.")
    headers["content-type"] = headers.get("content-type") or DEFAULT_TYPE
    headers["content-encoding"] = ", ".join(
        each for each in request_bodies.encodings(headers) if each != request_bodies.AWS_CHUNKED
    )
    return {name: headers[name] for name in STORED_HEADERS if headers.get(name)} | metadata


def retry_when_replaced(operation: Callable[[Call], A]) -> Callable[[Call], A]:
    """Retry an operation whose source was replaced while it was read."""

    @wraps(operation)
    def answer(call: Call) -> A:
        for _ in range(TRIES - 1):
            with suppress(OperationAborted):
                return operation(call)
        return operation(call)

    return answer


@retry_when_replaced
def get_object(call: Call) -> HttpResponseBase:
    row, open_range = open_object(call.bucket, call.address.key)
    return _answer(call, row, open_range)


def head_object(call: Call) -> HttpResponseBase:
    row, _ = open_object(call.bucket, call.address.key)
    return _answer(call, row, None)


def _answer(call: Call, row: StoredObject, open_range: Callable[[int, int], Reader] | None) -> HttpResponseBase:
    """The object, the requested range of it, or 304. Raises ConditionFailed, InvalidRange, or NoSuchKey."""
    condition = preconditions.status_of(call.request.headers, row)
    if condition == ConditionFailed.status:
        raise ConditionFailed("The object is not the one that the If- headers of the request name.")
    headers = {
        **row.headers,
        "ETag": row.etag,
        "Last-Modified": http_date(row.modified_at.timestamp()),
        "Accept-Ranges": "bytes",
    }
    if condition == 304:
        answer: HttpResponseBase = empty(headers, status=304)
    else:
        part = _range(call.request.headers, row)
        start, stop = part or (0, row.size)
        if part:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{row.size}"
        headers["Content-Length"] = str(stop - start)
        with detecting_change(row):
            content = open_range(start, stop) if open_range else b""
            answer = _response(content, stop - start, status=206 if part else 200, headers=headers)
    call.record(row.bucket, status=answer.status_code, data=call.about())
    return answer


def _response(content: Reader | bytes, size: int, **options: Any) -> HttpResponseBase:
    """A response with this content: a short one is read now, a long one is streamed."""
    if isinstance(content, Reader) and size > PIECE:
        return StreamedResponse(content, **options)
    return HttpResponse(content, **options)


def _range(headers: Mapping[str, str], row: StoredObject) -> tuple[int, int] | None:
    """The first byte of a single range and the byte after its last (RFC 9110, section 14.2). Raises InvalidRange.

    None, for the whole object, without a range or with one of another form.
    """
    match = RANGE.fullmatch(headers.get("Range", "").strip())
    if match is None or headers.get("If-Range", row.etag) != row.etag:
        return None
    first, last = (_position(digits) for digits in match.groups())
    if first is None and last is None:
        return None
    if first is not None and last is not None and first > last:
        return None
    start = max(0, row.size - (last or 0)) if first is None else first
    stop = row.size if first is None or last is None else min(last + 1, row.size)
    if start >= stop:
        raise InvalidRange(
            f"The object has {row.size} bytes, none of them in this range.",
            headers={"Content-Range": f"bytes */{row.size}"},
        )
    return start, stop


def _position(digits: str) -> int | None:
    if not digits:
        return None
    number = whole_number(digits, largest=BEYOND)
    return BEYOND if number is None else number


def delete_object(call: Call) -> HttpResponse:
    services.delete_objects(call.bucket, keys=[call.address.key], event=call.event, by=call.by)
    return empty(status=204)
