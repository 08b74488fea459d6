"""Reading buckets and their objects."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet, Sum

from controlplane.objectstore.errors import NoSuchBucket, NoSuchKey, NoSuchUpload, OperationAborted, S3Error
from controlplane.objectstore.models import Bucket, Piece, StoredObject, Upload
from controlplane.objectstore.object_reader import Extent, Reader


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


def find_object(bucket: Bucket, key: str) -> StoredObject:
    """Raises NoSuchKey."""
    found = bucket.contents.filter(key=key.encode()).first()
    if found is None:
        raise NoSuchKey("The bucket has no object with this key.")
    return found


@dataclass(frozen=True)
class Listed:
    key: str
    size: int
    tag: str
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
        rows = rows.filter(key__lt=behind(prefix))
    rows = rows.filter(key__gt=after)
    if (group := common_prefix(after, prefix, delimiter)) == after and group:
        rows = rows.filter(key__gte=behind(group))
    ordered = rows.order_by("key").values_list("key", "size", "tag", "modified_at")
    found = list(ordered[: limit + 1])
    while found:
        for raw, size, tag, modified_at in found:
            key = bytes(raw)
            if group := common_prefix(key, prefix, delimiter):
                yield group.decode()
                # What else is in the group need not be read at all.
                found = list(ordered.filter(key__gte=behind(group))[: limit + 1])
                break
            yield Listed(key.decode(), size, tag, modified_at)
        else:
            found = list(ordered.filter(key__gt=bytes(found[-1][0]))[: limit + 1]) if len(found) > limit else []


def common_prefix(key: bytes, prefix: bytes, delimiter: bytes) -> bytes:
    """The common prefix that the key is rolled up into, or nothing."""
    if not delimiter or not key.startswith(prefix):
        return b""
    end = key.find(delimiter, len(prefix))
    return key[: end + len(delimiter)] if end >= 0 else b""


def behind(prefix: bytes) -> bytes:
    """The first text that is behind all that begin so; UTF-8 has no byte 255 that would need a carry."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


def bytes_of(account_id: str) -> int:
    """What is stored for the account, parts of uploads with it."""
    pieces = Piece.objects.filter(Q(object__bucket__account_id=account_id) | Q(upload__bucket__account_id=account_id))
    return int(pieces.aggregate(total=Sum("size"))["total"] or 0)


def opened(bucket: Bucket, key: str) -> tuple[StoredObject, Callable[[int, int], Reader]]:
    """An object, and how to read its bytes from the first of these to the one before the second.

    Raises NoSuchKey.
    """
    found = find_object(bucket, key)

    def read(start: int, stop: int) -> Reader:
        """Raises what ``unchanged`` raises."""
        # In one query: whoever replaces the object keeps its row, and gives it other pieces.
        pieces = found.pieces.filter(object__tag=found.tag, object__modified_at=found.modified_at).order_by("number")
        extents = [Extent(*each) for each in pieces.values_list("file", "size")]
        if not extents and (refusal := _change_of(found)):
            raise refusal
        with unchanged(found):
            return Reader(extents, start, stop)

    return found, read


@contextmanager
def unchanged(found: StoredObject) -> Iterator[None]:
    """Read an object in this block. Raises NoSuchKey or OperationAborted in place of FileNotFoundError when another
    request deleted or replaced the object since it was found."""
    try:
        yield
    except FileNotFoundError:
        if refusal := _change_of(found):
            raise refusal from None
        raise


def _change_of(found: StoredObject) -> S3Error | None:
    """What has become of an object since it was found."""
    now = StoredObject.objects.filter(pk=found.pk).values_list("tag", "modified_at").first()
    if now is None:
        return NoSuchKey("The object was deleted while it was read.")
    if now != (found.tag, found.modified_at):
        return OperationAborted("The object was replaced while it was read, again and again. Try again.")
    return None


def uploads_of(bucket: Bucket, *, prefix: str, key_marker: str, upload_marker: str) -> QuerySet[Upload]:
    """By key, and of one key by identifier; after those that the markers name."""
    key = key_marker.encode()
    found = bucket.uploads.filter(key__gte=prefix.encode()).order_by("key", "identifier")
    if prefix:
        found = found.filter(key__lt=behind(prefix.encode()))
    if key and upload_marker:
        return found.filter(Q(key__gt=key) | Q(key=key, identifier__gt=upload_marker))
    return found.filter(key__gt=key)


def find_upload(bucket: Bucket, key: str, identifier: str) -> Upload:
    """Raises NoSuchUpload."""
    found = bucket.uploads.filter(key=key.encode(), identifier=identifier).first()
    if found is None:
        raise NoSuchUpload("There is no multipart upload with this id: it is complete, was aborted, or never began.")
    return found
