"""Views for health and readiness, and the index of the API."""

from typing import Literal, TypedDict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from controlplane import __version__
from controlplane.kernel.fresh_value import FreshValue
from controlplane.kernel.route_spec import RouteSpec
from controlplane.observability.readiness import KEPT_SECONDS, Readiness, of_answers, of_the_whole

TAG = "Operations"
WHOLE = FreshValue(lambda last: of_the_whole(), seconds=KEPT_SECONDS)
ANSWERS = FreshValue(lambda last: of_answers(), seconds=KEPT_SECONDS)


class Health(TypedDict):
    status: Literal["ok"]


class Unavailable(TypedDict):
    """What is missing, and what to do about it."""

    status: Literal["unavailable"]
    reasons: dict[str, str]


class Welcome(TypedDict):
    name: str
    version: str
    links: dict[str, str]


@RouteSpec(method="GET", name="get_health", tag=TAG, summary="Whether the process answers", answer=Health)
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that the process runs, without further checks."""
    return JsonResponse({"status": "ok"})


@RouteSpec(
    method="GET",
    name="get_readiness",
    tag=TAG,
    summary="Whether everything it needs is there",
    answer=Health,
    also={503: Unavailable},
)
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    return _readiness(WHOLE.get())


@require_safe
def readyz_inside(request: HttpRequest) -> JsonResponse:
    """Answer for the metadata service, which needs fewer parts."""
    return _readiness(ANSWERS.get())


def _readiness(readiness: Readiness) -> JsonResponse:
    more = {"notes": readiness.notes} if readiness.notes else {}
    if readiness.missing:
        return JsonResponse({"status": "unavailable", "reasons": readiness.missing, **more}, status=503)
    return JsonResponse({"status": "ok", **more})


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
                    "metrics": "/metrics",
                }.items()
            },
        }
    )
