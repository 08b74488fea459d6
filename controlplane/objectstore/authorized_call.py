"""One call of a verified caller: what it is about, and IAM's decision on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest

from controlplane.activity.record import Party
from controlplane.kernel.awaited_body import ASK_EVERY, Kept, arrived_of, kept_for
from controlplane.kernel.whole_number import whole_number
from controlplane.objectstore import addressing, iam, quota, request_bodies
from controlplane.objectstore.addressing import Address
from controlplane.objectstore.errors import AccessDenied, InvalidArgument
from controlplane.objectstore.models import SERVICE, Bucket, Piece, StoredObject, Upload, bucket_crn, instance_crn
from controlplane.objectstore.operations import Operation
from controlplane.objectstore.reserved_bytes import Reservation
from controlplane.objectstore.selectors import buckets_of, find_bucket, find_upload
from controlplane.objectstore.tokens import Bearer
from controlplane.objectstore.xml_requests import MOST_PARTS

LONGEST_NAME = 63
SMALL = 256 * 1024
"""A body of so many bytes has arrived before anybody asks whether there is room for it."""


@dataclass
class Call:
    request: HttpRequest
    address: Address
    bearer: Bearer
    operation: Operation

    @property
    def account_id(self) -> str:
        return self.bearer.account_id

    @property
    def event(self) -> str:
        return self.operation.event

    @property
    def by(self) -> Party:
        return self.bearer.party

    @cached_property
    def asked_instance(self) -> str:
        """The service instance that the request names; empty when it names none. Raises InvalidArgument."""
        header = self.request.headers.get("ibm-service-instance-id")
        return addressing.service_instance(header, account_id=self.account_id)

    @cached_property
    def instance(self) -> str:
        """The bucket's service instance; for a new bucket the one that is asked for. Empty: all of the account's.

        A bucket without one, or that is not there, is in an instance with the account's own id.
        """
        if self.operation.scope == "service":
            return self.asked_instance
        if self.operation.name == "create_bucket":
            return self.asked_instance or self.account_id
        return self._instance_of(self.address.bucket)

    def _instance_of(self, name: str) -> str:
        bucket = buckets_of(self.account_id).filter(name=name).first()
        return bucket.service_instance if bucket else self.account_id

    @cached_property
    def _kept(self) -> Kept[Reservation]:
        return kept_for(self.request)

    @property
    def bucket(self) -> Bucket:
        """Raises NoSuchBucket."""
        return find_bucket(self.account_id, self.address.bucket)

    each_key_is_decided = False
    """Whether the caller may do it to some objects and not to others: then ``refusal_of`` says which."""

    def decide(self) -> None:
        """Raises what ``iam.require`` raises. Nothing may be told of a bucket before this."""
        resource = self._resource(self.instance, self.address) | self._listed()
        if self.operation.name != "delete_objects":
            iam.require(self.operation.action, resource=resource, token=self.bearer.token)
            return
        decision = iam.ask(self.operation.action, resource=resource, token=self.bearer.token)
        self.each_key_is_decided = decision.may_depend_on("path")
        if not self.each_key_is_decided:
            decision.require()

    def refusal_of(self, key: str) -> AccessDenied | None:
        """Why the caller may not do it to this object of the bucket, where policies tell objects apart."""
        if not self.each_key_is_decided:
            return None
        resource = self._resource(self.instance, Address(self.address.bucket, key))
        return iam.ask(self.operation.action, resource=resource, token=self.bearer.token).refusal

    def decide_on_source(self, source: Address) -> None:
        """The same for the object that is copied."""
        resource = self._resource(self._instance_of(source.bucket), source)
        iam.require(self.operation.source_action, resource=resource, token=self.bearer.token)

    def _resource(self, instance: str, address: Address) -> dict[str, str]:
        """What policies select it by: the bucket, and by ``path`` the object in it."""
        resource = {"serviceName": SERVICE, "accountId": self.account_id}
        if instance:
            resource["serviceInstance"] = instance
        if address.bucket:
            resource |= {"resourceType": "bucket", "resource": address.bucket}
        return resource | ({"path": address.key} if address.key else {})

    def check_listed(self) -> None:
        """Raises InvalidArgument for a prefix or a delimiter that is longer than any key."""
        for name, value in self._listed().items():
            if len(value.encode()) > addressing.LONGEST_KEY:
                raise InvalidArgument(f"{name} has at most {addressing.LONGEST_KEY} bytes in UTF-8, as keys have.")

    def _listed(self) -> dict[str, str]:
        """What a list in a bucket is limited to; both are empty texts where the caller sends none."""
        if not self.operation.lists_keys:
            return {}
        return {name: self.request.GET.get(name, "") for name in ("prefix", "delimiter")}

    def reserve_room(self) -> None:
        """For a body that is announced, or arrives, and has a place to go. Raises QuotaExceeded, NoSuchBucket, or
        NoSuchUpload."""
        if self.operation.name not in ("put_object", "upload_part"):
            return
        arrived = arrived_of(self.request)
        size = request_bodies.announced_size(self.request)
        if not size and arrived is not None:
            size = arrived + ASK_EVERY
        if size > SMALL:
            self._require_place()
            self.reserve(size)

    def reserve(self, size: int) -> None:
        """Room for so many bytes, for as long as the request lasts. Raises QuotaExceeded."""
        more = max(0, size - self._replaced())
        self._kept.value = quota.reserve(self.account_id, more, instead_of=self._kept.value)

    def release(self) -> None:
        """Give up what is reserved and not stored."""
        self._kept.close()

    @contextmanager
    def storing(self) -> Iterator[quota.Room]:
        """Store in this block what there is room for. Raises QuotaExceeded."""
        with quota.storing(self.account_id, self._kept) as room:
            yield room

    def _require_place(self) -> None:
        bucket = self.bucket
        if upload := self.request.GET.get("uploadId"):
            find_upload(bucket, self.address.key, upload)

    def _replaced(self) -> int:
        key, upload = self.address.key.encode(), self.request.GET.get("uploadId")
        of_account = {"bucket__account_id": self.account_id, "bucket__name": self.address.bucket, "key": key}
        if upload is None:
            found = StoredObject.objects.filter(**of_account).first()
            return found.size if found else 0
        number = whole_number(self.request.GET.get("partNumber", ""), largest=MOST_PARTS)
        part = Piece.objects.filter(
            upload__in=Upload.objects.filter(identifier=upload, **of_account), number=number or 0
        ).first()
        return part.size if part else 0

    def target(self) -> Party:
        """For the record of a refusal, of which no part need be as it should be."""
        name = self.address.bucket[:LONGEST_NAME]
        known = "instance" in self.__dict__
        instance = self.instance if known else ""
        if name:
            return Party(bucket_crn(self.account_id, instance or self.account_id, name), name, "bucket")
        return Party(instance_crn(self.account_id, instance or self.account_id), "", "instance")

    def about(self) -> dict[str, str]:
        """What an event says of the object."""
        return {"object": self.address.key[: addressing.LONGEST_KEY]} if self.address.key else {}
