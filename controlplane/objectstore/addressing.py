"""The bucket and the object that a path names (path-style addressing), and the rules for their names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controlplane.kernel.crn import Crn
from controlplane.objectstore.errors import InvalidArgument, InvalidBucketName, KeyTooLong
from controlplane.objectstore.models import instance_crn
from controlplane.objectstore.operations import Scope

PREFIX = re.compile(r"/*cos(?=/|\Z)/*")
# AWS and IBM COS, "Bucket naming rules"; an IP address is not a valid name.
BUCKET_NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+\Z|.*(?:\.\.|\.-|-\.))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
LONGEST_KEY = 1024
# Characters that XML 1.0 cannot represent, so that no list could show the key (Production 2, "Char").
UNWRITABLE = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
INSTANCE = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True)
class Address:
    bucket: str = ""
    key: str = ""

    @property
    def scope(self) -> Scope:
        if self.key:
            return "object"
        return "bucket" if self.bucket else "service"


def address_of(meta: Mapping[str, Any]) -> Address:
    """The address in the path of a request's META, which is not normalized: a key may contain two slashes in a row."""
    bucket, _, key = PREFIX.sub("", str(meta["PATH_INFO"]), count=1).partition("/")
    return Address(bucket, key)


def check(address: Address) -> None:
    """Check the names in an address. Raises InvalidBucketName, KeyTooLong, or InvalidArgument."""
    if address.bucket and not BUCKET_NAME.fullmatch(address.bucket):
        raise InvalidBucketName(
            "A bucket's name has 3 to 63 lower case letters, digits, hyphens and dots, begins and ends with a letter "
            "or digit, and is no IP address."
        )
    if address.key:
        check_key(address.key)


def check_key(key: str) -> None:
    """Check a key. Raises KeyTooLong or InvalidArgument."""
    if len(key.encode()) > LONGEST_KEY:
        raise KeyTooLong(f"A key has at most {LONGEST_KEY} bytes in UTF-8.")
    if UNWRITABLE.search(key):
        raise InvalidArgument("A key has no control characters; XML has no way to write them.")


def service_instance(header: str | None, *, account_id: str) -> str:
    """The GUID in the header ``ibm-service-instance-id``, a GUID or a CRN. Raises InvalidArgument."""
    if not header:
        return ""
    guid = header
    if header.startswith("crn:"):
        crn = Crn.find(header)
        if crn is None or header != instance_crn(account_id, crn.instance):
            raise InvalidArgument("ibm-service-instance-id is not the CRN of an object store of your account.")
        guid = crn.instance
    if not INSTANCE.fullmatch(guid):
        raise InvalidArgument("ibm-service-instance-id must be the GUID or the CRN of a service instance.")
    return guid
