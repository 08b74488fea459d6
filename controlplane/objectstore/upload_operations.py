"""Operations on multipart uploads."""

from collections.abc import Iterable, Iterator, Mapping

from django.http import HttpRequest, HttpResponse

from controlplane.kernel.paging import first
from controlplane.kernel.query_parameters import number
from controlplane.kernel.text import echoed
from controlplane.objectstore import files, request_bodies, uploads, xml_requests
from controlplane.objectstore.authorized_call import Call
from controlplane.objectstore.errors import InvalidArgument, NotSimulated
from controlplane.objectstore.models import Bucket, Piece, Upload
from controlplane.objectstore.object_operations import stored_headers
from controlplane.objectstore.paging import STORAGE_CLASS, Encode, encoding, page_size, whole
from controlplane.objectstore.selectors import common_prefix, find_upload, uploads_of, upper_bound
from controlplane.objectstore.xml_responses import Children, empty, identity, xml

SIZE = "x-amz-mp-object-size"


def create_multipart_upload(call: Call) -> HttpResponse:
    upload = uploads.create_upload(
        call.bucket, key=call.address.key, headers=stored_headers(call.request), event=call.event, by=call.by
    )
    content = [("Bucket", upload.bucket.name), ("Key", call.address.key), ("UploadId", upload.identifier)]
    return xml("InitiateMultipartUploadResult", content)


def upload_part(call: Call) -> HttpResponse:
    number, bucket = part_number(call.request), call.bucket
    find_upload(bucket, call.address.key, call.upload_id)
    body = request_bodies.Body(call.request, limit=request_bodies.LARGEST_OBJECT)
    return empty({"ETag": f'"{store_part(call, bucket, number, body).md5}"'})


def store_part(call: Call, bucket: Bucket, number: int, content: Iterable[bytes]) -> Piece:
    """Store the bytes as a part of the upload of the call. Raises what ``uploads.put_part`` raises."""
    with files.writing() as new:
        file = new.write(content)
        with call.storing() as allowance:
            return uploads.put_part(
                bucket,
                key=call.address.key,
                identifier=call.upload_id,
                number=number,
                file=file,
                allowance=allowance,
                event=call.event,
                by=call.by,
            )


def part_number(request: HttpRequest) -> int:
    """The part number of a request. Raises InvalidArgument."""
    message = f"partNumber must be a whole number from 1 to {xml_requests.MOST_PARTS}."
    return whole(request.GET, "partNumber", least=1, largest=xml_requests.MOST_PARTS, message=message)


def complete_multipart_upload(call: Call) -> HttpResponse:
    headers = call.request.headers
    if checksums := [
        name.lower()
        for name in headers
        if request_bodies.is_checksum(name.lower()) and name.lower() != request_bodies.MD5
    ]:
        raise NotSimulated(f"{echoed(checksums[0])} of an object that is uploaded in parts")
    size = None
    if SIZE in headers:
        message = f"{SIZE} must be a whole number, of bytes."
        size = number(headers, SIZE, largest=2**63, message=message, refusal=InvalidArgument)
    row = uploads.complete_upload(
        call.bucket,
        key=call.address.key,
        identifier=call.upload_id,
        parts=xml_requests.parts_to_complete(request_bodies.read_document(call.request)),
        size=size,
        if_match=headers.get("If-Match"),
        if_none_match=headers.get("If-None-Match"),
        event=call.event,
        by=call.by,
    )
    content = [
        ("Location", call.request.build_absolute_uri(call.request.path)),
        ("Bucket", row.bucket.name),
        ("Key", call.address.key),
        ("ETag", row.etag),
    ]
    return xml("CompleteMultipartUploadResult", content)


def abort_multipart_upload(call: Call) -> HttpResponse:
    uploads.abort_upload(call.bucket, key=call.address.key, identifier=call.upload_id, event=call.event, by=call.by)
    return empty(status=204)


def list_parts(call: Call) -> HttpResponse:
    bucket, query = call.bucket, call.request.GET
    upload = find_upload(bucket, call.address.key, call.upload_id)
    limit = page_size(query, "max-parts")
    message = "part-number-marker must be the number of a part."
    marker = whole(query, "part-number-marker", largest=xml_requests.MOST_PARTS, message=message)
    page, is_truncated = first(upload.pieces.filter(number__gt=marker).order_by("number"), limit)
    content: Children = [
        ("Bucket", bucket.name),
        ("Key", call.address.key),
        ("UploadId", upload.identifier),
        ("StorageClass", STORAGE_CLASS),
        ("PartNumberMarker", marker),
        ("NextPartNumberMarker", page[-1].number if page else marker),
        ("MaxParts", limit),
        ("IsTruncated", is_truncated),
        ("Initiator", identity(upload.initiator)),
        ("Owner", identity(bucket.service_instance)),
        *(("Part", _part(each)) for each in page),
    ]
    call.record(bucket, data=call.about())
    return xml("ListPartsResult", content)


def _part(piece: Piece) -> Children:
    return [
        ("PartNumber", piece.number),
        ("LastModified", piece.kept_at),
        ("ETag", f'"{piece.md5}"'),
        ("Size", piece.size),
    ]


def list_multipart_uploads(call: Call) -> HttpResponse:
    bucket, query = call.bucket, call.request.GET
    limit, encode = page_size(query, "max-uploads"), encoding(query)
    page, is_truncated = first(_entries(bucket, query), limit)
    last = page[-1] if page else None
    next_key = last if isinstance(last, str) else last.name if last else ""
    next_upload = last.identifier if isinstance(last, Upload) else ""
    content: Children = [
        ("Bucket", bucket.name),
        ("KeyMarker", encode(query.get("key-marker", ""))),
        ("UploadIdMarker", query.get("upload-id-marker", "")),
        ("NextKeyMarker", encode(next_key) if is_truncated else None),
        ("NextUploadIdMarker", next_upload if is_truncated else None),
        ("Prefix", encode(query.get("prefix", ""))),
        ("Delimiter", encode(query["delimiter"]) if query.get("delimiter") else None),
        ("EncodingType", query.get("encoding-type")),
        ("MaxUploads", limit),
        ("IsTruncated", is_truncated),
        *(_entry(each, bucket, encode) for each in page),
    ]
    call.record(bucket)
    return xml("ListMultipartUploadsResult", content)


def _entries(bucket: Bucket, query: Mapping[str, str]) -> Iterator[Upload | str]:
    """Uploads, and common prefixes in place of those that have one."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "").encode()
    marker = query.get("key-marker", "").encode()
    rows = uploads_of(
        bucket,
        prefix=prefix,
        key_marker=query.get("key-marker", ""),
        upload_marker=query.get("upload-id-marker", ""),
    )
    if (group := common_prefix(marker, prefix.encode(), delimiter)) and group == marker:
        rows = rows.filter(key__gte=upper_bound(group))
    last = b""
    for each in rows.iterator():
        group = common_prefix(bytes(each.key), prefix.encode(), delimiter)
        if not group:
            yield each
        elif group != last:
            last = group
            yield group.decode()


def _entry(each: Upload | str, bucket: Bucket, encode: Encode) -> tuple[str, Children]:
    if isinstance(each, str):
        return "CommonPrefixes", [("Prefix", encode(each))]
    return "Upload", [
        ("Key", encode(each.name)),
        ("UploadId", each.identifier),
        ("Initiator", identity(each.initiator)),
        ("Owner", identity(bucket.service_instance)),
        ("StorageClass", STORAGE_CLASS),
        ("Initiated", each.started_at),
    ]
