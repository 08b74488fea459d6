"""The base of the views about security groups."""

from django.db.models import Prefetch, QuerySet
from rest_framework.request import Request

from servers.api.base import VpcView
from servers.models import NetworkInterface, VirtualNetworkInterface
from servers.models import SecurityGroup as GroupRow


class SecurityGroupView(VpcView):
    def rows(self) -> QuerySet[GroupRow]:
        return (
            self.own(GroupRow)
            .select_related("resource_group", "vpc")
            .prefetch_related(
                "rules__remote_group",
                Prefetch("network_interfaces", NetworkInterface.objects.select_related("server")),
                Prefetch(
                    "virtual_network_interfaces",
                    VirtualNetworkInterface.objects.select_related("primary_ip", "subnet"),
                ),
            )
        )


class SecurityGroupInPath(SecurityGroupView):
    """A view about one security group, ``group_id`` in the path."""

    group: GroupRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.group = self.find(self.rows(), id=self.kwargs["group_id"])

    def resource_attributes(self) -> dict[str, str]:
        return self.group.policy_attributes
