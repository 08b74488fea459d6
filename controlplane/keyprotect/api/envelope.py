"""Render a refusal in the envelope of Key Protect (Key Protect contract, section 3; D-180)."""

from http import HTTPStatus
from typing import Literal, NotRequired, TypedDict

from controlplane.cloudservice.errors import UnreadableToken
from controlplane.kernel import errors
from controlplane.keyprotect.errors import (
    BadBody,
    BadHeader,
    Broken,
    Changed,
    InvalidField,
    InvalidQuery,
    KeyProtectError,
    MethodNotAllowed,
    PathNotFound,
    Unauthorized,
    Unavailable,
    UnreadableSubject,
)
from controlplane.keyprotect.services.changes import NO_ACCESS

MORE_INFO = "https://cloud.ibm.com/apidocs/key-protect"
COLLECTION = "application/vnd.ibm.kms.error+json"


class KeyProtectTarget(TypedDict):
    type: Literal["field", "query_param", "header"]
    name: str


class KeyProtectReason(TypedDict):
    """``moreInfo`` of a refusal by IAM is the URL of its explanation."""

    code: str
    message: str
    status: int
    moreInfo: str
    target: NotRequired[KeyProtectTarget]


class KeyProtectRefusal(TypedDict):
    errorMsg: str
    reasons: NotRequired[list[KeyProtectReason]]


class KeyProtectErrorMetadata(TypedDict):
    collectionType: str
    collectionTotal: int


class KeyProtectErrors(TypedDict):
    """A refusal by Key Protect."""

    metadata: KeyProtectErrorMetadata
    resources: list[KeyProtectRefusal]


def key_protect(error: errors.ApiError, trace: str) -> KeyProtectErrors:
    """Return the envelope of Key Protect: one refusal, with the reasons for it."""
    phrase = HTTPStatus(error.status).phrase
    each = [one for one in error.each if isinstance(one, KeyProtectError)]
    reasons = [_reason(one) for one in each if one.has_reason]
    refusal: KeyProtectRefusal = {"errorMsg": f"{phrase}: {error.message}"}
    if reasons:
        refusal["reasons"] = reasons
        failure = next((one.failure for one in each if one.failure), "Action could not be performed")
        refusal["errorMsg"] = f"{phrase}: {failure}: Please see `reasons` for more details ({error.code})"
    if error.status == HTTPStatus.UNAUTHORIZED and reasons:
        refusal["errorMsg"] = f"{phrase}: {NO_ACCESS}"
    return {"metadata": {"collectionType": COLLECTION, "collectionTotal": 1}, "resources": [refusal]}


def _reason(error: KeyProtectError) -> KeyProtectReason:
    reason: KeyProtectReason = {
        "code": error.code,
        "message": error.message,
        "status": error.status,
        "moreInfo": error.more_info or MORE_INFO,
    }
    if error.target:
        kind = error.target.type
        reason["target"] = {"type": "query_param" if kind == "parameter" else kind, "name": error.target.name}
    return reason


OWN_CLASSES: tuple[tuple[type[errors.ApiError], type[KeyProtectError]], ...] = (
    (UnreadableToken, UnreadableSubject),
    (errors.NotAuthorized, Unauthorized),
    (errors.Unauthenticated, Unauthorized),
    (errors.NotFound, PathNotFound),
    (errors.MethodNotAllowed, MethodNotAllowed),
    (errors.InvalidRequest, BadBody),
    (errors.UnknownField, BadBody),
    (errors.Conflict, Changed),
    (errors.ServiceUnavailable, Unavailable),
)
"""The form of refusals that Key Protect shares with other services."""
BY_TARGET: dict[str, type[KeyProtectError]] = {
    "field": InvalidField,
    "parameter": InvalidQuery,
    "header": BadHeader,
}


def as_key_protect(error: errors.ApiError) -> errors.ApiError:
    """Return the refusal with a code of Key Protect."""
    if isinstance(error, errors.Refusals):
        return errors.Refusals([as_key_protect(each) for each in error.errors])
    if isinstance(error, KeyProtectError):
        return error
    return _class_of(error)(
        error.message, target=error.target, more_info=error.more_info, headers=error.headers, details=error.details
    )


def _class_of(error: errors.ApiError) -> type[KeyProtectError]:
    for theirs, own in OWN_CLASSES:
        if isinstance(error, theirs):
            return own
    if isinstance(error, errors.BadRequest):
        return BY_TARGET[error.target.type] if error.target else BadBody
    return Broken
