"""``/v2/roles``: IBM's roles and the account's custom roles."""

from collections.abc import Collection
from typing import ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import timestamps
from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.fields import DescribedField, DescriptionField, StrictCharField, StrictSerializer
from controlplane.kernel.operation import Operation, Parameter
from trustedprofiles import events
from trustedprofiles.api import role_responses
from trustedprofiles.api.base import ACCOUNT_ID, DeletableRowView, ResourceView, RowView, pop_own_account
from trustedprofiles.api.policies import SERVICE_GROUP_ID, SERVICE_NAME
from trustedprofiles.api.policy_errors import policy_envelope
from trustedprofiles.models import CustomRole
from trustedprofiles.roles import Role, granted_actions
from trustedprofiles.selectors import find_role
from trustedprofiles.service_roles import PLATFORM_ROLES, own_roles, services_of
from trustedprofiles.services import roles
from trustedprofiles.unsimulated_actions import in_ibms_order, listed_actions

MOST_ACTIONS = 200
LONGEST_ACTION = 128
SOURCE_SERVICE_NAME, POLICY_TYPE = (
    Parameter(name, "Changes nothing: authorization policies are not simulated.")
    for name in ("source_service_name", "policy_type")
)


class RoleName(DescribedField, serializers.RegexField):
    """The name at the end of the role's CRN: letters and digits, starting with a capital letter."""

    schema = {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]{0,29}$", "example": "ServerStarter"}

    def __init__(self) -> None:
        super().__init__(r"^[A-Z][A-Za-z0-9]{0,29}\Z", max_length=30)


class RoleReplacement(StrictSerializer):
    display_name = StrictCharField(max_length=50)
    description = DescriptionField(max_length=250)
    actions = serializers.ListField(
        child=StrictCharField(max_length=LONGEST_ACTION), min_length=1, max_length=MOST_ACTIONS
    )


class RoleCreation(RoleReplacement):
    name = RoleName()
    account_id = StrictCharField(max_length=64)
    service_name = StrictCharField(max_length=64)


class RoleView(RowView):
    envelope = staticmethod(policy_envelope)
    service_name: ClassVar[str] = "iam-access-management"

    def render(self, row: CustomRole) -> role_responses.CustomRole:
        return {
            "id": row.id.hex,
            "name": row.name,
            "display_name": row.display_name,
            "description": row.description,
            "account_id": row.account_id,
            "service_name": row.service_name,
            "actions": row.actions,
            "crn": row.crn,
            "created_at": timestamps.milliseconds(row.created_at),
            "created_by_id": row.created_by_id,
            "last_modified_at": timestamps.milliseconds(row.last_modified_at),
            "last_modified_by_id": row.last_modified_by_id,
            "href": f"{self.base}/v2/roles/{row.id.hex}",
        }


class Roles(RoleView):
    operations = {
        "GET": Operation(
            "list_roles",
            "iam-access-management.role.read",
            f"{events.ROLE}.read",
            answer=role_responses.RoleCollection,
            lists=CustomRole,
            query=(ACCOUNT_ID, SERVICE_NAME, SERVICE_GROUP_ID, SOURCE_SERVICE_NAME, POLICY_TYPE),
        ),
        "POST": Operation(
            "create_role",
            "iam-access-management.customRole.create",
            f"{events.ROLE}.create",
            recorded_by_service=True,
            status=201,
            body=RoleCreation,
            answer=role_responses.CustomRole,
            etag=True,
        ),
    }

    def get(self, request: Request) -> Response:
        if {SERVICE_NAME, SERVICE_GROUP_ID} <= request.GET.keys():
            raise InvalidValue(
                "service_name and service_group_id exclude each other.", target=Target(SERVICE_GROUP_ID, "parameter")
            )
        filters = {"service": request.GET.get(SERVICE_NAME, ""), "group": request.GET.get(SERVICE_GROUP_ID, "")}
        custom = CustomRole.objects.filter(account_id=self.caller.account_id)
        if services := services_of(**filters):
            custom = custom.filter(service_name__in=services)
        own = own_roles(**filters)
        system = (*PLATFORM_ROLES, *(role for role in own if role.kind == "platform"))
        return self.answer(
            {
                "custom_roles": [self.render(role) for role in self.listing.of(custom).order_by("created_at", "id")],
                "service_roles": [_body(role, services) for role in own if role.kind == "service"],
                "system_roles": [_body(role, services) for role in system],
            }
        )

    def post(self, request: Request) -> Response:
        content = pop_own_account(self.body, self.caller.account_id)
        return self.answer_row(roles.create_role(self.account, **content, by=Party.of(self.caller)))


def _body(role: Role, services: Collection[str]) -> role_responses.Role:
    return {
        "display_name": role.display_name,
        "description": role.description,
        "actions": in_ibms_order([*granted_actions(role, services), *listed_actions(role.display_name, services)]),
        "crn": role.crn,
    }


class OneRole(DeletableRowView, ResourceView[CustomRole], RoleView):
    model = CustomRole
    path_id = "role_id"
    missing_code = "role_not_found"
    deletion = staticmethod(roles.delete_role)
    operations = {
        "GET": Operation(
            "get_role",
            "iam-access-management.role.read",
            f"{events.ROLE}.read",
            answer=role_responses.CustomRole,
            etag=True,
        ),
        "PUT": Operation(
            "replace_role",
            "iam-access-management.customRole.update",
            f"{events.ROLE}.update",
            recorded_by_service=True,
            body=RoleReplacement,
            answer=role_responses.CustomRole,
            etag=True,
            if_match="required",
        ),
        "DELETE": Operation(
            "delete_role",
            "iam-access-management.customRole.delete",
            f"{events.ROLE}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    def find(self, id: str) -> CustomRole | None:
        return find_role(self.caller.account_id, id)

    def put(self, request: Request, role_id: str) -> Response:
        return self.answer_row(roles.replace_role(self.resource, **self.body, by=Party.of(self.caller)))
