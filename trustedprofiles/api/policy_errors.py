"""Errors of the policy API, which has its own codes."""

from controlplane.kernel import envelopes
from controlplane.kernel.errors import ApiError, BadRequest, Conflict, MissingValue, NotAuthorized, Unauthenticated
from trustedprofiles.services.policies import PolicyConflict

# "insufficent" is IBM's spelling.
CODES: tuple[tuple[type[ApiError], str], ...] = (
    (Unauthenticated, "invalid_token"),
    (NotAuthorized, "insufficent_permissions"),
    (Conflict, "policy_conflict_error"),
    (BadRequest, "invalid_body"),
)


def policy_envelope(error: ApiError, trace: str) -> envelopes.ErrorResponse:
    """Return the error in the policy API's envelope, with its codes and the policy that conflicts."""
    body = envelopes.policy(error, trace)
    for each, rendered in zip(error.each, body["errors"], strict=True):
        rendered["code"] = _code(each)
        if isinstance(each, PolicyConflict):
            rendered["details"] = {"conflicts_with": {"etag": each.rival.entity_tag, "policy": str(each.rival.id)}}
    return body


def _code(error: ApiError) -> str:
    if "code" in vars(error):  # the error has a code of the policy API, such as role_not_found
        return error.code
    if isinstance(error, MissingValue) and error.target and error.target.type == "parameter":
        return "missing_required_query_parameter"
    return next((code for kind, code in CODES if isinstance(error, kind)), error.code)
