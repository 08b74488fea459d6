"""Operations on buckets and on the list of them."""

import re
from base64 import b64decode, urlsafe_b64encode

from django.conf import settings
from django.http import HttpResponse

from controlplane.kernel.paging import first
from controlplane.kernel.query_parameters import one_of
from controlplane.kernel.text import is_storable
from controlplane.objectstore import addressing, request_bodies, services, xml_requests
from controlplane.objectstore.authorized_call import Call
from controlplane.objectstore.errors import InvalidArgument, InvalidLocationConstraint, as_s3
from controlplane.objectstore.models import Bucket, StoredObject
from controlplane.objectstore.paging import STORAGE_CLASS, Encode, encoding, page_size
from controlplane.objectstore.selectors import buckets_of, list_objects
from controlplane.objectstore.xml_responses import Children, empty, identity, xml

LOCATION = re.compile(r"[a-z0-9-]{1,64}")


def list_buckets(call: Call) -> HttpResponse:
    buckets = buckets_of(call.account_id, service_instance=call.instance)
    content = [("Owner", _owner(call)), ("Buckets", [("Bucket", _bucket(each)) for each in buckets])]
    call.record()
    return xml("ListAllMyBucketsResult", content)


def list_buckets_extended(call: Call) -> HttpResponse:
    """A page of buckets, each with its location."""
    query = call.request.GET
    limit, marker, prefix = page_size(query, "max-keys"), query.get("marker", ""), query.get("prefix", "")
    buckets = buckets_of(call.account_id, service_instance=call.instance)
    page, is_truncated = first(buckets.filter(name__gt=marker, name__startswith=prefix), limit)
    content: Children = [
        ("Owner", _owner(call)),
        ("Prefix", prefix),
        ("Marker", marker),
        ("MaxKeys", limit),
        ("IsTruncated", is_truncated),
        ("NextMarker", page[-1].name if is_truncated and page else None),
        ("Buckets", [("Bucket", [*_bucket(each), ("LocationConstraint", each.location)]) for each in page]),
    ]
    call.record()
    return xml("ListAllMyBucketsResult", content)


def _owner(call: Call) -> Children:
    return identity(call.instance)


def _bucket(bucket: Bucket) -> Children:
    return [("Name", bucket.name), ("CreationDate", bucket.created_at)]


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
    return empty({"Location": f"/{call.address.bucket}"})


def head_bucket(call: Call) -> HttpResponse:
    bucket = call.bucket
    call.record(bucket)
    return empty({"ibm-sse-kp-enabled": "false", "x-amz-bucket-region": bucket.location})


def delete_bucket(call: Call) -> HttpResponse:
    services.delete_bucket(call.bucket, event=call.event, by=call.by)
    return empty(status=204)


def get_bucket_location(call: Call) -> HttpResponse:
    bucket = call.bucket
    call.record(bucket)
    return xml("LocationConstraint", bucket.location)


def list_objects_v1(call: Call) -> HttpResponse:
    return _list(call, "Marker", call.request.GET.get("marker", ""))


def list_objects_v2(call: Call) -> HttpResponse:
    query = call.request.GET
    one_of(query, "list-type", ("2",), message="list-type must be 2, or absent.", refusal=InvalidArgument)
    token = query.get("continuation-token")
    return _list(call, "StartAfter", query.get("start-after", ""), token=token)


def _list(call: Call, start: str, after: str, *, token: str | None = None) -> HttpResponse:
    """A page of objects. ``start`` is the element that shows ``after``; a continuation token takes precedence over
    it."""
    bucket, query = call.bucket, call.request.GET
    limit = page_size(query, "max-keys")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    encode = encoding(query)
    position = after if token is None else _opened(token)
    page = list_objects(bucket, prefix=prefix, delimiter=delimiter, after=position, limit=limit)
    version_2 = start == "StartAfter"
    content: Children = [
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
        *(("Contents", _object(each, encode)) for each in page.objects),
        *(("CommonPrefixes", [("Prefix", encode(each))]) for each in page.prefixes),
    ]
    call.record(bucket)
    return xml("ListBucketResult", content)


def _object(row: StoredObject, encode: Encode) -> Children:
    return [
        ("Key", encode(row.name)),
        ("LastModified", row.modified_at),
        ("ETag", row.etag),
        ("Size", row.size),
        ("StorageClass", STORAGE_CLASS),
    ]


def _sealed(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode()


def _opened(token: str) -> str:
    try:
        key = b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        key = "\0"
    if not is_storable(key):
        raise InvalidArgument("continuation-token is invalid. Take it from NextContinuationToken.")
    return key


def delete_objects(call: Call) -> HttpResponse:
    keys, quiet = xml_requests.keys_to_delete(request_bodies.read_document(call.request))
    for key in keys:
        addressing.check_key(key)
    refusals = {key: as_s3(refusal) for key, refusal in call.refusals_of(list(dict.fromkeys(keys))).items()}
    permitted_keys = [key for key in keys if key not in refusals]
    services.delete_objects(call.bucket, keys=permitted_keys, event=call.event, by=call.by)
    return xml(
        "DeleteResult",
        [
            *(("Deleted", [("Key", key)]) for key in permitted_keys if not quiet),
            *(
                ("Error", [("Key", key), ("Code", refusal.code), ("Message", refusal.message)])
                for key, refusal in refusals.items()
            ),
        ],
    )
