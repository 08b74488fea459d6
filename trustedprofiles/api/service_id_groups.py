"""``/v1/serviceid_groups``."""

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from controlplane.kernel.operation import Operation
from trustedprofiles import events
from trustedprofiles.api.base import ACCOUNT_ID, DeletableRowView, IdentityView, ResourceView, pop_own_account
from trustedprofiles.api.profile_requests import LONGEST_DESCRIPTION, LONGEST_NAME
from trustedprofiles.api.response_fields import NamedResource, without_empty
from trustedprofiles.models import ServiceIdGroup as Row
from trustedprofiles.services import service_id_groups


class ServiceIdGroup(NamedResource):
    created_by: str


class ServiceIdGroupList(TypedDict):
    serviceid_groups: list[ServiceIdGroup]


class ServiceIdGroupUpdate(StrictSerializer):
    name = StrictCharField(max_length=LONGEST_NAME)
    description = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_DESCRIPTION)


class ServiceIdGroupCreation(ServiceIdGroupUpdate):
    account_id = StrictCharField(max_length=64)


def _body(group: Row) -> ServiceIdGroup:
    body: ServiceIdGroup = {
        "id": group.id,
        "entity_tag": group.entity_tag,
        "account_id": group.account_id,
        "crn": group.crn,
        "name": group.name,
        "created_at": timestamps.minutes(group.created_at),
        "created_by": group.created_by,
        "modified_at": timestamps.minutes(group.modified_at),
        "description": group.description,
    }
    return without_empty(body, "description")


class ServiceIdGroups(IdentityView):
    operations = {
        "GET": Operation(
            "list_service_id_group",
            "iam-identity.serviceid.list",
            f"{events.SERVICE_ID_GROUP}.read",
            answer=ServiceIdGroupList,
            lists=Row,
            query=(ACCOUNT_ID,),
        ),
        "POST": Operation(
            "create_service_id_group",
            "iam-identity.serviceid.create",
            f"{events.SERVICE_ID_GROUP}.create",
            recorded_by_service=True,
            status=201,
            body=ServiceIdGroupCreation,
            answer=ServiceIdGroup,
            etag=True,
        ),
    }

    def resource_attributes(self) -> dict[str, str]:
        return {"resourceType": "serviceid"}

    def get(self, request: Request) -> Response:
        rows = self.listing.of(Row.objects.filter(account_id=self.caller.account_id)).order_by("created_at", "id")
        return self.answer({"serviceid_groups": [_body(row) for row in rows]})

    def post(self, request: Request) -> Response:
        content = pop_own_account(self.body, self.caller.account_id)
        group = service_id_groups.create_service_id_group(self.account, **content, by=Party.of(self.caller))
        return self.answer(_body(group), etag=group.entity_tag)


class OneServiceIdGroup(DeletableRowView, ResourceView[Row], IdentityView):
    model = Row
    path_id = "group_id"
    deletion = staticmethod(service_id_groups.delete_service_id_group)
    render = staticmethod(_body)
    operations = {
        "GET": Operation(
            "get_service_id_group",
            "iam-identity.serviceid.read",
            f"{events.SERVICE_ID_GROUP}.read",
            answer=ServiceIdGroup,
            etag=True,
        ),
        "PUT": Operation(
            "update_service_id_group",
            "iam-identity.serviceid.update",
            f"{events.SERVICE_ID_GROUP}.update",
            recorded_by_service=True,
            body=ServiceIdGroupUpdate,
            answer=ServiceIdGroup,
            etag=True,
            if_match="required",
        ),
        "DELETE": Operation(
            "delete_service_id_group",
            "iam-identity.serviceid.delete",
            f"{events.SERVICE_ID_GROUP}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    def put(self, request: Request, group_id: str) -> Response:
        return self.answer_row(
            service_id_groups.update_service_id_group(self.resource, changes=self.body, by=Party.of(self.caller))
        )
