"""The refusals of the object store, in S3's codes (AWS S3 API reference, "Error responses"; IBM COS uses the same)."""

from collections.abc import Mapping
from typing import Any

from controlplane.cloudservice.errors import IamUnavailable, MissingToken
from controlplane.kernel.errors import ApiError, NotAuthorized, PreconditionFailed, Unauthenticated


class S3Error(ApiError, code="InternalError"):
    """A refusal: ``code`` is the ``Code`` of the XML response, ``more_info`` a URL in ``MoreInfo``."""


class ServiceUnavailable(S3Error, status=503, code="ServiceUnavailable"):
    """A temporary failure, after which clients retry."""

    after = 5

    def __init__(self, message: str, **rest: Any) -> None:
        super().__init__(message, **{"headers": {"Retry-After": str(self.after)}, **rest})


class NotSimulated(S3Error, status=501, code="NotImplemented"):
    """IBM's service can do this, and the simulator cannot."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The object store of Baremint does not simulate {what}.")


class InvalidToken(Unauthenticated, code="InvalidToken"):
    """The token is not one of IAM, or IAM refuses it."""


class ConditionFailed(PreconditionFailed, code="PreconditionFailed"):
    """The object is not the one that an If- header names."""


class AccessDenied(S3Error, status=403, code="AccessDenied"):
    """The request has no token, or IAM denies the operation."""


class BadDigest(S3Error, status=400, code="BadDigest"):
    """The body does not have the checksum that the request states."""


class BucketAlreadyOwnedByYou(S3Error, status=409, code="BucketAlreadyOwnedByYou"):
    """The account has a bucket of this name."""


class BucketNotEmpty(S3Error, status=409, code="BucketNotEmpty"):
    """A bucket with objects or uploads cannot be deleted."""


class ContentMismatch(S3Error, status=400, code="XAmzContentSHA256Mismatch"):
    """The body does not have the digest in x-amz-content-sha256."""


class EntityTooLarge(S3Error, status=400, code="EntityTooLarge"):
    """The body is larger than its limit."""


class EntityTooSmall(S3Error, status=400, code="EntityTooSmall"):
    """A part that is not the last one is too small."""


class IncompleteBody(S3Error, status=400, code="IncompleteBody"):
    """The body is shorter than the request states, or not in valid chunks."""


class InvalidArgument(S3Error, status=400, code="InvalidArgument"):
    """A parameter or header has a wrong value."""


class InvalidBucketName(S3Error, status=400, code="InvalidBucketName"):
    """The name of the bucket does not follow the rules."""


class InvalidDigest(S3Error, status=400, code="InvalidDigest"):
    """The stated checksum is not one."""


class InvalidLocationConstraint(S3Error, status=400, code="InvalidLocationConstraint"):
    """The location of a new bucket is not one of IBM's."""


class InvalidPart(S3Error, status=400, code="InvalidPart"):
    """The upload has no part with this number and entity tag."""


class InvalidPartOrder(S3Error, status=400, code="InvalidPartOrder"):
    """The parts to complete are not in the order of their numbers."""


class InvalidRange(S3Error, status=416, code="InvalidRange"):
    """The object has no byte of the range."""


class InvalidRequest(S3Error, status=400, code="InvalidRequest"):
    """The request contradicts itself, or a limit of the operation."""


class KeyTooLong(S3Error, status=400, code="KeyTooLongError"):
    """The key of the object is longer than allowed."""


class MalformedXML(S3Error, status=400, code="MalformedXML"):
    """The body is not the XML document that the operation needs."""


class MetadataTooLarge(S3Error, status=400, code="MetadataTooLarge"):
    """The metadata of the object are larger than allowed."""


class MethodNotAllowed(S3Error, status=405, code="MethodNotAllowed"):
    """No operation has this method; the Allow header lists the others."""


class NoSuchBucket(S3Error, status=404, code="NoSuchBucket"):
    """The account has no bucket of this name."""


class NoSuchKey(S3Error, status=404, code="NoSuchKey"):
    """The bucket has no object with this key."""


class NoSuchUpload(S3Error, status=404, code="NoSuchUpload"):
    """The multipart upload is complete, was aborted, or never existed."""


class OperationAborted(S3Error, status=409, code="OperationAborted"):
    """A concurrent request changed the same object."""


class QuotaExceeded(S3Error, status=403, code="QuotaExceeded"):
    """The account would store more than its quota."""


class TooManyBuckets(S3Error, status=400, code="TooManyBuckets"):
    """The account has as many buckets as allowed."""


def no_instance(guid: str) -> InvalidArgument:
    """The refusal of a request that names this service instance, or none in an account without one."""
    problem = (
        f"Your account has no active service instance {guid} of Cloud Object Storage."
        if guid
        else "Your account has no active service instance of Cloud Object Storage."
    )
    return InvalidArgument(
        f"{problem} GET /v2/resource_instances lists those that it has, and POST creates one. Name it in "
        "ibm-service-instance-id."
    )


S3_FORMS: Mapping[type[ApiError], type[ApiError]] = {
    MissingToken: AccessDenied,
    Unauthenticated: InvalidToken,
    NotAuthorized: AccessDenied,
    IamUnavailable: ServiceUnavailable,
}
"""S3's form of each refusal that services share. COS answers a request without a token with 403."""


def as_s3(error: ApiError) -> ApiError:
    """Return S3's form of a refusal that services share, and any other refusal unchanged."""
    form = next((S3_FORMS[kind] for kind in type(error).__mro__ if kind in S3_FORMS), None)
    if form is None or isinstance(error, form):
        return error
    return form(error.message, more_info=error.more_info)
