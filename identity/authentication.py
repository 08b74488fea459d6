"""Bearer authentication of the control plane, named in settings so that no app imports upwards."""

import re

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from controlplane.kernel import clock
from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import Unauthenticated
from identity.services.iam_tokens import verify_iam_token

BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer <IAM access token>`` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        match = BEARER.fullmatch(header)
        if match is None:
            raise Unauthenticated(
                "The Authorization header is not understood. Send Authorization: Bearer <IAM access token>."
            )
        return verify_iam_token(match[1], now=clock.now()), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
