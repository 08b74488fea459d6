"""``GET /v2/roles``."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from trustedprofiles import events
from trustedprofiles.api import answers
from trustedprofiles.api.base import require_own_account
from trustedprofiles.api.policy_errors import policy_envelope
from trustedprofiles.guarded import GuardedView
from trustedprofiles.permissions import Operation
from trustedprofiles.roles import SERVICE_ROLES, SYSTEM_ROLES, Role, granted_actions

# What Terraform sends for a policy that names no service.
ALL_SERVICES = "alliamserviceroles"


class Roles(GuardedView):
    envelope = staticmethod(policy_envelope)
    service_name: ClassVar[str] = "iam-access-management"
    operations = {
        "GET": Operation(
            "list_roles",
            "iam-access-management.role.read",
            events.ROLE_READ,
            answer=answers.RoleCollection,
            query=("account_id", "service_name"),
        )
    }

    def get(self, request: Request) -> Response:
        require_own_account(request, self.caller.account_id, required=False)
        service = request.GET.get("service_name", "")
        service = "" if service == ALL_SERVICES else service
        return self.answer(
            {
                "custom_roles": [],
                "service_roles": [_body(role, service) for role in SERVICE_ROLES],
                "system_roles": [_body(role, service) for role in SYSTEM_ROLES],
            }
        )


def _body(role: Role, service: str) -> answers.Role:
    return {
        "display_name": role.display_name,
        "description": role.description,
        "actions": granted_actions(role, service),
        "crn": role.crn,
    }
