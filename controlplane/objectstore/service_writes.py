"""Writes of other services of the provider into an account's buckets, on behalf of callers that IAM has authorised.

Other apps find this module by the declaration of the service; all share one database and one data directory.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from controlplane.activity.record import Party
from controlplane.instances.selectors import default_instance
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import existing
from controlplane.objectstore import files, quota, services
from controlplane.objectstore.errors import NoSuchBucket
from controlplane.objectstore.events import OBJECT_CREATE
from controlplane.objectstore.models import SERVICE, Bucket, bucket_crn

HEADERS = {"content-type": "application/octet-stream"}


@dataclass(frozen=True)
class BucketReference:
    """A bucket, which may not exist, with the attributes that policies select it by."""

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


class _NotSettled(Exception):
    """``settle`` returned False: the object is not needed any more."""


def find(account_id: str, word: str) -> BucketReference:
    """The bucket of this name or CRN; a bucket of another account counts as missing."""
    crn_named = Crn.find(word)
    name = crn_named.resource if crn_named else word
    bucket = Bucket.objects.filter(account_id=account_id, name=name).first()
    if bucket is None or (crn_named and str(crn_named) != bucket_crn(account_id, bucket.service_instance, name)):
        instance = default_instance(account_id, SERVICE)
        return BucketReference(account_id, name, instance.guid if instance else "")
    region, _, storage_class = bucket.location.rpartition("-")
    return BucketReference(account_id, name, bucket.service_instance, region or storage_class, is_there=True)


def has_object(crn: str, key: str) -> bool:
    return any(bucket.contents.filter(key=key.encode()).exists() for bucket in _buckets(crn))


def store(crn: str, *, key: str, content: bytes, by: Party, settle: Callable[[], bool]) -> bool:
    """Store a new object in one transaction with ``settle``, unless that returns False. Returns the result of
    ``settle``.

    Raises NoSuchBucket, QuotaExceeded, ConditionFailed when there is an object with this key, OSError.
    """
    bucket = existing(_buckets(crn).first(), "The bucket does not exist.", refusal=NoSuchBucket)
    try:
        with files.writing() as new, closing(quota.reserve(bucket.account_id, len(content))) as reservation:
            file = new.write([content])
            with quota.storing(bucket.account_id, reservation) as allowance, transaction.atomic():
                if not settle():
                    raise _NotSettled
                services.put_object(
                    bucket,
                    key=key,
                    file=file,
                    allowance=allowance,
                    headers=HEADERS,
                    if_match=None,
                    if_none_match="*",
                    event=OBJECT_CREATE,
                    by=by,
                )
    except _NotSettled:
        return False
    return True


def _buckets(crn: str) -> QuerySet[Bucket]:
    crn_named = Crn.parse(crn)
    return Bucket.objects.filter(
        account_id=crn_named.account_id, name=crn_named.resource, service_instance=crn_named.instance
    ).order_by("pk")
