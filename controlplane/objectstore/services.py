"""Changes of buckets and objects. Each checks the state, and records its event in the same transaction."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party, record
from controlplane.instances.selectors import lock_instance
from controlplane.kernel import clock, failpoints
from controlplane.kernel.errors import existing
from controlplane.objectstore import files, reserved_bytes
from controlplane.objectstore.errors import (
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    ConditionFailed,
    NoSuchBucket,
    NoSuchKey,
    TooManyBuckets,
    no_instance,
)
from controlplane.objectstore.models import SERVICE, Bucket, Piece, StoredObject, bucket_crn
from controlplane.objectstore.quota import Allowance
from controlplane.objectstore.selectors import buckets_of

MOST_BUCKETS = 100
"""The most buckets of an account (IBM COS: 100 buckets for each service instance, by default)."""


def target_of(bucket: Bucket) -> Party:
    return Party(bucket_crn(bucket.account_id, bucket.service_instance, bucket.name), bucket.name, "bucket")


def create_bucket(account_id: str, *, name: str, service_instance: str, location: str, event: str, by: Party) -> Bucket:
    """Create a bucket in the active service instance of this GUID.

    Raises InvalidArgument without one, BucketAlreadyOwnedByYou, TooManyBuckets, or OSError.
    """
    try:
        with reserved_bytes.account_lock(account_id), transaction.atomic():
            if lock_instance(account_id, SERVICE, service_instance) is None:
                raise no_instance(service_instance)
            _require_new_name(account_id, name)
            bucket = Bucket.objects.create(
                account_id=account_id,
                name=name,
                service_instance=service_instance,
                location=location,
                created_at=clock.now(),
            )
            record(event, initiator=by, target=target_of(bucket), account_id=account_id)
    except IntegrityError:
        raise _name_exists() from None
    return bucket


def _require_new_name(account_id: str, name: str) -> None:
    if buckets_of(account_id).filter(name=name).exists():
        raise _name_exists()
    if buckets_of(account_id).count() >= MOST_BUCKETS:
        raise TooManyBuckets(f"The account has {MOST_BUCKETS} buckets, which is the most. Delete one first.")


def _name_exists() -> BucketAlreadyOwnedByYou:
    return BucketAlreadyOwnedByYou("Your account has a bucket of this name already.")


@transaction.atomic
def delete_bucket(bucket: Bucket, *, event: str, by: Party) -> None:
    """Delete an empty bucket. Raises NoSuchBucket or BucketNotEmpty."""
    bucket_row = lock_bucket(bucket)
    if bucket_row.contents.exists():
        raise BucketNotEmpty("The bucket has objects in it. Delete them first.")
    if bucket_row.uploads.exists():
        raise BucketNotEmpty("The bucket has multipart uploads that are not complete. Abort them first.")
    record(event, initiator=by, target=target_of(bucket_row), account_id=bucket_row.account_id, status=204)
    bucket_row.delete()


@transaction.atomic
def put_object(
    bucket: Bucket,
    *,
    key: str,
    file: files.StoredFile,
    allowance: Allowance,
    headers: dict[str, str],
    if_match: str | None,
    if_none_match: str | None,
    event: str,
    by: Party,
) -> StoredObject:
    """Store an object whose bytes are in a file, and replace any previous one.

    Raises NoSuchBucket, QuotaExceeded, and what ``require_unchanged`` raises.
    """
    bucket_row = lock_buckets_of_account(bucket)
    require_unchanged(bucket_row, key, if_match=if_match, if_none_match=if_none_match)
    row = replace_object(bucket_row, key=key, size=file.size, tag=file.md5, headers=headers)
    Piece.objects.create(object=row, number=1, size=file.size, md5=file.md5, file=file.name, kept_at=row.modified_at)
    allowance.require()
    evidence = {"object": key, "size": file.size, "md5": file.md5}
    record(event, initiator=by, target=target_of(bucket_row), account_id=bucket_row.account_id, data=evidence)
    failpoints.reach("before_commit", "object")
    return row


def require_unchanged(bucket: Bucket, key: str, *, if_match: str | None, if_none_match: str | None) -> None:
    """Check the preconditions of a write: ``if_none_match`` "*" allows only a new key, ``if_match`` only the object
    with this tag. Raises NoSuchKey, or ConditionFailed."""
    before = bucket.contents.filter(key=key.encode()).values_list("tag", flat=True).first()
    if if_match and before is None:
        raise NoSuchKey("The bucket has no object with this key.")
    if if_match and if_match.strip() not in ("*", f'"{before}"', before):
        raise ConditionFailed("The object is not the one that If-Match names.")
    if if_none_match and before is not None and if_none_match.strip() in ("*", f'"{before}"', before):
        raise ConditionFailed("There is an object with this key, and If-None-Match says there should not be.")


def replace_object(bucket: Bucket, *, key: str, size: int, tag: str, headers: dict[str, str]) -> StoredObject:
    """The row of the new object, without pieces; those of a previous object are deleted."""
    values: dict[str, Any] = {"size": size, "tag": tag, "headers": headers, "modified_at": clock.now()}
    before = bucket.contents.filter(key=key.encode()).first()
    if before is None:
        return StoredObject.objects.create(bucket=bucket, key=key.encode(), **values)
    discard(before.pieces.all())
    bucket.contents.filter(pk=before.pk).update(**values)
    before.refresh_from_db()
    return before


def discard(pieces: Iterable[Piece]) -> None:
    """Delete these rows, and their files after the commit."""
    if not (files_by_id := {each.pk: each.file for each in pieces}):
        return
    Piece.objects.filter(pk__in=files_by_id).delete()
    transaction.on_commit(partial(_remove, list(files_by_id.values())), robust=True)


def _remove(names: list[str]) -> None:
    failpoints.reach("after_commit", "object")
    files.remove(names)


@transaction.atomic
def delete_objects(bucket: Bucket, *, keys: list[str], event: str, by: Party) -> None:
    """Delete objects, with one event each; missing ones count as deleted too (S3). Raises NoSuchBucket."""
    bucket_row = lock_bucket(bucket)
    for key in keys:
        if (row := bucket_row.contents.filter(key=key.encode()).first()) is not None:
            discard(row.pieces.all())
            row.delete()
        target = target_of(bucket_row)
        record(event, initiator=by, target=target, account_id=bucket_row.account_id, status=204, data={"object": key})


def lock_bucket(bucket: Bucket) -> Bucket:
    """Lock the row of a bucket until the transaction ends, against deletion and other writes. Raises NoSuchBucket."""
    bucket_row = Bucket.objects.select_for_update().filter(pk=bucket.pk).first()
    return existing(bucket_row, "The bucket does not exist.", refusal=NoSuchBucket)


def lock_buckets_of_account(bucket: Bucket) -> Bucket:
    """The same for all buckets of its account, so that the stored bytes can be counted."""
    rows = Bucket.objects.select_for_update().filter(account_id=bucket.account_id).order_by("pk")
    bucket_row = next((each for each in rows if each.pk == bucket.pk), None)
    return existing(bucket_row, "The bucket does not exist.", refusal=NoSuchBucket)
