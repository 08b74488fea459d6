"""The refusals of the product: code, status and text, nothing else.

ApiError
  InvalidRequest        400 invalid_request        body is not JSON, not an object, or too large
  InvalidValue          400 invalid_value          out of range, wrong type, not one of the enumeration
  InvalidVersionRange   400 invalid_version_range  the version date is not one of those supported
  MissingField          400 missing_field          a required property is absent
  MissingValue          400 missing_value          a required header or parameter has no value
  UnknownField          400 unknown_field          a property that is not defined
  ReferenceNotFound     400 not_found              the body refers to a missing resource
    BadField            400 bad_field              the same at the VPC API; also an unusable resource
  NotUnique             400 validation_unique_failed
  OverQuota             400 over_quota
  NotSupported          400 not_supported          the requested resource is not simulated
  ProfileNotLinked      400 profile_not_linked     the trusted profile does not trust this server
  Unauthenticated       401 unauthenticated
  Unauthorized          403 unauthorized           metadata service: not enabled, not this caller's
  NotAuthorized         403 not_authorized         control plane: no policy grants the action
  NotFound              404 not_found
  MethodNotAllowed      405 invalid_request
  Conflict              409 conflict               the resource's state forbids it
    ServerStatusConflict  409 server_status_conflict  a bare metal server's status forbids it
  PreconditionFailed    412 precondition_failed    a stale If-Match
  ServiceUnavailable    503 service_error          the database is temporarily unavailable
Refusals                several of the above at once; the status is the first one's

Codes and statuses: IBM's metadata service error list and the VPC API's observed codes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict, TypeVar

from controlplane.kernel.redaction import conceal_values
from controlplane.kernel.text import echoed

T = TypeVar("T")


class ErrorTarget(TypedDict):
    name: str
    type: Literal["field", "parameter", "header"]
    value: NotRequired[str]


class ErrorBody(TypedDict):
    code: str
    message: str
    more_info: NotRequired[str]
    target: NotRequired[ErrorTarget]


@dataclass(frozen=True)
class Target:
    """The part of the request that caused the error.

    ``value`` is present where it is no secret, never for tokens, keys or CSRs. Text in it that looks like a token or an
    API key is concealed, because a client may send one in place of an id.
    """

    name: str
    type: Literal["field", "parameter", "header"] = "field"
    value: str | None = None

    def as_json(self) -> ErrorTarget:
        body: ErrorTarget = {"name": self.name, "type": self.type}
        if self.value is not None:
            body["value"] = echoed(conceal_values(self.value))
        return body


class ApiError(Exception):
    status = 500
    code = "service_error"
    iam_code = "BXNIM0513E"
    """IAM's code for the same refusal, for the envelopes that have one."""

    def __init__(
        self,
        message: str,
        *,
        target: Target | None = None,
        more_info: str = "",
        details: str = "",
        headers: dict[str, str] | None = None,
        code: str | None = None,
        iam_code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.target = target
        self.more_info = more_info
        self.details = details
        self.headers = headers or {}
        if code is not None:
            self.code = code
        if iam_code is not None:
            self.iam_code = iam_code

    @property
    def each(self) -> "Sequence[ApiError]":
        return [self]

    def as_json(self) -> ErrorBody:
        body: ErrorBody = {"code": self.code, "message": self.message}
        if self.more_info:
            body["more_info"] = self.more_info
        if self.target:
            body["target"] = self.target.as_json()
        return body


class BadRequest(ApiError):
    status = 400
    iam_code = "BXNIM0109E"


class InvalidRequest(BadRequest):
    code = "invalid_request"


class InvalidValue(BadRequest):
    code = "invalid_value"


class InvalidVersionRange(BadRequest):
    code = "invalid_version_range"


class MissingField(BadRequest):
    code = "missing_field"


class MissingValue(BadRequest):
    code = "missing_value"


class UnknownField(BadRequest):
    code = "unknown_field"


class ReferenceNotFound(BadRequest):
    code = "not_found"


class BadField(ReferenceNotFound):
    """A reference in a body of the VPC API to a missing or unusable resource (VPC API, errors)."""

    code = "bad_field"


class NotUnique(BadRequest):
    code = "validation_unique_failed"


class OverQuota(BadRequest):
    code = "over_quota"


class NotSupported(BadRequest):
    code = "not_supported"


class ProfileNotLinked(BadRequest):
    code = "profile_not_linked"


class Unauthenticated(ApiError):
    status = 401
    code = "unauthenticated"
    iam_code = "BXNIM0308E"

    def __init__(self, message: str, **options: Any) -> None:
        super().__init__(message, **{"headers": {"WWW-Authenticate": "Bearer"}, **options})


class Unauthorized(ApiError):
    status = 403
    code = "unauthorized"
    iam_code = "BXNIM0513E"


class NotAuthorized(ApiError):
    status = 403
    code = "not_authorized"
    iam_code = "BXNIM0513E"


class NotFound(ApiError):
    status = 404
    code = "not_found"
    iam_code = "BXNIM0610E"


class MethodNotAllowed(ApiError):
    status = 405
    code = "invalid_request"
    iam_code = "BXNIM0109E"


class Conflict(ApiError):
    status = 409
    code = "conflict"
    iam_code = "BXNIM0470E"


class ServerStatusConflict(Conflict):
    code = "server_status_conflict"


class PreconditionFailed(ApiError):
    status = 412
    code = "precondition_failed"
    iam_code = "BXNIM0471E"


class ServiceUnavailable(ApiError):
    status = 503


class Refusals(ApiError):
    """Several refusals of one request, reported together."""

    def __init__(self, errors: Sequence[ApiError]) -> None:
        more_info = next((each.more_info for each in errors if each.more_info), "")
        super().__init__(errors[0].message, more_info=more_info)
        self.errors = errors
        self.status = errors[0].status
        self.code = errors[0].code
        self.iam_code = errors[0].iam_code

    @property
    def each(self) -> Sequence[ApiError]:
        return self.errors


def existing(row: T | None, message: str, **details: Any) -> T:
    """The row. Raises NotFound with this message when it is None: nothing was found, or nothing of this caller's."""
    if row is None:
        raise NotFound(message, **details)
    return row
