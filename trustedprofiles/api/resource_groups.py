"""``/v2/resource_groups`` of the resource manager. Suspended groups and quota definitions are not simulated (D-27)."""

from typing import ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from controlplane.kernel.operation import BOOLEAN, NAME, Operation, Parameter
from controlplane.kernel.query_parameters import optional_boolean
from trustedprofiles import events
from trustedprofiles.api import resource_group_responses
from trustedprofiles.api.base import ACCOUNT_ID, DeletableRowView, IamView, ResourceView, pop_own_account
from trustedprofiles.models import ResourceGroup
from trustedprofiles.services import resource_groups

LONGEST_NAME = 64
DEFAULT = Parameter("default", "Only the account's default group, or only the others.", BOOLEAN)
QUOTA = "a3d7b8d01e261c24677937c29ab33f3c"
"""The quota definition that IBM's resource manager returns, as seen in public Terraform states."""


class GroupCreation(StrictSerializer):
    name = StrictCharField(max_length=LONGEST_NAME)
    account_id = StrictCharField(required=False, max_length=64)


class GroupUpdate(StrictSerializer):
    name = StrictCharField(required=False, max_length=LONGEST_NAME)
    state = serializers.ChoiceField(required=False, choices=["ACTIVE"])


def _body(group: ResourceGroup) -> resource_group_responses.ResourceGroup:
    return {
        "id": group.id,
        "crn": group.crn,
        "account_id": group.account_id,
        "name": group.name,
        "state": "ACTIVE",
        "default": group.is_default,
        "quota_id": QUOTA,
        "quota_url": f"/v2/quota_definitions/{QUOTA}",
        "payment_methods_url": None,
        "teams_url": None,
        "created_at": timestamps.milliseconds(group.created_at),
        "updated_at": timestamps.milliseconds(group.updated_at or group.created_at),
        "resource_linkages": [],
    }


class ResourceGroups(IamView):
    service_name: ClassVar[str] = "resource-controller"
    operations = {
        "GET": Operation(
            "list_resource_groups",
            "resource-controller.group.read",
            f"{events.RESOURCE_GROUP}.read",
            answer=resource_group_responses.ResourceGroupList,
            lists=ResourceGroup,
            query=(
                ACCOUNT_ID,
                NAME,
                DEFAULT,
                Parameter("include_deleted", "Whether deleted groups are listed too.", BOOLEAN),
                Parameter("date", "Changes nothing: a group has no state by month."),
            ),
        ),
        "POST": Operation(
            "create_resource_group",
            "resource-controller.group.create",
            f"{events.RESOURCE_GROUP}.create",
            recorded_by_service=True,
            status=201,
            body=GroupCreation,
            answer=resource_group_responses.ResCreateResourceGroup,
        ),
    }

    def get(self, request: Request) -> Response:
        rows = ResourceGroup.objects.filter(account_id=self.caller.account_id)
        if name := request.GET.get(NAME):
            rows = rows.filter(name=name)
        if (is_default := optional_boolean(request.GET, DEFAULT)) is not None:
            rows = rows.filter(is_default=is_default)
        rows = self.listing.of(rows).order_by("created_at", "id")
        return self.answer({"resources": [_body(group) for group in rows]})

    def post(self, request: Request) -> Response:
        content = pop_own_account(self.body, self.caller.account_id)
        group = resource_groups.create_resource_group(self.account, name=content["name"], by=Party.of(self.caller))
        return self.answer({"id": group.id, "crn": group.crn})


class OneResourceGroup(DeletableRowView, ResourceView[ResourceGroup]):
    model = ResourceGroup
    path_id = "group_id"
    deletion = staticmethod(resource_groups.delete_resource_group)
    service_name: ClassVar[str] = "resource-controller"
    operations = {
        "GET": Operation(
            "get_resource_group",
            "resource-controller.group.read",
            f"{events.RESOURCE_GROUP}.read",
            answer=resource_group_responses.ResourceGroup,
        ),
        "PATCH": Operation(
            "update_resource_group",
            "resource-controller.group.update",
            f"{events.RESOURCE_GROUP}.update",
            recorded_by_service=True,
            body=GroupUpdate,
            answer=resource_group_responses.ResourceGroup,
        ),
        "DELETE": Operation(
            "delete_resource_group",
            "resource-controller.group.delete",
            f"{events.RESOURCE_GROUP}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    render = staticmethod(_body)

    def patch(self, request: Request, group_id: str) -> Response:
        name = self.body.get("name", self.resource.name)
        return self.answer_row(
            resource_groups.rename_resource_group(self.resource, name=name, by=Party.of(self.caller))
        )
