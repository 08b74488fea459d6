"""The routes and views in the URL configurations of the control plane and the metadata service."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from controlplane.kernel.described_view import DescribedView
from controlplane.kernel.operation import Parameter
from controlplane.kernel.route_spec import RouteSpec

CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
CONTROL_PLANE = "controlplane.urls"
METADATA_SERVICE = "controlplane.urls_inside"


def document_path(route: str) -> str:
    """Return Django's route in the form of OpenAPI: ``/v1/images/{id}`` for ``v1/images/<str:id>``."""
    return "/" + CONVERTER.sub(r"{\1}", route).rstrip("/")


def routes(urlconf: str) -> Iterator[tuple[str, Any]]:
    """Return each route, in Django's form, and its view."""
    yield from _routed(get_resolver(urlconf).url_patterns, "")


def described_routes(urlconf: str) -> Iterator[tuple[str, RouteSpec]]:
    """Return each path, in the form of OpenAPI, and the specification of each method of a plain view."""
    for route, view in routes(urlconf):
        for spec in getattr(view, "specs", ()):
            yield document_path(route), spec


def guarded_views() -> Iterator[tuple[str, DescribedView]]:
    """Return each path, in the form of OpenAPI, and its view. A path with a slash at its end is left out, because it is
    another spelling of the one without."""
    for route, view in routes(CONTROL_PLANE):
        if issubclass(getattr(view, "cls", object), DescribedView) and not route.endswith("/"):
            yield document_path(route), view.cls(**view.initkwargs)


def declared_parameters() -> Iterator[Parameter]:
    """Return the parameters of all views, some of them more than once."""
    for urlconf in (CONTROL_PLANE, METADATA_SERVICE):
        for _, spec in described_routes(urlconf):
            yield from (*spec.path, *spec.query, *spec.headers)
    for _, view in guarded_views():
        yield from (*view.path_parameters, *view.common_query, *view.common_headers)
        for operation in view.operations.values():
            yield from (*operation.query, *operation.headers)


def _routed(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routed(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback
