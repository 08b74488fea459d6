"""The refusals that all services share beside those of the kernel. Each service renders them in its own codes."""

from typing import Any

from controlplane.kernel import errors
from controlplane.kernel.errors import Unauthenticated


class MissingToken(Unauthenticated):
    """The request has no Authorization header."""


class UnreadableToken(Unauthenticated):
    """The Authorization header has no token that IAM signed: its form, issuer, key or signature is wrong."""


class IamUnavailable(errors.ServiceUnavailable):
    """IAM does not answer, or its answer is not understood. Clients retry."""

    after = 5

    def __init__(self, message: str, **rest: Any) -> None:
        super().__init__(message, **{"headers": {"Retry-After": str(self.after)}, **rest})
