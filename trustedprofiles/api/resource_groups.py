"""``GET /v2/resource_groups`` of the resource manager."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import timestamps
from controlplane.kernel.errors import NotFound
from trustedprofiles import events
from trustedprofiles.guarded import GuardedView
from trustedprofiles.models import ResourceGroup
from trustedprofiles.permissions import Operation
from trustedprofiles.selectors import resource_group


class ResourceGroupView(GuardedView):
    service_name: ClassVar[str] = "resource-controller"
    operations = {"GET": Operation("list_resource_groups", "resource-controller.group.read", events.GROUP_READ)}


class ResourceGroups(ResourceGroupView):
    def get(self, request: Request) -> Response:
        asked = request.GET.get("account_id", self.caller.account_id)
        rows = ResourceGroup.objects.filter(
            account_id=self.caller.account_id if asked == self.caller.account_id else ""
        )
        if name := request.GET.get("name"):
            rows = rows.filter(name=name)
        if (default := request.GET.get("default", "").lower()) in ("true", "false"):
            rows = rows.filter(is_default=default == "true")
        return Response({"resources": [_body(group) for group in rows.order_by("created_at", "id")]})


class OneResourceGroup(ResourceGroupView):
    def target(self) -> Party:
        return Party(self.kwargs["group_id"], type="ResourceGroup")

    def get(self, request: Request, group_id: str) -> Response:
        group = resource_group(self.caller.account_id, group_id)
        if group is None:
            raise NotFound("There is no resource group of this id in your account.")
        return Response(_body(group))


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
