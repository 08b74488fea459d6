"""Reading buckets and their objects."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from controlplane.objectstore.errors import NoSuchBucket, NoSuchKey
from controlplane.objectstore.models import Bucket, StoredObject

LARGEST_PAGE = 1000


def buckets_of(account_id: str, *, service_instance: str = "") -> QuerySet[Bucket]:
    """By name; of all service instances unless one is named."""
    found = Bucket.objects.filter(account_id=account_id).order_by("name")
    return found.filter(service_instance=service_instance) if service_instance else found


def find_bucket(account_id: str, name: str) -> Bucket:
    """Raises NoSuchBucket."""
    bucket = Bucket.objects.filter(account_id=account_id, name=name).first()
    if bucket is None:
        raise NoSuchBucket("The bucket does not exist.")
    return bucket


def find_object(bucket: Bucket, key: str, *, with_content: bool) -> StoredObject:
    """Raises NoSuchKey."""
    objects = bucket.contents.filter(key=key.encode())
    found = (objects if with_content else objects.defer("content")).first()
    if found is None:
        raise NoSuchKey("The bucket has no object with this key.")
    return found


@dataclass(frozen=True)
class Listed:
    key: str
    size: int
    md5: str
    modified_at: datetime


@dataclass
class Listing:
    """Objects and common prefixes in the order of their keys' UTF-8."""

    objects: list[Listed] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    """What the next page comes after."""
    is_truncated: bool = False


def list_objects(bucket: Bucket, *, prefix: str, delimiter: str, after: str, limit: int) -> Listing:
    """One page. Keys with the delimiter behind the prefix are rolled up into one common prefix that counts as one."""
    listing = Listing()
    if limit == 0:
        return listing
    for each in _entries(bucket, prefix.encode(), delimiter.encode(), after.encode(), limit):
        if len(listing.objects) + len(listing.prefixes) == limit:
            listing.is_truncated = True
            break
        if isinstance(each, Listed):
            listing.objects.append(each)
            listing.last = each.key
        else:
            listing.prefixes.append(each)
            listing.last = each
    return listing


def _entries(bucket: Bucket, prefix: bytes, delimiter: bytes, after: bytes, limit: int) -> Iterator[Listed | str]:
    rows = bucket.contents.filter(key__gte=prefix)
    if prefix:
        rows = rows.filter(key__lt=_behind(prefix))
    rows = rows.filter(key__gt=after)
    if (group := _group(after, prefix, delimiter)) == after and group:
        rows = rows.filter(key__gte=_behind(group))
    ordered = rows.order_by("key").values_list("key", "size", "md5", "modified_at")
    found = list(ordered[: limit + 1])
    while found:
        for raw, size, md5, modified_at in found:
            key = bytes(raw)
            if group := _group(key, prefix, delimiter):
                yield group.decode()
                # What else is in the group need not be read at all.
                found = list(ordered.filter(key__gte=_behind(group))[: limit + 1])
                break
            yield Listed(key.decode(), size, md5, modified_at)
        else:
            found = list(ordered.filter(key__gt=bytes(found[-1][0]))[: limit + 1]) if len(found) > limit else []


def _group(key: bytes, prefix: bytes, delimiter: bytes) -> bytes:
    """The common prefix that the key is rolled up into, or nothing."""
    if not delimiter or not key.startswith(prefix):
        return b""
    end = key.find(delimiter, len(prefix))
    return key[: end + len(delimiter)] if end >= 0 else b""


def _behind(prefix: bytes) -> bytes:
    """The first text that is behind all that begin so; UTF-8 has no byte 255 that would need a carry."""
    return prefix[:-1] + bytes([prefix[-1] + 1])
