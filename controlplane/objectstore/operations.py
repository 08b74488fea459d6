"""What the object store does: each operation with its IAM action and activity event. The rest is refused by name.

What is not simulated: D-56.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from controlplane.kernel.text import echoed
from controlplane.objectstore.errors import MethodNotAllowed, NotSimulated

Scope = Literal["service", "bucket", "object"]


@dataclass(frozen=True)
class Operation:
    name: str
    """S3's, in snake case: the SDK's method."""
    scope: Scope
    method: str
    action: str
    event: str
    mark: str = ""
    """The query parameter that tells it from the others of this method."""
    query: frozenset[str] = frozenset()
    """The parameters that it takes."""
    copies: bool = False
    """It has its bytes from the object that ``x-amz-copy-source`` names, and this tells it from others."""

    @property
    def lists_keys(self) -> bool:
        """Whether it lists what is in a bucket: ``prefix`` and ``delimiter`` say how much of it."""
        return self.scope == "bucket" and {"prefix", "delimiter"} <= self.query

    @property
    def source_action(self) -> str:
        """What is needed on the bucket of the object that is copied."""
        return f"{self.action}_get"


LISTING = frozenset({"prefix", "delimiter", "max-keys", "encoding-type"})
LISTING_1 = LISTING | {"marker"}
LISTING_UPLOADS = {"prefix", "delimiter", "encoding-type", "key-marker", "upload-id-marker", "max-uploads"}
LISTING_2 = LISTING | {"continuation-token", "start-after", "fetch-owner"}


def _operation(
    name: str,
    on: tuple[Scope, str],
    action: str,
    event: str,
    *,
    mark: str = "",
    query: Collection[str] = (),
    copies: bool = False,
) -> Operation:
    service = "cloud-object-storage"
    return Operation(name, *on, f"{service}.{action}", f"{service}.{event}", mark, frozenset(query), copies)


# Of those of one scope and method, the first that fits is the one that is meant.
OPERATIONS = (
    _operation(
        "list_buckets_extended",
        ("service", "GET"),
        "account.get_account_buckets",
        "bucket.list",
        mark="extended",
        query={"marker", "max-keys", "prefix"},
    ),
    _operation("list_buckets", ("service", "GET"), "account.get_account_buckets", "bucket.list"),
    _operation("create_bucket", ("bucket", "PUT"), "bucket.put_bucket", "bucket.create"),
    _operation("head_bucket", ("bucket", "HEAD"), "bucket.head", "bucket.read"),
    _operation("delete_bucket", ("bucket", "DELETE"), "bucket.delete_bucket", "bucket.delete"),
    _operation("get_bucket_location", ("bucket", "GET"), "bucket.get", "bucket.read", mark="location"),
    _operation(
        "list_multipart_uploads",
        ("bucket", "GET"),
        "bucket.get_uploads",
        "bucket-multipart.list",
        mark="uploads",
        query=LISTING_UPLOADS,
    ),
    _operation("list_objects_v2", ("bucket", "GET"), "bucket.get", "bucket.read", mark="list-type", query=LISTING_2),
    _operation("list_objects", ("bucket", "GET"), "bucket.get", "bucket.read", query=LISTING_1),
    _operation("delete_objects", ("bucket", "POST"), "object.delete", "object.delete", mark="delete"),
    _operation(
        "upload_part_copy",
        ("object", "PUT"),
        "object.copy_part",
        "object-multipart.create",
        mark="uploadId",
        query={"partNumber"},
        copies=True,
    ),
    _operation(
        "upload_part",
        ("object", "PUT"),
        "object.put_part",
        "object-multipart.create",
        mark="uploadId",
        query={"partNumber"},
    ),
    _operation("copy_object", ("object", "PUT"), "object.copy", "object-copy.create", copies=True),
    _operation("put_object", ("object", "PUT"), "object.put", "object.create"),
    _operation(
        "list_parts",
        ("object", "GET"),
        "object.get_uploads",
        "object-multipart.list",
        mark="uploadId",
        query={"max-parts", "part-number-marker"},
    ),
    _operation("get_object", ("object", "GET"), "object.get", "object.read"),
    _operation("head_object", ("object", "HEAD"), "object.head", "object.read"),
    _operation(
        "create_multipart_upload",
        ("object", "POST"),
        "object.post_initiate_upload",
        "object-multipart.start",
        mark="uploads",
    ),
    _operation(
        "complete_multipart_upload",
        ("object", "POST"),
        "object.post_complete_upload",
        "object-multipart.complete",
        mark="uploadId",
    ),
    _operation(
        "abort_multipart_upload",
        ("object", "DELETE"),
        "object.delete_upload",
        "object-multipart.delete",
        mark="uploadId",
    ),
    _operation("delete_object", ("object", "DELETE"), "object.delete", "object.delete"),
)
COPY_SOURCE = "x-amz-copy-source"
HARMLESS = {"x-id"}
"""SDKs add it for those who read access logs."""
UNHEEDED = re.compile(
    r"x-amz-(copy-source.*|tagging-directive|acl|grant-.*|server-side-encryption.*|tagging|object-lock-.*|mfa|website-redirect-location"
    r"|write-offset-bytes)|ibm-sse-.*|retention-.*",
)
"""Headers that ask for something which is not done here."""
OF_COPIES = re.compile(r"x-amz-copy-source(-range|-if-(match|none-match|modified-since|unmodified-since))?")


def find(scope: Scope, method: str, query: Collection[str], headers: Mapping[str, str]) -> Operation:
    """Raises NotSimulated for a parameter or header of an operation that is not here, or MethodNotAllowed."""
    of_scope = [each for each in OPERATIONS if each.scope == scope]
    copies = COPY_SOURCE in {header.lower() for header in headers}
    found = next(
        (
            each
            for each in of_scope
            if each.method == method and (not each.mark or each.mark in query) and (copies or not each.copies)
        ),
        None,
    )
    known = HARMLESS | ({found.mark} | found.query if found else set())
    if unknown := sorted(set(query) - known):
        raise NotSimulated(f"{method} with ?{echoed(unknown[0])} on {_named(scope)}")
    if found is None:
        allowed = ", ".join(sorted({each.method for each in of_scope}))
        raise MethodNotAllowed(f"{method} is not allowed on {_named(scope)}.", headers={"Allow": allowed})
    for header in headers:
        heeded = found.copies and OF_COPIES.fullmatch(header.lower())
        if UNHEEDED.fullmatch(header.lower()) and not heeded:
            raise NotSimulated(f"the header {header.lower()}")
    storage_class = headers.get("x-amz-storage-class", "STANDARD")
    if storage_class != "STANDARD":
        raise NotSimulated(f"the storage class {echoed(storage_class)}")
    return found


def _named(scope: Scope) -> str:
    return {"service": "the list of buckets", "bucket": "a bucket", "object": "an object"}[scope]
