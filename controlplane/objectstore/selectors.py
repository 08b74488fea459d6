"""Reads of buckets and their objects."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from controlplane.kernel.errors import existing
from controlplane.kernel.paging import first
from controlplane.objectstore.errors import NoSuchBucket, NoSuchKey, NoSuchUpload, OperationAborted, S3Error
from controlplane.objectstore.models import Bucket, Piece, StoredObject, Upload
from controlplane.objectstore.object_reader import Reader


def buckets_of(account_id: str, *, service_instance: str = "") -> QuerySet[Bucket]:
    """The buckets of an account by name, of all service instances unless one is given."""
    rows = Bucket.objects.filter(account_id=account_id).order_by("name")
    return rows.filter(service_instance=service_instance) if service_instance else rows


def find_bucket(account_id: str, name: str) -> Bucket:
    """The account's bucket of this name. Raises NoSuchBucket."""
    bucket = Bucket.objects.filter(account_id=account_id, name=name).first()
    return existing(bucket, "The bucket does not exist.", refusal=NoSuchBucket)


def find_object(bucket: Bucket, key: str) -> StoredObject:
    """The object with this key. Raises NoSuchKey."""
    row = bucket.contents.filter(key=key.encode()).first()
    return existing(row, "The bucket has no object with this key.", refusal=NoSuchKey)


@dataclass(frozen=True)
class Listing:
    """Objects and common prefixes in the order of their keys' UTF-8."""

    objects: list[StoredObject]
    prefixes: list[str]
    last: str
    """The key or common prefix that the next page starts after."""
    is_truncated: bool


def list_objects(bucket: Bucket, *, prefix: str, delimiter: str, after: str, limit: int) -> Listing:
    """One page of objects. Keys with the delimiter after the prefix are rolled up into common prefixes, each counted
    once."""
    if limit == 0:
        return Listing([], [], "", is_truncated=False)
    entries = _entries(bucket, prefix.encode(), delimiter.encode(), after.encode(), limit)
    page, is_truncated = first(entries, limit)
    objects = [each for each in page if isinstance(each, StoredObject)]
    prefixes = [each for each in page if isinstance(each, str)]
    return Listing(objects, prefixes, str(page[-1]) if page else "", is_truncated)


def _entries(bucket: Bucket, prefix: bytes, delimiter: bytes, after: bytes, limit: int) -> Iterator[StoredObject | str]:
    rows = bucket.contents.filter(key__gte=prefix)
    if prefix:
        rows = rows.filter(key__lt=upper_bound(prefix))
    rows = rows.filter(key__gt=after)
    if (group := common_prefix(after, prefix, delimiter)) == after and group:
        rows = rows.filter(key__gte=upper_bound(group))
    ordered = rows.order_by("key").only("key", "size", "tag", "modified_at")
    page = list(ordered[: limit + 1])
    while page:
        for row in page:
            if group := common_prefix(bytes(row.key), prefix, delimiter):
                yield group.decode()
                # The other keys in the group need not be read.
                page = list(ordered.filter(key__gte=upper_bound(group))[: limit + 1])
                break
            yield row
        else:
            page = list(ordered.filter(key__gt=bytes(page[-1].key))[: limit + 1]) if len(page) > limit else []


def common_prefix(key: bytes, prefix: bytes, delimiter: bytes) -> bytes:
    """The common prefix that the key is rolled up into; empty without one."""
    if not delimiter or not key.startswith(prefix):
        return b""
    end = key.find(delimiter, len(prefix))
    return key[: end + len(delimiter)] if end >= 0 else b""


def upper_bound(prefix: bytes) -> bytes:
    """The first text after all texts with this prefix; UTF-8 has no byte 255 that would need a carry."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


def bytes_of(account_id: str) -> int:
    """The number of bytes that the account stores, including parts of uploads."""
    pieces = Piece.objects.filter(Q(object__bucket__account_id=account_id) | Q(upload__bucket__account_id=account_id))
    return int(pieces.aggregate(total=Sum("size"))["total"] or 0)


def open_object(bucket: Bucket, key: str) -> tuple[StoredObject, Callable[[int, int], Reader]]:
    """An object, and a function that opens a reader for a range of its bytes.

    Raises NoSuchKey.
    """
    row = find_object(bucket, key)

    def open_range(start: int, stop: int) -> Reader:
        """Raises what ``unchanged`` raises."""
        # In one query: a replacement keeps the row of the object and gives it other pieces.
        pieces = row.pieces.filter(object__tag=row.tag, object__modified_at=row.modified_at).order_by("number")
        rows = list(pieces.only("file", "size"))
        if not rows and (refusal := _change_of(row)):
            raise refusal
        with detecting_change(row):
            return Reader(rows, start, stop)

    return row, open_range


@contextmanager
def detecting_change(row: StoredObject) -> Iterator[None]:
    """Read an object in this block. Raises NoSuchKey or OperationAborted instead of FileNotFoundError when another
    request deleted or replaced the object since its row was read."""
    try:
        yield
    except FileNotFoundError:
        if refusal := _change_of(row):
            raise refusal from None
        raise


def _change_of(row: StoredObject) -> S3Error | None:
    """The error for an object that was deleted or replaced since its row was read; None when it was not."""
    now = StoredObject.objects.filter(pk=row.pk).values_list("tag", "modified_at").first()
    if now is None:
        return NoSuchKey("The object was deleted while it was read.")
    if now != (row.tag, row.modified_at):
        return OperationAborted("The object was replaced while it was read, again and again. Try again.")
    return None


def uploads_of(bucket: Bucket, *, prefix: str, key_marker: str, upload_marker: str) -> QuerySet[Upload]:
    """The uploads after the markers, in the order of their keys and identifiers."""
    key = key_marker.encode()
    rows = bucket.uploads.filter(key__gte=prefix.encode()).order_by("key", "identifier")
    if prefix:
        rows = rows.filter(key__lt=upper_bound(prefix.encode()))
    if key and upload_marker:
        return rows.filter(Q(key__gt=key) | Q(key=key, identifier__gt=upload_marker))
    return rows.filter(key__gt=key)


def find_upload(bucket: Bucket, key: str, identifier: str) -> Upload:
    """The upload with this key and identifier. Raises NoSuchUpload."""
    upload = bucket.uploads.filter(key=key.encode(), identifier=identifier).first()
    message = "There is no multipart upload with this id: it is complete, was aborted, or never existed."
    return existing(upload, message, refusal=NoSuchUpload)
