"""The operations of the object store, each with its IAM action and activity event. Others are refused by name
(D-56)."""

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
    """The name of the SDK's method."""
    scope: Scope
    method: str
    action: str
    event: str
    mark: str = ""
    """The query parameter that distinguishes it from other operations with this method."""
    query: frozenset[str] = frozenset()
    """The other query parameters that it accepts."""
    copies: bool = False
    """Whether the header ``x-amz-copy-source`` distinguishes it, which names the object to copy."""

    @property
    def lists_keys(self) -> bool:
        """Whether it lists keys of a bucket, limited by ``prefix`` and ``delimiter``."""
        return self.scope == "bucket" and {"prefix", "delimiter"} <= self.query

    @property
    def needs_instance(self) -> bool:
        """Whether it is about a service instance: it lists the buckets in it, or creates one there."""
        return self.scope == "service" or self.name == "create_bucket"

    @property
    def source_action(self) -> str:
        """The action that is needed on the bucket of the copy's source."""
        return f"{self.action}_get"


SCOPE_NAMES: Mapping[Scope, str] = {"service": "the list of buckets", "bucket": "a bucket", "object": "an object"}
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


# The first matching operation of a scope and method applies.
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
IGNORED_PARAMETERS = {"x-id"}
"""SDKs add it for access logs."""
UNSUPPORTED_HEADERS = re.compile(
    r"x-amz-(copy-source.*|tagging-directive|acl|grant-.*|server-side-encryption.*|tagging|object-lock-.*|mfa|website-redirect-location"
    r"|write-offset-bytes)|ibm-sse-.*|retention-.*",
)
"""Headers of features that are not simulated."""
COPY_HEADERS = re.compile(r"x-amz-copy-source(-range|-if-(match|none-match|modified-since|unmodified-since))?")


def find(scope: Scope, method: str, query: Collection[str], headers: Mapping[str, str]) -> Operation:
    """The operation of a request. Raises NotSimulated for an unsupported parameter or header, or MethodNotAllowed."""
    of_scope = [each for each in OPERATIONS if each.scope == scope]
    copies = COPY_SOURCE in {header.lower() for header in headers}
    operation = next(
        (
            each
            for each in of_scope
            if each.method == method and (not each.mark or each.mark in query) and (copies or not each.copies)
        ),
        None,
    )
    parameters = IGNORED_PARAMETERS | ({operation.mark} | operation.query if operation else set())
    if unknown := sorted(set(query) - parameters):
        raise NotSimulated(f"{method} with ?{echoed(unknown[0])} on {SCOPE_NAMES[scope]}")
    if operation is None:
        methods = ", ".join(sorted({each.method for each in of_scope}))
        raise MethodNotAllowed(f"{method} is not allowed on {SCOPE_NAMES[scope]}.", headers={"Allow": methods})
    for header in headers:
        is_copy_header = operation.copies and COPY_HEADERS.fullmatch(header.lower())
        if UNSUPPORTED_HEADERS.fullmatch(header.lower()) and not is_copy_header:
            raise NotSimulated(f"the header {header.lower()}")
    storage_class = headers.get("x-amz-storage-class", "STANDARD")
    if storage_class != "STANDARD":
        raise NotSimulated(f"the storage class {echoed(storage_class)}")
    return operation
