"""Operations on one object."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import wraps
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date

from controlplane.activity.record import record
from controlplane.kernel.streamed import PIECE, StreamedAnswer
from controlplane.kernel.whole_number import whole_number
from controlplane.objectstore import files, preconditions, request_bodies, services
from controlplane.objectstore.authorized_call import Call
from controlplane.objectstore.errors import ConditionFailed, InvalidRange, MetadataTooLarge, OperationAborted
from controlplane.objectstore.models import Bucket, StoredObject
from controlplane.objectstore.object_reader import Reader
from controlplane.objectstore.selectors import opened, unchanged

DEFAULT_TYPE = "binary/octet-stream"
METADATA = "x-amz-meta-"
LARGEST_METADATA = 2048
"""Bytes of all names and values together (AWS S3, "User-defined object metadata")."""
KEPT = ("content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires")
TRIES = 5
"""How often an object is read that others replace all the time."""
RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
BEYOND = 10**18
"""More bytes than any object has."""

A = TypeVar("A", bound=HttpResponseBase)


def put_object(call: Call) -> HttpResponse:
    headers = kept_headers(call.request)
    bucket = call.bucket
    body = request_bodies.Body(call.request, limit=request_bodies.LARGEST_OBJECT)
    made = store_object(call, bucket, body, headers)
    return tagged(made.etag)


def store_object(call: Call, bucket: Bucket, content: Iterable[bytes], headers: dict[str, str]) -> StoredObject:
    """Keep the bytes as the object that the call is about. Raises what ``services.put_object`` raises."""
    with files.writing() as new:
        kept = new.keep(content)
        with call.storing() as room:
            return services.put_object(
                bucket,
                key=call.address.key,
                kept=kept,
                room=room,
                headers=headers,
                if_match=call.request.headers.get("If-Match"),
                if_none_match=call.request.headers.get("If-None-Match"),
                event=call.event,
                by=call.by,
            )


def tagged(etag: str) -> HttpResponse:
    """An answer that is an entity tag."""
    answer = HttpResponse()
    del answer["Content-Type"]
    answer["ETag"] = etag
    return answer


def kept_headers(request: HttpRequest) -> dict[str, str]:
    """The headers that are answered with the object. Raises MetadataTooLarge."""
    sent = {name.lower(): value for name, value in request.headers.items()}
    metadata = {name: value for name, value in sent.items() if name.startswith(METADATA)}
    size = sum(len(name) - len(METADATA) + len(value) for name, value in metadata.items())
    if size > LARGEST_METADATA:
        raise MetadataTooLarge(f"Names and values of the metadata have {size} bytes; {LARGEST_METADATA} are allowed.")
    sent["content-type"] = sent.get("content-type") or DEFAULT_TYPE
    sent["content-encoding"] = ", ".join(
        each for each in request_bodies.encodings(sent) if each != request_bodies.AWS_CHUNKED
    )
    return {name: sent[name] for name in KEPT if sent.get(name)} | metadata


def again(operation: Callable[[Call], A]) -> Callable[[Call], A]:
    """Repeat what reads an object that is replaced meanwhile: the answer is about one of its versions."""

    @wraps(operation)
    def answer(call: Call) -> A:
        for _ in range(TRIES - 1):
            with suppress(OperationAborted):
                return operation(call)
        return operation(call)

    return answer


@again
def get_object(call: Call) -> HttpResponseBase:
    found, read = opened(call.bucket, call.address.key)
    return _answer(call, found, read)


def head_object(call: Call) -> HttpResponseBase:
    found, _ = opened(call.bucket, call.address.key)
    return _answer(call, found, None)


def _answer(call: Call, found: StoredObject, read: Callable[[int, int], Reader] | None) -> HttpResponseBase:
    """The object, the part that Range asks for, or 304. Raises ConditionFailed, InvalidRange, or NoSuchKey."""
    answer = HttpResponse()
    for name, value in found.headers.items():
        answer[name] = value
    answer["ETag"] = found.etag
    answer["Last-Modified"] = http_date(found.modified_at.timestamp())
    answer["Accept-Ranges"] = "bytes"
    condition = preconditions.status_of(call.request.headers, found)
    if condition == ConditionFailed.status:
        raise ConditionFailed("The object is not the one that the If- headers of the request name.")
    if condition == 304:
        answer.status_code, start, stop = 304, 0, 0
        del answer["Content-Type"]
    else:
        part = _range(call.request.headers, found)
        start, stop = part or (0, found.size)
        if part:
            answer.status_code = 206
            answer["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
        answer["Content-Length"] = str(stop - start)
    whole: HttpResponseBase = answer
    if read is not None and answer.status_code != 304:
        with unchanged(found):
            whole = _with_body(answer, read(start, stop), stop - start)
    record(
        call.event,
        initiator=call.by,
        target=services.target_of(found.bucket),
        account_id=call.account_id,
        status=answer.status_code,
        data=call.about(),
    )
    return whole


def _with_body(answer: HttpResponse, reader: Reader, size: int) -> HttpResponseBase:
    """What is short is read now, and the rest while its client takes it."""
    if size > PIECE:
        return StreamedAnswer(reader, status=answer.status_code, headers=dict(answer.items()))
    return HttpResponse(b"".join(reader), status=answer.status_code, headers=dict(answer.items()))


def _range(headers: Mapping[str, str], found: StoredObject) -> tuple[int, int] | None:
    """First byte and the one behind the last of a single range (RFC 9110, section 14.2). Raises InvalidRange.

    None, for all of it, when no range is asked for, or one of another form.
    """
    match = RANGE.fullmatch(headers.get("Range", "").strip())
    if match is None or headers.get("If-Range", found.etag) != found.etag:
        return None
    first, last = (_position(digits) for digits in match.groups())
    if first is None and last is None:
        return None
    if first is not None and last is not None and first > last:
        return None
    start = max(0, found.size - (last or 0)) if first is None else first
    stop = found.size if first is None or last is None else min(last + 1, found.size)
    if start >= stop:
        raise InvalidRange(
            f"The object has {found.size} bytes, none of them in this range.",
            headers={"Content-Range": f"bytes */{found.size}"},
        )
    return start, stop


def _position(digits: str) -> int | None:
    if not digits:
        return None
    number = whole_number(digits, largest=BEYOND)
    return BEYOND if number is None else number


def delete_object(call: Call) -> HttpResponse:
    services.delete_objects(call.bucket, keys=[call.address.key], event=call.event, by=call.by)
    answer = HttpResponse(status=204)
    del answer["Content-Type"]
    return answer
