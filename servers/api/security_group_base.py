"""Views about security groups: which rows, and whose."""

from django.db.models import QuerySet
from rest_framework.request import Request

from servers.api.base import VpcView
from servers.models import SecurityGroup as GroupRow
from servers.services.security_groups import EVENT

__all__ = ["EVENT", "SecurityGroupInPath", "SecurityGroupView"]


class SecurityGroupView(VpcView):
    def rows(self) -> QuerySet[GroupRow]:
        return (
            self.own(GroupRow)
            .select_related("resource_group", "vpc")
            .prefetch_related(
                "rules__remote_group",
                "network_interfaces__server",
                "virtual_network_interfaces__attachment__server",
            )
        )


class SecurityGroupInPath(SecurityGroupView):
    """A view about one security group, ``group_id`` in the path."""

    group: GroupRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.group = self.find(self.rows(), id=self.kwargs["group_id"])

    def resource_attributes(self) -> dict[str, str]:
        own = self.attributes_of(self.group, "securityGroupId")
        return super().resource_attributes() | own | {"vpcId": self.group.vpc.id}
