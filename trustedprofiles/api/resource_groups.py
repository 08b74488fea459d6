"""``GET /v2/resource_groups`` of the resource manager."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import timestamps
from controlplane.kernel.errors import InvalidValue, NotFound, Target
from trustedprofiles import events
from trustedprofiles.api.base import require_own_account
from trustedprofiles.guarded import GuardedView
from trustedprofiles.models import ResourceGroup
from trustedprofiles.permissions import Operation
from trustedprofiles.selectors import resource_group, resource_groups_of


class ResourceGroupView(GuardedView):
    service_name: ClassVar[str] = "resource-controller"
    operations = {"GET": Operation("list_resource_groups", "resource-controller.group.read", events.GROUP_READ)}


class ResourceGroups(ResourceGroupView):
    def get(self, request: Request) -> Response:
        require_own_account(request, self.caller.account_id, required=False)
        rows = resource_groups_of(self.caller.account_id)
        if name := request.GET.get("name"):
            rows = rows.filter(name=name)
        if default := request.GET.get("default"):
            rows = rows.filter(is_default=_boolean(default))
        return Response({"resources": [_body(group) for group in rows.order_by("created_at", "id")]})


def _boolean(text: str) -> bool:
    """Python's SDK sends ``True``, the others ``true``."""
    if text.lower() not in ("true", "false"):
        raise InvalidValue("default must be true or false.", target=Target("default", "parameter", text))
    return text.lower() == "true"


class OneResourceGroup(ResourceGroupView):
    group: ResourceGroup

    def prepare(self, request: Request) -> None:
        group = resource_group(self.caller.account_id, self.kwargs["group_id"])
        if group is None:
            raise NotFound("There is no resource group of this id in your account.")
        self.group = group

    def resource_attributes(self) -> dict[str, str]:
        return {"resourceType": "resource-group", "resource": self.group.id, "resourceGroupId": self.group.id}

    def target(self) -> Party:
        if hasattr(self, "group"):
            return Party(self.group.crn, self.group.name, "ResourceGroup")
        return Party(self.kwargs["group_id"], type="ResourceGroup")

    def get(self, request: Request, group_id: str) -> Response:
        return Response(_body(self.group))


def _body(group: ResourceGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "crn": group.crn,
        "account_id": group.account_id,
        "name": group.name,
        "state": "ACTIVE",
        "default": group.is_default,
        "created_at": timestamps.milliseconds(group.created_at),
        "updated_at": timestamps.milliseconds(group.created_at),
        "resource_linkages": [],
    }
