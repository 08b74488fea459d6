"""What the HTTP server itself answers, before or instead of the application, in the form that the path speaks."""

import json
import uuid
from http.client import responses
from typing import Any

from django.urls import Resolver404, resolve

from controlplane.kernel import envelopes, errors
from controlplane.objectstore import answers
from controlplane.operations.http.application import Answer

OBJECT_STORE = "cos/"
RETRY_SECONDS = "1"


def refuse(status: int, message: str, path: str) -> Answer:
    """An answer with this status. ``path`` is empty when the request did not come so far."""
    error = errors.ApiError(message) if status >= 500 else errors.InvalidRequest(message)
    error.status = status
    trace = str(uuid.uuid4())
    headers = [("X-Request-Id", trace), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    if status == 503:
        headers.append(("Retry-After", RETRY_SECONDS))
    if path.lstrip("/").startswith(OBJECT_STORE):
        headers.append(("x-amz-request-id", trace))
        kind, body = answers.XML, answers.refusal(error, resource=path, request_id=trace).content
    else:
        kind, body = "application/json", json.dumps(_envelope(path)(error, trace)).encode()
    return Answer(f"{status} {responses.get(status, '')}", [("Content-Type", kind), *headers], body)


def _envelope(path: str) -> Any:
    """The one of the view at this path."""
    try:
        view = resolve(path).func if path else None
    except Resolver404:
        view = None
    return getattr(getattr(view, "cls", view), "envelope", envelopes.vpc)
