"""Render a refusal in the envelope of the resource controller (D-173)."""

from typing import NotRequired, TypedDict

from controlplane.kernel.errors import ApiError


class ResourceControllerError(TypedDict):
    """A refusal by the resource controller. ``details`` is the URL of an explanation."""

    error_code: str
    message: str
    status_code: int
    transaction_id: str
    details: NotRequired[str]


CODES = {
    400: "RC-InvalidRequest",
    401: "RC-IamErrorResponse",
    403: "RC-IamErrorResponse",
    404: "RC-NotFound",
    405: "RC-MethodNotAllowed",
    409: "RC-ServiceBrokerErrorResponse",
    410: "RC-AlreadyDeleted",
    422: "RC-InvalidState",
    501: "RC-NotSimulated",
    503: "RC-ServiceUnavailable",
}
"""The codes of the resource controller by status. IBM publishes none but that of 401, which public logs have."""


def resource_controller(error: ApiError, trace: str) -> ResourceControllerError:
    """Return the envelope of the resource controller: one error only."""
    body: ResourceControllerError = {
        "error_code": CODES.get(error.status, "RC-InternalError"),
        "message": " ".join(each.message for each in error.each),
        "status_code": error.status,
        "transaction_id": trace,
    }
    if error.more_info:
        body["details"] = error.more_info
    return body
