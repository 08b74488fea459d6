"""Changing buckets and objects: each decides what is allowed by the state and records its event with the change."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, failpoints
from controlplane.objectstore import files, reserved_bytes
from controlplane.objectstore.errors import (
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    ConditionFailed,
    NoSuchBucket,
    NoSuchKey,
    TooManyBuckets,
)
from controlplane.objectstore.models import Bucket, Piece, StoredObject, bucket_crn
from controlplane.objectstore.quota import Room
from controlplane.objectstore.selectors import buckets_of

MOST_BUCKETS = 100
"""Of an account (IBM COS: 100 buckets a service instance unless asked for more)."""


def target_of(bucket: Bucket) -> Party:
    return Party(bucket_crn(bucket.account_id, bucket.service_instance, bucket.name), bucket.name, "bucket")


def create_bucket(account_id: str, *, name: str, service_instance: str, location: str, event: str, by: Party) -> Bucket:
    """Raises BucketAlreadyOwnedByYou or TooManyBuckets, or OSError."""
    try:
        with reserved_bytes.held(account_id), transaction.atomic():
            _require_room(account_id, name)
            bucket = Bucket.objects.create(
                account_id=account_id,
                name=name,
                service_instance=service_instance,
                location=location,
                created_at=clock.now(),
            )
            record(event, initiator=by, target=target_of(bucket), account_id=account_id)
    except IntegrityError:
        raise _taken() from None
    return bucket


def _require_room(account_id: str, name: str) -> None:
    if buckets_of(account_id).filter(name=name).exists():
        raise _taken()
    if buckets_of(account_id).count() >= MOST_BUCKETS:
        raise TooManyBuckets(f"The account has {MOST_BUCKETS} buckets, which is the most. Delete one first.")


def _taken() -> BucketAlreadyOwnedByYou:
    return BucketAlreadyOwnedByYou("Your account has a bucket of this name already.")


@transaction.atomic
def delete_bucket(bucket: Bucket, *, event: str, by: Party) -> None:
    """Raises NoSuchBucket or BucketNotEmpty."""
    held = hold(bucket)
    if held.contents.exists():
        raise BucketNotEmpty("The bucket has objects in it. Delete them first.")
    if held.uploads.exists():
        raise BucketNotEmpty("The bucket has multipart uploads that are not complete. Abort them first.")
    record(event, initiator=by, target=target_of(held), account_id=held.account_id, status=204)
    held.delete()


@transaction.atomic
def put_object(
    bucket: Bucket,
    *,
    key: str,
    kept: files.Kept,
    room: Room,
    headers: dict[str, str],
    if_match: str | None,
    if_none_match: str | None,
    event: str,
    by: Party,
) -> StoredObject:
    """Store an object, whose bytes are in a file, in place of any before.

    Raises NoSuchBucket, QuotaExceeded, and what ``require_unchanged`` raises.
    """
    held = hold_account(bucket)
    require_unchanged(held, key, if_match=if_match, if_none_match=if_none_match)
    made = replace_object(held, key=key, size=kept.size, tag=kept.md5, headers=headers)
    Piece.objects.create(object=made, number=1, size=kept.size, md5=kept.md5, file=kept.name, kept_at=made.modified_at)
    room.require()
    evidence = {"object": key, "size": kept.size, "md5": kept.md5}
    record(event, initiator=by, target=target_of(held), account_id=held.account_id, data=evidence)
    failpoints.reach("before_commit", "object")
    return made


def require_unchanged(held: Bucket, key: str, *, if_match: str | None, if_none_match: str | None) -> None:
    """Raises NoSuchKey, or ConditionFailed: ``if_none_match`` "*" is for a new key only, ``if_match`` for the object
    with this tag."""
    before = held.contents.filter(key=key.encode()).values_list("tag", flat=True).first()
    if if_match and before is None:
        raise NoSuchKey("The bucket has no object with this key.")
    if if_match and if_match.strip() not in ("*", f'"{before}"', before):
        raise ConditionFailed("The object is not the one that If-Match names.")
    if if_none_match and before is not None and if_none_match.strip() in ("*", f'"{before}"', before):
        raise ConditionFailed("There is an object with this key, and If-None-Match says there should not be.")


def replace_object(held: Bucket, *, key: str, size: int, tag: str, headers: dict[str, str]) -> StoredObject:
    """The row of an object that has no pieces yet; those of one before are gone."""
    values: dict[str, Any] = {"size": size, "tag": tag, "headers": headers, "modified_at": clock.now()}
    before = held.contents.filter(key=key.encode()).first()
    if before is None:
        return StoredObject.objects.create(bucket=held, key=key.encode(), **values)
    discard(before.pieces.all())
    held.contents.filter(pk=before.pk).update(**values)
    before.refresh_from_db()
    return before


def discard(pieces: Iterable[Piece]) -> None:
    """Delete these, and their files when that is committed."""
    if not (found := {each.pk: each.file for each in pieces}):
        return
    Piece.objects.filter(pk__in=found).delete()
    transaction.on_commit(partial(_remove, list(found.values())), robust=True)


def _remove(names: list[str]) -> None:
    failpoints.reach("after_commit", "object")
    files.remove(names)


@transaction.atomic
def delete_objects(bucket: Bucket, *, keys: list[str], event: str, by: Party) -> None:
    """Those that are not there count as deleted too (S3). One event each. Raises NoSuchBucket."""
    held = hold(bucket)
    for key in keys:
        if (found := held.contents.filter(key=key.encode()).first()) is not None:
            discard(found.pieces.all())
            found.delete()
        target = target_of(held)
        record(event, initiator=by, target=target, account_id=held.account_id, status=204, data={"object": key})


def hold(bucket: Bucket) -> Bucket:
    """The bucket, which nobody deletes and in which nobody else writes until the transaction ends."""
    held = Bucket.objects.select_for_update().filter(pk=bucket.pk).first()
    if held is None:
        raise NoSuchBucket("The bucket does not exist.")
    return held


def hold_account(bucket: Bucket) -> Bucket:
    """The bucket as ``hold`` does, with all others of its account, so that what is stored of it can be counted."""
    account = Bucket.objects.select_for_update().filter(account_id=bucket.account_id).order_by("pk")
    held = next((each for each in account if each.pk == bucket.pk), None)
    if held is None:
        raise NoSuchBucket("The bucket does not exist.")
    return held
