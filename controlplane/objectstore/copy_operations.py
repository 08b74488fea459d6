"""Operations that copy bytes from another object."""

import re
from collections.abc import Callable
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse

from controlplane.kernel.query_parameters import one_of
from controlplane.objectstore import addressing, preconditions, request_bodies
from controlplane.objectstore.addressing import Address
from controlplane.objectstore.authorized_call import Call
from controlplane.objectstore.errors import (
    ConditionFailed,
    InvalidArgument,
    InvalidRange,
    InvalidRequest,
    NotSimulated,
)
from controlplane.objectstore.events import OBJECT_COPY_READ
from controlplane.objectstore.models import StoredObject
from controlplane.objectstore.object_operations import retry_when_replaced, store_object, stored_headers
from controlplane.objectstore.object_reader import Reader
from controlplane.objectstore.operations import COPY_SOURCE
from controlplane.objectstore.selectors import detecting_change, find_bucket, find_upload, open_object
from controlplane.objectstore.upload_operations import part_number, store_part
from controlplane.objectstore.xml_responses import xml

RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})")


@retry_when_replaced
def copy_object(call: Call) -> HttpResponse:
    bucket = call.bucket
    address, source, open_range = _source(call)
    replaces = _replaces_headers(call.request)
    if not replaces and (source.bucket_id, source.name) == (bucket.pk, call.address.key):
        raise InvalidRequest(
            "An object is copied onto itself only with other headers: x-amz-metadata-directive REPLACE."
        )
    if source.size > request_bodies.LARGEST_OBJECT:
        raise InvalidRequest(f"More than {request_bodies.LARGEST_OBJECT} bytes are copied in parts: upload part copy.")
    headers = stored_headers(call.request) if replaces else source.headers
    call.reserve(source.size)
    with detecting_change(source):
        row = store_object(call, bucket, open_range(0, source.size), headers)
    call.record(source.bucket, event=OBJECT_COPY_READ, data={"object": address.key})
    return xml("CopyObjectResult", [("LastModified", row.modified_at), ("ETag", row.etag)])


@retry_when_replaced
def upload_part_copy(call: Call) -> HttpResponse:
    number, bucket = part_number(call.request), call.bucket
    find_upload(bucket, call.address.key, call.upload_id)
    address, source, open_range = _source(call)
    start, stop = _range(call.request, source)
    if stop - start > request_bodies.LARGEST_OBJECT:
        raise InvalidRequest(
            f"A part has at most {request_bodies.LARGEST_OBJECT} bytes. Name a range: x-amz-copy-source-range."
        )
    call.reserve(stop - start)
    with detecting_change(source):
        piece = store_part(call, bucket, number, open_range(start, stop))
    call.record(source.bucket, event=OBJECT_COPY_READ, data={"object": address.key})
    return xml("CopyPartResult", [("LastModified", piece.kept_at), ("ETag", f'"{piece.md5}"')])


def _source(call: Call) -> tuple[Address, StoredObject, Callable[[int, int], Reader]]:
    """The source of the copy, which the caller must be allowed to read.

    Raises what ``iam.require`` raises, InvalidArgument, NoSuchBucket, NoSuchKey, or ConditionFailed.
    """
    address = _source_address(call.request.headers[COPY_SOURCE])
    call.decide_on_source(address)
    source, open_range = open_object(find_bucket(call.account_id, address.bucket), address.key)
    if preconditions.status_of(call.request.headers, source, prefix=f"{COPY_SOURCE}-") != 200:
        raise ConditionFailed(f"The object to copy is not the one that the {COPY_SOURCE}-if- headers name.")
    return address, source, open_range


def _source_address(header: str) -> Address:
    path, _, query = header.partition("?")
    if query:
        raise NotSimulated("copying a version of an object")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if not bucket or not key:
        raise InvalidArgument(f"{COPY_SOURCE} must be bucket/key, percent-encoded.")
    address = Address(bucket, key)
    addressing.check(address)
    return address


def _replaces_headers(request: HttpRequest) -> bool:
    name, message = "x-amz-metadata-directive", "x-amz-metadata-directive must be COPY or REPLACE."
    return one_of(request.headers, name, ("COPY", "REPLACE"), message=message, refusal=InvalidArgument) == "REPLACE"


def _range(request: HttpRequest, source: StoredObject) -> tuple[int, int]:
    """The range to copy: its first byte and the byte after its last. Raises InvalidArgument or InvalidRange."""
    header = request.headers.get("x-amz-copy-source-range")
    if header is None:
        return 0, source.size
    match = RANGE.fullmatch(header.strip())
    if match is None or int(match[1]) > int(match[2]):
        raise InvalidArgument("x-amz-copy-source-range must be bytes=first-last.")
    if int(match[2]) >= source.size:
        raise InvalidRange(f"The object to copy has {source.size} bytes, and the range goes beyond them.")
    return int(match[1]), int(match[2]) + 1
