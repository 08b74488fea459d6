"""``/docs`` and ``/docs/openapi.json``: nothing is fetched from elsewhere, and no script runs.

They import drf-spectacular and the modules of the document at the first request, because most processes never get one,
and the import takes a fifth of the time of all others.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    from controlplane.apidocs import rendered  # noqa: PLC0415  drf-spectacular serves these two pages alone

    document = rendered.JSON.get()
    return _answer(request, lambda: HttpResponse(document.text, content_type="application/json"), etag=document.etag())


@require_safe
def as_page(request: HttpRequest) -> HttpResponse:
    from controlplane.apidocs import rendered  # noqa: PLC0415  drf-spectacular serves these two pages alone

    origin = request.build_absolute_uri("/").rstrip("/")
    etag = rendered.PAGE.get().etag(origin)
    response = _answer(request, lambda: HttpResponse(rendered.page_read_at(origin)), etag=etag)
    response["Content-Security-Policy"] = POLICY
    return response


def _answer(request: HttpRequest, whole: Callable[[], HttpResponse], *, etag: str) -> HttpResponse:
    """``whole``, or 304 for a client that has it. Clients ask each time, because an upgrade changes it."""
    response = get_conditional_response(request, etag=etag) or whole()
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    return response
