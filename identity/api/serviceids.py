"""``/v1/serviceids``."""

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotAuthorized, Target
from controlplane.kernel.operation import BOOLEAN, NAME, Operation, Parameter
from controlplane.kernel.query_parameters import boolean
from identity.api import service_id_responses
from identity.api.activity import activity_of_keys
from identity.api.apikey_requests import api_key_content
from identity.api.apikey_responses import api_key_body
from identity.api.base import Switch
from identity.api.service_id_requests import ServiceIdCreation, ServiceIdUpdate
from identity.models import ApiKey
from identity.services.apikeys import create_service_id_with_key
from trustedprofiles import events
from trustedprofiles.api.activity import INCLUDE_ACTIVITY
from trustedprofiles.api.base import (
    LOCK,
    REQUIRED_ACCOUNT_ID,
    DeletableRowView,
    IdentityView,
    ResourceView,
    pop_own_account,
)
from trustedprofiles.api.history import INCLUDE_HISTORY, histories
from trustedprofiles.api.pagination import filtered, list_parameters, ordered, token_page
from trustedprofiles.models import ServiceId
from trustedprofiles.selectors import authorize
from trustedprofiles.services import service_ids

UPDATE = "iam-identity.serviceid.update"
CREATE_KEY = "iam-identity.apikey.create"
SORTABLE = ("name", "description", "created_at", "modified_at")
FILTERABLE = ("name", "description", "id")
GROUP_ID = Parameter("group_id", "Only service IDs in this group.")
SHOW_GROUP_ID = Parameter("show_group_id", "Whether to include the service ID group that it is in.", BOOLEAN)


class ServiceIds(IdentityView):
    operations = {
        "GET": Operation(
            "list_service_ids",
            "iam-identity.serviceid.list",
            f"{events.SERVICE_ID}.read",
            answer=service_id_responses.ServiceIdList,
            lists=ServiceId,
            query=(REQUIRED_ACCOUNT_ID, NAME, GROUP_ID, SHOW_GROUP_ID, *list_parameters(SORTABLE), INCLUDE_HISTORY),
        ),
        "POST": Operation(
            "create_service_id",
            "iam-identity.serviceid.create",
            f"{events.SERVICE_ID}.create",
            recorded_by_service=True,
            status=201,
            body=ServiceIdCreation,
            answer=service_id_responses.ServiceId,
            etag=True,
            headers=(LOCK,),
            query=(SHOW_GROUP_ID,),
            further=(CREATE_KEY,),
        ),
    }

    def resource_attributes(self) -> dict[str, str]:
        return {"resourceType": "serviceid"}

    def get(self, request: Request) -> Response:
        rows = ServiceId.objects.filter(account_id=self.caller.account_id)
        if name := request.GET.get(NAME):
            rows = rows.filter(name=name)
        if group := request.GET.get(GROUP_ID):
            rows = rows.filter(group_id=group)
        rows = ordered(request, filtered(request, rows, FILTERABLE), SORTABLE)
        page = token_page(request, self.listing.of(rows), caller=self.caller)
        body: service_id_responses.ServiceIdList = {**page.links, "serviceids": _bodies(request, page.items)}
        return self.answer(body)

    def post(self, request: Request) -> Response:
        content = pop_own_account(self.body, self.caller.account_id)
        details: dict[str, Any] = {
            "locked": boolean(request.headers, LOCK, kind="header"),
            "by": Party.of(self.caller),
        }
        if "apikey" not in content:
            service_id = service_ids.create_service_id(self.account, **content, **details)
            return self.answer(_body(request, service_id), etag=service_id.entity_tag)
        self._require_key_creation()
        api_key = api_key_content(content.pop("apikey"))
        service_id, key, value = create_service_id_with_key(self.account, api_key=api_key, **content, **details)
        body = {**_body(request, service_id), "apikey": api_key_body(key, value=value)}
        return self.answer(body, etag=service_id.entity_tag)

    def _require_key_creation(self) -> None:
        resource = {
            "accountId": self.caller.account_id,
            "serviceName": self.service_name,
            **self.resource_attributes(),
        }
        verdict = authorize(self.caller, action=CREATE_KEY, resource=resource)
        if not verdict:
            raise NotAuthorized(verdict.because, target=Target("apikey"), more_info=verdict.explanation)


class ServiceIdView(ResourceView[ServiceId], IdentityView):
    """A view of one service ID."""

    model = ServiceId
    path_id = "serviceid_id"


class OneServiceId(DeletableRowView, ServiceIdView):
    operations = {
        "GET": Operation(
            "get_service_id",
            "iam-identity.serviceid.read",
            f"{events.SERVICE_ID}.read",
            answer=service_id_responses.ServiceId,
            query=(INCLUDE_HISTORY, INCLUDE_ACTIVITY, SHOW_GROUP_ID),
            etag=True,
        ),
        "PUT": Operation(
            "update_service_id",
            UPDATE,
            f"{events.SERVICE_ID}.update",
            recorded_by_service=True,
            body=ServiceIdUpdate,
            answer=service_id_responses.ServiceId,
            query=(SHOW_GROUP_ID,),
            etag=True,
            if_match="required",
        ),
        "DELETE": Operation(
            "delete_service_id",
            "iam-identity.serviceid.delete",
            f"{events.SERVICE_ID}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }
    deletion = staticmethod(service_ids.delete_service_id)

    def get(self, request: Request, serviceid_id: str) -> Response:
        [body] = _bodies(request, [self.resource])
        if boolean(request.GET, INCLUDE_ACTIVITY):
            body["activity"] = activity_of_keys(ApiKey.objects.filter(iam_id=self.resource.iam_id))
        return self.answer(body, etag=self.resource.entity_tag)

    def put(self, request: Request, serviceid_id: str) -> Response:
        service_id = service_ids.update_service_id(self.resource, changes=self.body, by=Party.of(self.caller))
        return self.answer(_body(request, service_id), etag=service_id.entity_tag)


class ServiceIdLock(Switch, ServiceIdView):
    operations = {
        "POST": Operation(
            "lock_service_id", UPDATE, f"{events.SERVICE_ID}.update", recorded_by_service=True, status=204
        ),
        "DELETE": Operation(
            "unlock_service_id", UPDATE, f"{events.SERVICE_ID}.update", recorded_by_service=True, status=204
        ),
    }

    def switch(self, enabled: bool) -> None:
        service_ids.lock_service_id(self.resource, locked=enabled, by=Party.of(self.caller))


def _body(request: Request, service_id: ServiceId) -> service_id_responses.ServiceId:
    return service_id_responses.service_id_body(service_id, show_group=boolean(request.GET, SHOW_GROUP_ID))


def _bodies(request: Request, service_ids: Sequence[ServiceId]) -> list[service_id_responses.ServiceId]:
    """Return the bodies of service IDs, with their history if the query asks for it."""
    bodies = [_body(request, service_id) for service_id in service_ids]
    if boolean(request.GET, INCLUDE_HISTORY):
        changes = histories({each.crn: each.id for each in service_ids}, events.SERVICE_ID_CHANGES)
        for body in bodies:
            body["history"] = changes[body["id"]]
    return bodies
