"""Operations on buckets and on the list of them."""

import re
from base64 import b64decode, urlsafe_b64encode
from xml.etree.ElementTree import Element

from django.conf import settings
from django.http import HttpResponse

from controlplane.activity.record import record
from controlplane.kernel.paging import first
from controlplane.kernel.query_parameters import one_of
from controlplane.kernel.text import is_storable
from controlplane.objectstore import addressing, request_bodies, services, xml_requests, xml_responses
from controlplane.objectstore.authorized_call import Call
from controlplane.objectstore.errors import InvalidArgument, InvalidLocationConstraint
from controlplane.objectstore.paging import STORAGE_CLASS, Encode, encoding, page_size
from controlplane.objectstore.selectors import Listing, buckets_of, list_objects

LOCATION = re.compile(r"[a-z0-9-]{1,64}")


def list_buckets(call: Call) -> HttpResponse:
    root = _bucket_list(call)
    listed = xml_responses.add(root, "Buckets")
    for bucket in buckets_of(call.account_id, service_instance=call.instance):
        entry = xml_responses.add(listed, "Bucket")
        xml_responses.fill(entry, [("Name", bucket.name), ("CreationDate", xml_responses.instant(bucket.created_at))])
    record(call.event, initiator=call.by, target=call.target(), account_id=call.account_id)
    return xml_responses.xml(root)


def list_buckets_extended(call: Call) -> HttpResponse:
    """A page of them, each with its location."""
    query = call.request.GET
    limit, marker, prefix = page_size(query, "max-keys"), query.get("marker", ""), query.get("prefix", "")
    buckets = buckets_of(call.account_id, service_instance=call.instance)
    page, is_truncated = first(buckets.filter(name__gt=marker, name__startswith=prefix), limit)
    root = _bucket_list(call)
    xml_responses.fill(
        root,
        [
            ("Prefix", prefix),
            ("Marker", marker),
            ("MaxKeys", limit),
            ("IsTruncated", is_truncated),
            ("NextMarker", page[-1].name if is_truncated and page else None),
        ],
    )
    listed = xml_responses.add(root, "Buckets")
    for bucket in page:
        xml_responses.fill(
            xml_responses.add(listed, "Bucket"),
            [
                ("Name", bucket.name),
                ("CreationDate", xml_responses.instant(bucket.created_at)),
                ("LocationConstraint", bucket.location),
            ],
        )
    record(call.event, initiator=call.by, target=call.target(), account_id=call.account_id)
    return xml_responses.xml(root)


def _bucket_list(call: Call) -> Element:
    root, owner = xml_responses.document("ListAllMyBucketsResult"), call.instance or call.account_id
    xml_responses.fill(xml_responses.add(root, "Owner"), [("ID", owner), ("DisplayName", owner)])
    return root


def create_bucket(call: Call) -> HttpResponse:
    location = xml_requests.location_constraint(request_bodies.read_document(call.request))
    if location and not LOCATION.fullmatch(location):
        raise InvalidLocationConstraint("LocationConstraint must be one of IBM's, such as us-south-standard.")
    services.create_bucket(
        call.account_id,
        name=call.address.bucket,
        service_instance=call.instance,
        location=location or f"{settings.BAREMINT_REGION}-standard",
        event=call.event,
        by=call.by,
    )
    return _empty(200, Location=f"/{call.address.bucket}")


def head_bucket(call: Call) -> HttpResponse:
    bucket = call.bucket
    record(call.event, initiator=call.by, target=services.target_of(bucket), account_id=call.account_id)
    answer = _empty(200)
    answer["ibm-sse-kp-enabled"] = "false"
    answer["x-amz-bucket-region"] = bucket.location
    return answer


def delete_bucket(call: Call) -> HttpResponse:
    services.delete_bucket(call.bucket, event=call.event, by=call.by)
    return _empty(204)


def get_bucket_location(call: Call) -> HttpResponse:
    bucket = call.bucket
    root = xml_responses.document("LocationConstraint")
    root.text = bucket.location
    record(call.event, initiator=call.by, target=services.target_of(bucket), account_id=call.account_id)
    return xml_responses.xml(root)


def list_objects_v1(call: Call) -> HttpResponse:
    return _list(call, "Marker", call.request.GET.get("marker", ""))


def list_objects_v2(call: Call) -> HttpResponse:
    query = call.request.GET
    one_of(query, "list-type", ("2",), message="list-type must be 2, or absent.", refusal=InvalidArgument)
    token = query.get("continuation-token")
    return _list(call, "StartAfter", query.get("start-after", ""), token=token)


def _list(call: Call, start: str, after: str, *, token: str | None = None) -> HttpResponse:
    """``start`` names the element that shows ``after``; a token, which goes on from a page before, goes before it."""
    bucket, query = call.bucket, call.request.GET
    limit = page_size(query, "max-keys")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    encode = encoding(query)
    position = after if token is None else _opened(token)
    page = list_objects(bucket, prefix=prefix, delimiter=delimiter, after=position, limit=limit)
    root = xml_responses.document("ListBucketResult")
    version_2 = start == "StartAfter"
    xml_responses.fill(
        root,
        [
            ("Name", bucket.name),
            ("Prefix", encode(prefix)),
            (start, encode(after) if after or not version_2 else None),
            ("MaxKeys", limit),
            ("Delimiter", encode(delimiter) if delimiter else None),
            ("EncodingType", query.get("encoding-type")),
            ("IsTruncated", page.is_truncated),
            ("KeyCount", len(page.objects) + len(page.prefixes) if version_2 else None),
            ("ContinuationToken", token),
            ("NextContinuationToken", _sealed(page.last) if version_2 and page.is_truncated else None),
            ("NextMarker", encode(page.last) if not version_2 and page.is_truncated and delimiter else None),
        ],
    )
    _show(root, page, encode)
    record(call.event, initiator=call.by, target=services.target_of(bucket), account_id=call.account_id)
    return xml_responses.xml(root)


def _show(root: Element, page: Listing, encode: Encode) -> None:
    for each in page.objects:
        xml_responses.fill(
            xml_responses.add(root, "Contents"),
            [
                ("Key", encode(each.key)),
                ("LastModified", xml_responses.instant(each.modified_at)),
                ("ETag", f'"{each.tag}"'),
                ("Size", each.size),
                ("StorageClass", STORAGE_CLASS),
            ],
        )
    for prefix in page.prefixes:
        xml_responses.add(xml_responses.add(root, "CommonPrefixes"), "Prefix", encode(prefix))


def _sealed(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode()


def _opened(token: str) -> str:
    try:
        key = b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        key = "\0"
    if not is_storable(key):
        raise InvalidArgument("continuation-token is none of this store. Take it from NextContinuationToken.")
    return key


def delete_objects(call: Call) -> HttpResponse:
    keys, quiet = xml_requests.keys_to_delete(request_bodies.read_document(call.request))
    for key in keys:
        addressing.check_key(key)
    refusals = {key: refusal for key in dict.fromkeys(keys) if (refusal := call.refusal_of(key))}
    allowed = [key for key in keys if key not in refusals]
    services.delete_objects(call.bucket, keys=allowed, event=call.event, by=call.by)
    root = xml_responses.document("DeleteResult")
    for key in () if quiet else allowed:
        xml_responses.add(xml_responses.add(root, "Deleted"), "Key", key)
    for key, refusal in refusals.items():
        told = [("Key", key), ("Code", refusal.code), ("Message", refusal.message)]
        xml_responses.fill(xml_responses.add(root, "Error"), told)
    return xml_responses.xml(root)


def _empty(status: int, **headers: str) -> HttpResponse:
    answer = HttpResponse(status=status)
    del answer["Content-Type"]
    for name, value in headers.items():
        answer[name] = value
    return answer
