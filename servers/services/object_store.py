"""The object store as the VPC API uses it: a separate service with only this interface."""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from controlplane.activity.record import Party
from controlplane.cloudservice.registry import services

SERVICE = "cloud-object-storage"


class Bucket(Protocol):
    name: str
    region: str
    is_there: bool
    """False for a bucket that does not exist in the account."""

    @property
    def crn(self) -> str: ...

    @property
    def policy_attributes(self) -> dict[str, str]: ...


class ObjectStore(Protocol):
    def find(self, account_id: str, word: str) -> Bucket:
        """Return the account's bucket with this name or CRN."""

    def has_object(self, crn: str, key: str) -> bool: ...

    def store(self, crn: str, *, key: str, content: bytes, by: Party, settle: Callable[[], bool]) -> bool:
        """Store a new object in a bucket, if ``settle`` returns True within the same transaction.

        Raises ApiError when the bucket cannot be written to, OSError.
        """


def object_store() -> ObjectStore:
    return cast("ObjectStore", import_module(services()[SERVICE].writes))
