"""One call of a verified caller: its bucket and object, and IAM's decision."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property

from controlplane.activity.record import Party
from controlplane.cloudservice.service_call import ServiceCall
from controlplane.instances.models import ResourceInstance
from controlplane.instances.selectors import default_instance, find_instance
from controlplane.kernel.awaited_body import ASK_EVERY, Kept, arrived_of, kept_for
from controlplane.kernel.errors import ApiError, NotAuthorized
from controlplane.kernel.whole_number import whole_number
from controlplane.objectstore import addressing, quota, request_bodies, services
from controlplane.objectstore.addressing import Address
from controlplane.objectstore.errors import InvalidArgument, no_instance
from controlplane.objectstore.models import Bucket, Piece, StoredObject, Upload, bucket_crn, instance_crn
from controlplane.objectstore.operations import Operation
from controlplane.objectstore.reserved_bytes import Reservation
from controlplane.objectstore.selectors import buckets_of, find_bucket, find_upload
from controlplane.objectstore.xml_requests import MOST_PARTS

LONGEST_NAME = 63
SMALL_BODY = 256 * 1024
"""Bodies up to this size reserve no quota before they have arrived."""


@dataclass
class Call(ServiceCall):
    address: Address
    operation: Operation

    @property
    def event(self) -> str:
        return self.operation.event

    @cached_property
    def requested_instance(self) -> str:
        """The GUID that the request names, else that of the account's default service instance (D-178).

        Empty when the account has none. Raises InvalidArgument for what is no GUID or CRN.
        """
        return self._named_instance or (self._active_instance.guid if self._active_instance else "")

    @cached_property
    def _named_instance(self) -> str:
        header = self.request.headers.get("ibm-service-instance-id")
        return addressing.service_instance(header, account_id=self.account_id)

    @cached_property
    def _active_instance(self) -> ResourceInstance | None:
        """The requested service instance; None when it does not exist, or was deleted."""
        if self._named_instance:
            return find_instance(self.account_id, self.service_name, self._named_instance)
        return default_instance(self.account_id, self.service_name)

    @cached_property
    def instance(self) -> str:
        """The GUID of the bucket's service instance, or of the requested one for a list of buckets and a new bucket.

        A missing bucket counts as in the account's default instance. Empty when the account has none.
        """
        if self.operation.needs_instance:
            return self.requested_instance
        return self._instance_of(self.address.bucket)

    def _instance_of(self, name: str) -> str:
        if bucket := buckets_of(self.account_id).filter(name=name).first():
            return bucket.service_instance
        instance = default_instance(self.account_id, self.service_name)
        return instance.guid if instance else ""

    def require_instance(self) -> None:
        """Check that the requested service instance is active. Raises InvalidArgument."""
        if self.operation.needs_instance and self._active_instance is None:
            raise no_instance(self._named_instance)

    @cached_property
    def _reservation(self) -> Kept[Reservation]:
        return kept_for(self.request)

    @property
    def upload_id(self) -> str:
        """The multipart upload that the call names. Only operations that are marked by it may read this."""
        return self.request.GET["uploadId"]

    @property
    def bucket(self) -> Bucket:
        """The bucket that the call names. Raises NoSuchBucket."""
        return find_bucket(self.account_id, self.address.bucket)

    decides_each_key = False
    """Whether the decision may differ between objects; then ``refusals_of`` decides each."""

    def decide(self) -> None:
        """Ask IAM for its decision; nothing about a bucket or an instance may be revealed before. Raises what
        ``require`` raises."""
        attributes = self._attributes(self.instance, self.address) | self._list_limits()
        decision = self.ask(self.operation.action, attributes)
        if self.operation.name != "delete_objects":
            decision.require()
            return
        self.decides_each_key = decision.may_depend_on("path")
        if not self.decides_each_key:
            decision.require()

    def refusals_of(self, keys: Sequence[str]) -> dict[str, NotAuthorized]:
        """The refusals for objects of the bucket, if policies differ between objects; without those allowed."""
        if not self.decides_each_key:
            return {}
        resources = [self._attributes(self.instance, Address(self.address.bucket, key)) for key in keys]
        decisions = self.ask_each(self.operation.action, resources)
        return {key: each.refusal for key, each in zip(keys, decisions, strict=True) if each.refusal}

    def decide_on_source(self, source: Address) -> None:
        """The same for the source of a copy."""
        self.require(self.operation.source_action, self._attributes(self._instance_of(source.bucket), source))

    def _attributes(self, instance: str, address: Address) -> dict[str, str]:
        """The attributes that policies select by: the bucket, and the object in it as ``path``."""
        attributes = {"serviceInstance": instance} if instance else {}
        if address.bucket:
            attributes |= {"resourceType": "bucket", "resource": address.bucket}
        return attributes | ({"path": address.key} if address.key else {})

    def check_list_limits(self) -> None:
        """Check the length of prefix and delimiter. Raises InvalidArgument."""
        for name, value in self._list_limits().items():
            if len(value.encode()) > addressing.LONGEST_KEY:
                raise InvalidArgument(f"{name} has at most {addressing.LONGEST_KEY} bytes in UTF-8, as keys have.")

    def _list_limits(self) -> dict[str, str]:
        """The prefix and the delimiter of a list in a bucket; empty by default."""
        if not self.operation.lists_keys:
            return {}
        return {name: self.request.GET.get(name, "") for name in ("prefix", "delimiter")}

    def reserve_space(self) -> None:
        """Reserve quota for the announced or arriving body of an upload. Raises QuotaExceeded, NoSuchBucket, or
        NoSuchUpload."""
        if self.operation.name not in ("put_object", "upload_part"):
            return
        arrived = arrived_of(self.request)
        size = request_bodies.announced_size(self.request)
        if not size and arrived is not None:
            size = arrived + ASK_EVERY
        if size > SMALL_BODY:
            self._require_place()
            self.reserve(size)

    def reserve(self, size: int) -> None:
        """Reserve quota for ``size`` bytes until the request ends. Raises QuotaExceeded."""
        more = max(0, size - self._replaced())
        self._reservation.value = quota.reserve(self.account_id, more, instead_of=self._reservation.value)

    def release(self) -> None:
        """Release the reservation."""
        self._reservation.close()

    def storing(self) -> AbstractContextManager[quota.Allowance]:
        """Store in this block within the quota. Raises QuotaExceeded."""
        return quota.storing(self.account_id, self._reservation)

    def _require_place(self) -> None:
        bucket = self.bucket
        if upload := self.request.GET.get("uploadId"):
            find_upload(bucket, self.address.key, upload)

    def _replaced(self) -> int:
        key, upload = self.address.key.encode(), self.request.GET.get("uploadId")
        of_account = {"bucket__account_id": self.account_id, "bucket__name": self.address.bucket, "key": key}
        if upload is None:
            row = StoredObject.objects.filter(**of_account).first()
            return row.size if row else 0
        number = whole_number(self.request.GET.get("partNumber", ""), largest=MOST_PARTS)
        part = Piece.objects.filter(
            upload__in=Upload.objects.filter(identifier=upload, **of_account), number=number or 0
        ).first()
        return part.size if part else 0

    def record(
        self,
        bucket: Bucket | None = None,
        *,
        event: str = "",
        status: int = 200,
        error: ApiError | None = None,
        data: dict[str, str] | None = None,
    ) -> None:
        """Record an event of the caller, by default that of the operation, about a bucket or the target of the call."""
        target = services.target_of(bucket) if bucket else self.target()
        self.record_event(event or self.event, target, status=status, error=error, data=data)

    def target(self) -> Party:
        """The target in the event of a refusal, where any part of the request may be invalid."""
        name = self.address.bucket[:LONGEST_NAME]
        has_instance = "instance" in self.__dict__
        instance = self.instance if has_instance else ""
        if name:
            return Party(bucket_crn(self.account_id, instance, name), name, "bucket")
        return Party(instance_crn(self.account_id, instance), "", "instance")

    def about(self) -> dict[str, str]:
        """The data of an event about the object."""
        return {"object": self.address.key[: addressing.LONGEST_KEY]} if self.address.key else {}
