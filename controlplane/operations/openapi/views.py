"""``/docs`` and ``/docs/openapi.json``: nothing is fetched from elsewhere, and no script runs."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from controlplane.operations.openapi.document import document
from controlplane.operations.openapi.page import Page

POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""A favicon of no bytes keeps the browser from asking for one."""


@require_safe
def as_json(request: HttpRequest) -> JsonResponse:
    return JsonResponse(document())


@require_safe
def as_page(request: HttpRequest) -> HttpResponse:
    origin = request.build_absolute_uri("/").rstrip("/")
    response = render(request, "operations/docs.html", {"page": Page(document(), origin=origin)})
    response["Content-Security-Policy"] = POLICY
    return response
