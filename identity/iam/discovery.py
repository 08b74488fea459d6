"""What verifiers fetch: the published IAM signing keys."""

import random

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from identity.keyring import JWKS_MAX_AGE
from identity.models import KeyPair
from identity.selectors import published_keys

SPREAD_SECONDS = 60
"""Verifiers that started together do not all come back in the same second."""


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:
    """``GET /identity/keys``: the IAM keys as a JWKS. Identity tokens are verified by this service alone."""
    max_age = int(JWKS_MAX_AGE.total_seconds()) - random.randrange(SPREAD_SECONDS)  # noqa: S311  not a secret
    response = JsonResponse({"keys": published_keys(KeyPair.Purpose.IAM)})
    response["Cache-Control"] = f"public, max-age={max_age}"
    return response
