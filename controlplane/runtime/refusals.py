"""The error responses of the HTTP server itself, in the format of the path's API or page."""

import contextvars
import json
import re
import time
import uuid
from http.client import responses

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import Resolver404, ResolverMatch, resolve

from controlplane.console.middleware import HEADER, POLICY
from controlplane.kernel import context, envelopes, errors
from controlplane.objectstore import xml_responses
from controlplane.runtime.http.wsgi_call import Response

OBJECT_STORE = "cos"
S3_CODES = {408: "RequestTimeout", 500: "InternalError", 503: "ServiceUnavailable"}
RETRY_SECONDS = "1"
PAGE_HEADERS = [("Content-Type", "text/html; charset=utf-8"), (HEADER, POLICY), ("X-Frame-Options", "DENY")]


def refuse(status: int, message: str, path: str) -> Response:
    """Return an error response with this status. ``path`` is empty when it was not received."""
    error = errors.ApiError(message) if status >= 500 else errors.InvalidRequest(message)
    error.status = status
    trace = str(uuid.uuid4())
    headers = [("X-Request-Id", trace), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    if status == 503:
        headers.append(("Retry-After", RETRY_SECONDS))
    match = _match(path)
    if match is not None and match.route.startswith(OBJECT_STORE):
        headers += [("Content-Type", xml_responses.XML), ("x-amz-request-id", trace)]
        error.code = S3_CODES.get(status, "InvalidRequest")
        body = xml_responses.refusal(error, resource=path, request_id=trace).content
    elif match is not None and _is_page(match):
        headers += PAGE_HEADERS
        body = render_to_string("console/broken.html", {"error": error, "trace": trace}).encode()
    else:
        headers.append(("Content-Type", "application/json"))
        body = contextvars.Context().run(_in_envelope, error, match, path, trace)
    return Response(f"{status} {responses.get(status, '')}", headers, body)


def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(re.sub(r"/{2,}", "/", path)) if path else None
    except Resolver404:
        return None


def _is_page(match: ResolverMatch) -> bool:
    """Return whether browsers show this path. Paths for programs are exempt from CSRF protection."""
    is_of_people = "console" in match.app_names or match.route.startswith("admin/")
    return is_of_people and not getattr(match.func, "csrf_exempt", False)


def _in_envelope(error: errors.ApiError, match: ResolverMatch | None, path: str, trace: str) -> bytes:
    """Render the error in the envelope of the view, with a request context, which some envelopes read."""
    url = f"{settings.BAREMINT_PUBLIC_URL}{path}"
    context.current.set(context.RequestContext(request_id=trace, path=path, url=url, started=time.monotonic()))
    view = getattr(match.func, "cls", match.func) if match is not None else None
    return json.dumps(getattr(view, "envelope", envelopes.vpc)(error, trace)).encode()
