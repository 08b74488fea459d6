"""What an operation needs, and the default permission: no name, no access."""

from dataclasses import dataclass
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    name: str
    """IBM's operation id, ``list_bare_metal_servers``."""
    action: str
    """IAM action that a role must grant, ``is.bare-metal-server.bare-metal-server.list``."""
    event: str
    """Activity event it leaves."""
    recorded_by_service: bool = False
    """Writes record their success in their own transaction; everything else is recorded by the view."""


class ActionPermission(BasePermission):
    """Default permission: a view that does not name its operations (trustedprofiles/guarded.py) is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(view, "operations", None))
