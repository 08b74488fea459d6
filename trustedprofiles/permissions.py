"""The default permission of views, and the lists of which nothing is stored."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from trustedprofiles.policy_columns import Columns


class Nothing:
    """The type of the items of lists that are always empty."""

    @classmethod
    def policy_columns(cls) -> Columns:
        return {}


class ActionPermission(BasePermission):
    """The default permission, which refuses a view that declares no operations."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(view, "operations", None))
