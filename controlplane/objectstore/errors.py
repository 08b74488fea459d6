"""The refusals of the object store, in S3's codes (AWS S3 API reference, "Error responses"; IBM COS uses the same)."""

from typing import Any

from controlplane.kernel.errors import ApiError, PreconditionFailed, Unauthenticated


class S3Error(ApiError):
    """A refusal: ``code`` is the ``Code`` of the XML response, ``more_info`` a URL in ``MoreInfo``."""

    status = 500
    code = "InternalError"


class ServiceUnavailable(S3Error):
    """A temporary failure, after which clients retry."""

    status = 503
    code = "ServiceUnavailable"
    after = 5

    def __init__(self, message: str, **rest: Any) -> None:
        super().__init__(message, **{"headers": {"Retry-After": str(self.after)}, **rest})


class AccessDenied(S3Error):
    status = 403
    code = "AccessDenied"


class InvalidToken(Unauthenticated):
    code = "InvalidToken"


class BadDigest(S3Error):
    status = 400
    code = "BadDigest"


class BucketAlreadyOwnedByYou(S3Error):
    status = 409
    code = "BucketAlreadyOwnedByYou"


class BucketNotEmpty(S3Error):
    status = 409
    code = "BucketNotEmpty"


class ContentMismatch(S3Error):
    status = 400
    code = "XAmzContentSHA256Mismatch"


class EntityTooLarge(S3Error):
    status = 400
    code = "EntityTooLarge"


class EntityTooSmall(S3Error):
    status = 400
    code = "EntityTooSmall"


class IncompleteBody(S3Error):
    status = 400
    code = "IncompleteBody"


class InvalidArgument(S3Error):
    status = 400
    code = "InvalidArgument"


class InvalidBucketName(S3Error):
    status = 400
    code = "InvalidBucketName"


class InvalidDigest(S3Error):
    status = 400
    code = "InvalidDigest"


class InvalidLocationConstraint(S3Error):
    status = 400
    code = "InvalidLocationConstraint"


class InvalidPart(S3Error):
    status = 400
    code = "InvalidPart"


class InvalidPartOrder(S3Error):
    status = 400
    code = "InvalidPartOrder"


class InvalidRange(S3Error):
    status = 416
    code = "InvalidRange"


class InvalidRequest(S3Error):
    status = 400
    code = "InvalidRequest"


class KeyTooLong(S3Error):
    status = 400
    code = "KeyTooLongError"


class MalformedXML(S3Error):
    status = 400
    code = "MalformedXML"


class MetadataTooLarge(S3Error):
    status = 400
    code = "MetadataTooLarge"


class MethodNotAllowed(S3Error):
    status = 405
    code = "MethodNotAllowed"


class NoSuchBucket(S3Error):
    status = 404
    code = "NoSuchBucket"


class NoSuchKey(S3Error):
    status = 404
    code = "NoSuchKey"


class NoSuchUpload(S3Error):
    status = 404
    code = "NoSuchUpload"


class OperationAborted(S3Error):
    """A concurrent request changed the same object."""

    status = 409
    code = "OperationAborted"


class QuotaExceeded(S3Error):
    status = 403
    code = "QuotaExceeded"


class ConditionFailed(PreconditionFailed):
    code = "PreconditionFailed"


class NotSimulated(S3Error):
    status = 501
    code = "NotImplemented"

    def __init__(self, what: str) -> None:
        super().__init__(f"The object store of Baremint does not simulate {what}.")


class TooManyBuckets(S3Error):
    status = 400
    code = "TooManyBuckets"
