"""``GET /v2/roles``."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import envelopes
from trustedprofiles import events
from trustedprofiles.guarded import GuardedView
from trustedprofiles.permissions import Operation
from trustedprofiles.roles import SERVICE_ROLES, SYSTEM_ROLES, Role, granted_actions


class Roles(GuardedView):
    envelope = staticmethod(envelopes.policy)
    service_name: ClassVar[str] = "iam-access-management"
    operations = {"GET": Operation("list_roles", "iam-access-management.role.read", events.ROLE_READ)}

    def get(self, request: Request) -> Response:
        service = request.GET.get("service_name", "")
        return Response(
            {
                "custom_roles": [],
                "service_roles": [_body(role, service) for role in SERVICE_ROLES],
                "system_roles": [_body(role, service) for role in SYSTEM_ROLES],
            }
        )


def _body(role: Role, service: str) -> dict[str, Any]:
    return {
        "display_name": role.display_name,
        "description": role.description,
        "actions": granted_actions(role, service),
        "crn": role.crn,
    }
