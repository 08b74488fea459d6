"""Every operation of the control plane with the actions it needs, from the views that obey them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from trustedprofiles.api_view import GuardedView
from trustedprofiles.permissions import Operation
from trustedprofiles.service_roles import EVERY_ROLE

CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Permission:
    """One method of one path."""

    method: str
    path: str
    service_name: str
    operation: Operation


def permissions() -> list[Permission]:
    """All of them, in the order of the paths. A view under two paths stands there twice."""
    return [
        Permission(method, path, view.service_name, operation)
        for path, view in guarded_views()
        for method, operation in view.operations.items()
    ]


def guarded_views() -> Iterator[tuple[str, GuardedView]]:
    """Path, as the OpenAPI document writes it, and view. A path with a slash at its end is another spelling of the one
    without, and does not count."""
    yield from _routed(get_resolver("controlplane.urls").url_patterns, "")


def document_path(route: str) -> str:
    """Django's route as the OpenAPI document writes it: ``v1/keys/<str:key_id>`` is ``/v1/keys/{key_id}``."""
    return "/" + CONVERTER.sub(r"{\1}", route).rstrip("/")


def _routed(patterns: list[Any], prefix: str) -> Iterator[tuple[str, GuardedView]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routed(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            view: Any = pattern.callback
            if issubclass(getattr(view, "cls", object), GuardedView) and not route.endswith("/"):
                yield document_path(route), view.cls(**view.initkwargs)


def granting(action: str) -> list[str]:
    """Display names of the roles that grant an action, the smallest first, platform roles before service roles."""
    return [role.display_name for role in EVERY_ROLE if role.grants(action)]
