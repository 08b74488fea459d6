"""Every operation of the control plane with the actions that its view requires."""

from dataclasses import dataclass

from controlplane.apidocs.routes import guarded_views
from controlplane.kernel.operation import Operation
from trustedprofiles.service_roles import EVERY_ROLE


@dataclass(frozen=True)
class Permission:
    """One method of one path."""

    method: str
    path: str
    service_name: str
    operation: Operation


def permissions() -> list[Permission]:
    """Return all permissions in the order of the paths. A view with two paths is there twice."""
    return [
        Permission(method, path, view.service_name, operation)
        for path, view in guarded_views()
        for method, operation in view.operations.items()
    ]


def granting(action: str) -> list[str]:
    """Return the display names of the roles that grant an action: the smallest first, platform roles before others."""
    return [role.display_name for role in EVERY_ROLE if role.grants(action)]
