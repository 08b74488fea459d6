"""Health, readiness, and a first page."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from controlplane import __version__
from controlplane.operations.readiness import obstacles


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    found = obstacles()
    if found:
        return JsonResponse({"status": "unavailable", "reasons": found}, status=503)
    return JsonResponse({"status": "ok"})


@require_safe
def index(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {
            "name": "Baremint",
            "version": __version__,
            "links": {
                name: request.build_absolute_uri(path)
                for name, path in {
                    "admin": "/admin/",
                    "docs": "/docs",
                    "openapi": "/docs/openapi.json",
                    "health": "/healthz",
                    "readiness": "/readyz",
                }.items()
            },
        }
    )
