"""Changing buckets and objects: each decides what is allowed by the state and records its event with the change."""

from typing import Any

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock
from controlplane.objectstore.bodies import Body
from controlplane.objectstore.errors import (
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    ConditionFailed,
    NoSuchBucket,
    NoSuchKey,
    TooManyBuckets,
)
from controlplane.objectstore.models import Bucket, StoredObject, bucket_crn
from controlplane.objectstore.selectors import buckets_of

MOST_BUCKETS = 100
"""Of an account (IBM COS: 100 buckets a service instance unless asked for more)."""


def target_of(bucket: Bucket) -> Party:
    return Party(bucket_crn(bucket.account_id, bucket.service_instance, bucket.name), bucket.name, "bucket")


def create_bucket(account_id: str, *, name: str, service_instance: str, location: str, event: str, by: Party) -> Bucket:
    """Raises BucketAlreadyOwnedByYou or TooManyBuckets."""
    if buckets_of(account_id).filter(name=name).exists():
        raise _taken()
    if buckets_of(account_id).count() >= MOST_BUCKETS:
        raise TooManyBuckets(f"The account has {MOST_BUCKETS} buckets, which is the most. Delete one first.")
    try:
        with transaction.atomic():
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


def _taken() -> BucketAlreadyOwnedByYou:
    return BucketAlreadyOwnedByYou("Your account has a bucket of this name already.")


@transaction.atomic
def delete_bucket(bucket: Bucket, *, event: str, by: Party) -> None:
    """Raises NoSuchBucket or BucketNotEmpty."""
    held = _hold(bucket)
    if held.contents.exists():
        raise BucketNotEmpty("The bucket has objects in it. Delete them first.")
    record(event, initiator=by, target=target_of(held), account_id=held.account_id, status=204)
    held.delete()


@transaction.atomic
def put_object(
    bucket: Bucket,
    *,
    key: str,
    body: Body,
    headers: dict[str, str],
    if_match: str | None,
    if_none_match: str | None,
    event: str,
    by: Party,
) -> str:
    """Store an object in place of any before. Returns its entity tag.

    Raises NoSuchBucket, NoSuchKey, or ConditionFailed: ``if_none_match`` "*" is for a new key only, ``if_match`` for
    the object with this tag.
    """
    held = _hold(bucket)
    before = held.contents.filter(key=key.encode()).values_list("md5", flat=True).first()
    if if_match and before is None:
        raise NoSuchKey("The bucket has no object with this key.")
    if if_match and if_match.strip() not in ("*", f'"{before}"', before):
        raise ConditionFailed("The object is not the one that If-Match names.")
    if if_none_match and before is not None and if_none_match.strip() in ("*", f'"{before}"', before):
        raise ConditionFailed("There is an object with this key, and If-None-Match says there should not be.")
    md5 = body.md5
    values: dict[str, Any] = {
        "size": len(body.content),
        "md5": md5,
        "headers": headers,
        "modified_at": clock.now(),
        "content": body.content,
    }
    if not held.contents.filter(key=key.encode()).update(**values):
        StoredObject.objects.create(bucket=held, key=key.encode(), **values)
    evidence = {"object": key, "size": len(body.content), "md5": md5}
    record(event, initiator=by, target=target_of(held), account_id=held.account_id, data=evidence)
    return f'"{md5}"'


@transaction.atomic
def delete_objects(bucket: Bucket, *, keys: list[str], event: str, by: Party) -> None:
    """Those that are not there count as deleted too (S3). One event each. Raises NoSuchBucket."""
    held = _hold(bucket)
    for key in keys:
        held.contents.filter(key=key.encode()).delete()
        target = target_of(held)
        record(event, initiator=by, target=target, account_id=held.account_id, status=204, data={"object": key})


def _hold(bucket: Bucket) -> Bucket:
    """The bucket, which nobody deletes and in which nobody else writes until the transaction ends."""
    held = Bucket.objects.select_for_update().filter(pk=bucket.pk).first()
    if held is None:
        raise NoSuchBucket("The bucket does not exist.")
    return held
