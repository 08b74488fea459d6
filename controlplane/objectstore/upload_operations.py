"""Operations on multipart uploads."""

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from django.http import HttpRequest, HttpResponse

from controlplane.activity.record import record
from controlplane.kernel.paging import first
from controlplane.kernel.query_parameters import number
from controlplane.kernel.text import echoed
from controlplane.objectstore import files, request_bodies, services, uploads, xml_requests, xml_responses
from controlplane.objectstore.authorized_call import Call
from controlplane.objectstore.errors import InvalidArgument, NotSimulated
from controlplane.objectstore.models import Bucket, Upload
from controlplane.objectstore.object_operations import kept_headers, tagged
from controlplane.objectstore.paging import STORAGE_CLASS, Encode, encoding, page_size, whole
from controlplane.objectstore.selectors import behind, common_prefix, find_upload, uploads_of

SIZE = "x-amz-mp-object-size"


def create_multipart_upload(call: Call) -> HttpResponse:
    made = uploads.create_upload(
        call.bucket, key=call.address.key, headers=kept_headers(call.request), event=call.event, by=call.by
    )
    root = xml_responses.document("InitiateMultipartUploadResult")
    xml_responses.fill(root, [("Bucket", made.bucket.name), ("Key", call.address.key), ("UploadId", made.identifier)])
    return xml_responses.xml(root)


def upload_part(call: Call) -> HttpResponse:
    number, identifier = part_number(call.request), call.request.GET["uploadId"]
    bucket = call.bucket
    find_upload(bucket, call.address.key, identifier)
    body = request_bodies.Body(call.request, limit=request_bodies.LARGEST_OBJECT)
    with files.writing() as new:
        kept = new.keep(body)
        with call.storing() as room:
            made = uploads.put_part(
                bucket,
                key=call.address.key,
                identifier=identifier,
                number=number,
                kept=kept,
                room=room,
                event=call.event,
                by=call.by,
            )
    return tagged(f'"{made.md5}"')


def part_number(request: HttpRequest) -> int:
    """Raises InvalidArgument."""
    message = f"partNumber must be a whole number from 1 to {xml_requests.MOST_PARTS}."
    return whole(request.GET, "partNumber", least=1, largest=xml_requests.MOST_PARTS, message=message)


def complete_multipart_upload(call: Call) -> HttpResponse:
    headers = call.request.headers
    if summed := [
        name.lower()
        for name in headers
        if request_bodies.is_checksum(name.lower()) and name.lower() != request_bodies.MD5
    ]:
        raise NotSimulated(f"{echoed(summed[0])} of an object that is uploaded in parts")
    size = None
    if SIZE in headers:
        message = f"{SIZE} must be a whole number, of bytes."
        size = number(headers, SIZE, largest=2**63, message=message, refusal=InvalidArgument)
    made = uploads.complete_upload(
        call.bucket,
        key=call.address.key,
        identifier=call.request.GET["uploadId"],
        named=xml_requests.parts_to_complete(request_bodies.read_document(call.request)),
        size=size,
        if_match=headers.get("If-Match"),
        if_none_match=headers.get("If-None-Match"),
        event=call.event,
        by=call.by,
    )
    root = xml_responses.document("CompleteMultipartUploadResult")
    xml_responses.fill(
        root,
        [
            ("Location", call.request.build_absolute_uri(call.request.path)),
            ("Bucket", made.bucket.name),
            ("Key", call.address.key),
            ("ETag", made.etag),
        ],
    )
    return xml_responses.xml(root)


def abort_multipart_upload(call: Call) -> HttpResponse:
    uploads.abort_upload(
        call.bucket, key=call.address.key, identifier=call.request.GET["uploadId"], event=call.event, by=call.by
    )
    answer = HttpResponse(status=204)
    del answer["Content-Type"]
    return answer


def list_parts(call: Call) -> HttpResponse:
    bucket, query = call.bucket, call.request.GET
    upload = find_upload(bucket, call.address.key, query["uploadId"])
    limit = page_size(query, "max-parts")
    message = "part-number-marker must be the number of a part."
    marker = whole(query, "part-number-marker", largest=xml_requests.MOST_PARTS, message=message)
    page, is_truncated = first(upload.pieces.filter(number__gt=marker).order_by("number"), limit)
    root = xml_responses.document("ListPartsResult")
    xml_responses.fill(
        root,
        [
            ("Bucket", bucket.name),
            ("Key", call.address.key),
            ("UploadId", upload.identifier),
            ("StorageClass", STORAGE_CLASS),
            ("PartNumberMarker", marker),
            ("NextPartNumberMarker", page[-1].number if page else marker),
            ("MaxParts", limit),
            ("IsTruncated", is_truncated),
        ],
    )
    for name in ("Initiator", "Owner"):
        identity = upload.initiator if name == "Initiator" else bucket.service_instance
        xml_responses.fill(xml_responses.add(root, name), [("ID", identity), ("DisplayName", identity)])
    for each in page:
        xml_responses.fill(
            xml_responses.add(root, "Part"),
            [
                ("PartNumber", each.number),
                ("LastModified", xml_responses.instant(each.kept_at)),
                ("ETag", f'"{each.md5}"'),
                ("Size", each.size),
            ],
        )
    record(
        call.event, initiator=call.by, target=services.target_of(bucket), account_id=call.account_id, data=call.about()
    )
    return xml_responses.xml(root)


def list_multipart_uploads(call: Call) -> HttpResponse:
    bucket, query = call.bucket, call.request.GET
    limit, encode = page_size(query, "max-uploads"), encoding(query)
    uploads_page, is_truncated = first(_entries(bucket, query), limit)
    root = xml_responses.document("ListMultipartUploadsResult")
    last = uploads_page[-1] if uploads_page else None
    next_key = last if isinstance(last, str) else last.name if last else ""
    next_upload = last.identifier if isinstance(last, Upload) else ""
    xml_responses.fill(
        root,
        [
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
        ],
    )
    for each in uploads_page:
        _show(root, each, bucket, encode)
    record(call.event, initiator=call.by, target=services.target_of(bucket), account_id=call.account_id)
    return xml_responses.xml(root)


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
        rows = rows.filter(key__gte=behind(group))
    last = b""
    for each in rows.iterator():
        group = common_prefix(bytes(each.key), prefix.encode(), delimiter)
        if not group:
            yield each
        elif group != last:
            last = group
            yield group.decode()


def _show(root: Element, each: Upload | str, bucket: Bucket, encode: Encode) -> None:
    if isinstance(each, str):
        xml_responses.add(xml_responses.add(root, "CommonPrefixes"), "Prefix", encode(each))
        return
    shown = xml_responses.add(root, "Upload")
    xml_responses.fill(shown, [("Key", encode(each.name)), ("UploadId", each.identifier)])
    for name, identity in (("Initiator", each.initiator), ("Owner", bucket.service_instance)):
        xml_responses.fill(xml_responses.add(shown, name), [("ID", identity), ("DisplayName", identity)])
    xml_responses.fill(shown, [("StorageClass", STORAGE_CLASS), ("Initiated", xml_responses.instant(each.started_at))])
