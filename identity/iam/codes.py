"""IAM's own codes and messages for refusals that the other APIs word differently.

Sources: answers of IBM's service, captured in public bug reports and in the tests of its clients. What is not in the
table keeps its status and its text, and has the code that it names itself (docs/iam.md, "Tokens").
"""

from collections.abc import Mapping
from typing import NamedTuple

from controlplane.kernel import envelopes
from controlplane.kernel.errors import ApiError, InvalidValue, MethodNotAllowed, MissingField, ProfileNotLinked
from identity.services.sessions import SessionExpired
from identity.services.token_kinds import UnsupportedToken
from identity.signing import INVALID_TOKEN, NotAToken, TokenExpired


class Code(NamedTuple):
    code: str
    status: int
    message: str
    """The message, which is the same for every cause. ``errorDetails`` gives the cause."""


UNSUPPORTED = Code("BXNIM0405E", 400, "Provided token is not supported.")
CODES: Mapping[type[ApiError], Code] = {
    MissingField: Code("BXNIM0109E", 400, "Property missing or empty."),
    InvalidValue: Code("BXNIM0106E", 400, "Property value is not supported."),
    MethodNotAllowed: Code("BXNIM0060E", 405, "Method not allowed."),
    NotAToken: Code("BXNIM0401E", 400, "Provided token is malformed."),
    UnsupportedToken: UNSUPPORTED,
    TokenExpired: UNSUPPORTED,
    SessionExpired: Code("BXNIM0408E", 400, "Provided refresh token is expired."),
    ProfileNotLinked: Code("BXNIM0398E", 400, "Selected trusted profile not eligible."),
}
INVALID = Code(INVALID_TOKEN, 401, "Provided token is not valid.")


def coded(error: ApiError) -> ApiError:
    """Return the refusal with the token service's own code and message."""
    code = CODES.get(type(error)) or (INVALID if error.iam_code == INVALID_TOKEN else None)
    if code is None:
        return error
    refusal = ApiError(
        code.message,
        more_info=error.more_info,
        details=error.details or error.message,
        iam_code=code.code,
        headers={name: value for name, value in error.headers.items() if code is INVALID or name != "WWW-Authenticate"},
    )
    refusal.status = code.status
    return refusal


def envelope(error: ApiError, trace: str) -> envelopes.TokenError:
    """Return the body of a refusal by the token service, with its codes."""
    return envelopes.token(coded(error), trace)
