"""What other services of the provider put into an account's buckets, on behalf of whoever they asked IAM about.

They find it by the name that ``settings.BUCKETS`` gives: all are on one database and one data directory.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from controlplane.activity.record import Party
from controlplane.kernel.crn import Crn
from controlplane.objectstore import files, quota, services
from controlplane.objectstore.errors import NoSuchBucket
from controlplane.objectstore.events import OBJECT_CREATE
from controlplane.objectstore.models import SERVICE, Bucket, bucket_crn

HEADERS = {"content-type": "application/octet-stream"}


@dataclass(frozen=True)
class Place:
    """A bucket, or what a policy is asked about one that is not there."""

    account_id: str
    name: str
    service_instance: str
    region: str = ""
    is_there: bool = False

    @property
    def crn(self) -> str:
        return bucket_crn(self.account_id, self.service_instance, self.name)

    @property
    def policy_attributes(self) -> dict[str, str]:
        bucket = {"resourceType": "bucket", "resource": self.name}
        return {"serviceName": SERVICE, "serviceInstance": self.service_instance, **bucket}


class _Declined(Exception):
    """What should have been stored need not be any more."""


def find(account_id: str, word: str) -> Place:
    """The bucket of this name or CRN. Another account's is not there."""
    named = _parsed(word)
    name = named.resource if named else word
    found = Bucket.objects.filter(account_id=account_id, name=name).first()
    if found is None or (named and str(named) != bucket_crn(account_id, found.service_instance, name)):
        return Place(account_id, name, account_id)
    region, _, storage_class = found.location.rpartition("-")
    return Place(account_id, name, found.service_instance, region or storage_class, is_there=True)


def has_object(crn: str, key: str) -> bool:
    return any(bucket.contents.filter(key=key.encode()).exists() for bucket in _buckets(crn))


def store(crn: str, *, key: str, content: bytes, by: Party, settle: Callable[[], bool]) -> bool:
    """Store a new object, in one transaction with ``settle``, and not if that returns False. Returns what it returned.

    Raises NoSuchBucket, QuotaExceeded, ConditionFailed when there is an object with this key, OSError.
    """
    if (bucket := _buckets(crn).first()) is None:
        raise NoSuchBucket("The bucket does not exist.")
    try:
        with files.writing() as new, closing(quota.reserve(bucket.account_id, len(content))) as reservation:
            kept = new.keep([content])
            with quota.storing(bucket.account_id, reservation) as room, transaction.atomic():
                if not settle():
                    raise _Declined
                services.put_object(
                    bucket,
                    key=key,
                    kept=kept,
                    room=room,
                    headers=HEADERS,
                    if_match=None,
                    if_none_match="*",
                    event=OBJECT_CREATE,
                    by=by,
                )
    except _Declined:
        return False
    return True


def _buckets(crn: str) -> QuerySet[Bucket]:
    named = Crn.parse(crn)
    return Bucket.objects.filter(
        account_id=named.account_id, name=named.resource, service_instance=named.instance
    ).order_by("pk")


def _parsed(word: str) -> Crn | None:
    """None for a name, and for what is no CRN, which is no bucket's name either."""
    try:
        return Crn.parse(word)
    except ValueError:
        return None
