"""``/docs`` and ``/docs/openapi.json``: nothing is fetched from elsewhere, and no script runs.

They import what makes the document when they are asked for it, for most processes never are: drf-spectacular, and the
tables of everything that the document says, take as long to import as a fifth of the rest.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@require_safe
def as_json(request: HttpRequest) -> JsonResponse:
    from controlplane.operations.openapi.document import document  # noqa: PLC0415

    return JsonResponse(document())


@require_safe
def as_page(request: HttpRequest) -> HttpResponse:
    from controlplane.operations.openapi.document import document  # noqa: PLC0415
    from controlplane.operations.openapi.page import Page  # noqa: PLC0415

    origin = request.build_absolute_uri("/").rstrip("/")
    response = render(request, "operations/docs.html", {"page": Page(document(), origin=origin)})
    response["Content-Security-Policy"] = POLICY
    return response
