"""The refusals of the product: code, status and text, nothing else.

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
    """A refusal. A subclass gives its status and codes in its class statement; what it omits is that of its parent."""

    status = 500
    code = "service_error"
    iam_code = "BXNIM0513E"
    """IAM's code for the same refusal, for the envelopes that have one."""

    def __init_subclass__(cls, *, status: int = 0, code: str = "", iam_code: str = "") -> None:
        super().__init_subclass__()
        cls.status = status or cls.status
        cls.code = code or cls.code
        cls.iam_code = iam_code or cls.iam_code

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
        # Only what differs from the class is set, so that ``vars`` tells a code that this refusal chose itself.
        if code:
            self.code = code
        if iam_code:
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


class BadRequest(ApiError, status=400, iam_code="BXNIM0109E"):
    """The request is wrong in itself."""


class InvalidRequest(BadRequest, code="invalid_request"):
    """The body is not JSON, not an object, or too large."""


class InvalidValue(BadRequest, code="invalid_value"):
    """A value is out of range, of the wrong type, or not one of the enumeration."""


class InvalidVersionRange(BadRequest, code="invalid_version_range"):
    """The version date is not one of those supported."""


class MissingField(BadRequest, code="missing_field"):
    """A required property is absent."""


class MissingValue(BadRequest, code="missing_value"):
    """A required header or parameter has no value."""


class UnknownField(BadRequest, code="unknown_field"):
    """A property is not defined."""


class ReferenceNotFound(BadRequest, code="not_found"):
    """The body refers to a missing resource."""


class BadField(ReferenceNotFound, code="bad_field"):
    """A reference in a body of the VPC API to a missing or unusable resource (VPC API, errors)."""


class NotUnique(BadRequest, code="validation_unique_failed"):
    """Another resource has this name."""


class OverQuota(BadRequest, code="over_quota"):
    """The account has as many resources of this kind as its quota allows."""


class NotSupported(BadRequest, code="not_supported"):
    """The requested resource is not simulated."""


class ProfileNotLinked(BadRequest, code="profile_not_linked"):
    """The trusted profile does not trust this server."""


class Unauthenticated(ApiError, status=401, code="unauthenticated", iam_code="BXNIM0308E"):
    """The request has no valid token."""

    def __init__(self, message: str, **options: Any) -> None:
        super().__init__(message, **{"headers": {"WWW-Authenticate": "Bearer"}, **options})


class Unauthorized(ApiError, status=403, code="unauthorized"):
    """Metadata service: it is not enabled, or the resource is not this caller's."""


class NotAuthorized(ApiError, status=403, code="not_authorized"):
    """Control plane: no policy grants the action."""


class NotFound(ApiError, status=404, code="not_found", iam_code="BXNIM0610E"):
    """The path names a missing resource, or one that the caller may not see."""


class MethodNotAllowed(ApiError, status=405, code="invalid_request", iam_code="BXNIM0109E"):
    """The path has other methods; the Allow header lists them."""


class Conflict(ApiError, status=409, code="conflict", iam_code="BXNIM0470E"):
    """The state of the resource forbids the operation."""


class ServerStatusConflict(Conflict, code="server_status_conflict"):
    """The status of a bare metal server forbids the operation."""


class Gone(ApiError, status=410, code="gone"):
    """The resource was deleted, and this is not a first deletion."""


class PreconditionFailed(ApiError, status=412, code="precondition_failed", iam_code="BXNIM0471E"):
    """The If-Match header is stale."""


class Unprocessable(ApiError, status=422, code="unprocessable"):
    """The request is well formed, and the state of the resource does not allow it."""


class NotServed(ApiError, status=501, code="not_supported"):
    """An operation of IBM's API that is left out."""


class ServiceUnavailable(ApiError, status=503):
    """The database is temporarily unavailable."""


class Refusals(ApiError):
    """Several refusals of one request, reported together. The status is that of the first one."""

    def __init__(self, errors: Sequence[ApiError]) -> None:
        more_info = next((each.more_info for each in errors if each.more_info), "")
        super().__init__(errors[0].message, more_info=more_info, code=errors[0].code, iam_code=errors[0].iam_code)
        self.errors = errors
        self.status = errors[0].status

    @property
    def each(self) -> Sequence[ApiError]:
        return self.errors


def existing(row: T | None, message: str, *, refusal: type[ApiError] = NotFound, **details: Any) -> T:
    """Return the row. Raises ``refusal`` with this message when it is None: there is none, or none of this caller's."""
    if row is None:
        raise refusal(message, **details)
    return row
