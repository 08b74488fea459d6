"""One call of a verified caller: what it is about, and IAM's decision on it."""

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest

from controlplane.activity.record import Party
from controlplane.objectstore import addressing, iam
from controlplane.objectstore.addressing import Address
from controlplane.objectstore.models import SERVICE, Bucket, bucket_crn, instance_crn
from controlplane.objectstore.operations import Operation
from controlplane.objectstore.selectors import buckets_of, find_bucket
from controlplane.objectstore.tokens import Bearer

LONGEST_NAME = 63


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
        if self.operation.name == "list_buckets":
            return self.asked_instance
        if self.operation.name == "create_bucket":
            return self.asked_instance or self.account_id
        bucket = buckets_of(self.account_id).filter(name=self.address.bucket).first()
        return bucket.service_instance if bucket else self.account_id

    @property
    def bucket(self) -> Bucket:
        """Raises NoSuchBucket."""
        return find_bucket(self.account_id, self.address.bucket)

    def decide(self) -> None:
        """Raises what ``iam.require`` raises. Nothing may be told of a bucket before this."""
        resource = {"serviceName": SERVICE, "accountId": self.account_id}
        if self.instance:
            resource["serviceInstance"] = self.instance
        if self.address.bucket:
            resource |= {"resourceType": "bucket", "resource": self.address.bucket}
        iam.require(self.operation.action, resource=resource, token=self.bearer.token)

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
