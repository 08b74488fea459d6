"""``/v1/security_groups`` and the interfaces in them."""

from typing import Literal, NotRequired

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.errors import BadField, NotFound
from controlplane.kernel.errors import Target as At
from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.operation import Operation, Parameter
from servers import events
from servers.api.base import OF_RESOURCE_GROUP
from servers.api.catalog import CatalogView
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.security_group_base import SecurityGroupInPath, SecurityGroupView
from servers.api.security_group_rules import CreateRuleBody, SecurityGroupRule, rule_body, rule_prototype
from servers.api.shared_requests import NameField, ReferenceField, RenameBody
from servers.api.shared_responses import (
    IdentifiedReference,
    InVpc,
    Reference,
    ReservedIPReference,
    SubnetReference,
    collection,
)
from servers.models import VPC, NetworkInterface
from servers.models import SecurityGroup as GroupRow
from servers.selectors import of_crn
from servers.services import security_groups as services
from servers.services.resource_changes import rename
from servers.services.security_groups import Target

VPC_ID, VPC_CRN, VPC_NAME = map(Parameter, ("vpc.id", "vpc.crn", "vpc.name"))
ACTION = "is.security-group.security-group"
MOST_RULES = 250


class CreateSecurityGroupBody(StrictSerializer):
    vpc = ReferenceField("id", "crn", "href")
    name = NameField(required=False)
    resource_group = ReferenceField("id", required=False)
    rules = serializers.ListField(child=CreateRuleBody(), required=False, max_length=MOST_RULES)


class SecurityGroupTarget(IdentifiedReference):
    """A network interface, or a virtual network interface, which has a CRN, an address and a subnet."""

    crn: NotRequired[str]
    primary_ip: NotRequired[ReservedIPReference]
    resource_type: Literal["network_interface", "virtual_network_interface"]
    subnet: NotRequired[SubnetReference]


class SecurityGroup(Reference, InVpc):
    rules: list[SecurityGroupRule]
    targets: list[SecurityGroupTarget]


def security_group_body(group: GroupRow, hrefs: Hrefs) -> SecurityGroup:
    return {
        **hrefs.security_group(group),
        "created_at": timestamps.seconds(group.created_at),
        "resource_group": resource_group(group.resource_group),
        "rules": [rule_body(rule, group.id, hrefs) for rule in group.rules.all()],
        "targets": [target_body(target, hrefs) for target in services.targets_of(group)],
        "vpc": hrefs.vpc(group.vpc),
    }


def target_body(target: Target, hrefs: Hrefs) -> SecurityGroupTarget:
    if isinstance(target, NetworkInterface):
        return {
            "href": hrefs("bare_metal_servers", target.server.id, "network_interfaces", target.id),
            "id": target.id,
            "name": target.name,
            "resource_type": "network_interface",
        }
    reference = hrefs.virtual_network_interface(target)
    return {
        "crn": reference["crn"],
        "href": reference["href"],
        "id": reference["id"],
        "name": reference["name"],
        "primary_ip": hrefs.reserved_ip(target.primary_ip, target.subnet),
        "resource_type": "virtual_network_interface",
        "subnet": hrefs.subnet(target.subnet),
    }


class SecurityGroups(SecurityGroupView):
    operations = {
        "GET": Operation(
            "list_security_groups",
            f"{ACTION}.list",
            f"{events.SECURITY_GROUP}.read",
            answer=collection("SecurityGroupCollection", "security_groups", SecurityGroup),
            lists=GroupRow,
            paged=True,
            query=(*OF_RESOURCE_GROUP, VPC_ID, VPC_CRN, VPC_NAME),
        ),
        "POST": Operation(
            "create_security_group",
            f"{ACTION}.create",
            f"{events.SECURITY_GROUP}.create",
            recorded_by_service=True,
            status=201,
            body=CreateSecurityGroupBody,
            answer=SecurityGroup,
            conflicts=False,
        ),
    }

    def get(self, request: Request) -> Response:
        filters = {**OF_RESOURCE_GROUP, VPC_ID: "vpc__id", VPC_NAME: "vpc__name"}
        rows = self.filtered(self.rows(), filters)
        if (crn := request.GET.get(VPC_CRN)) is not None:
            rows = rows.filter(vpc__in=of_crn(VPC.objects.all(), crn))
        return self.page("security_groups", rows, security_group_body)

    def post(self, request: Request) -> Response:
        body = self.body
        vpc = self.own(VPC).filter(id=body["vpc"]).first()
        if vpc is None:
            raise BadField("vpc names no VPC that exists here.", target=At("vpc"))
        group = services.create_security_group(
            self.account,
            vpc=vpc,
            name=body.get("name", ""),
            resource_group=body.get("resource_group", ""),
            rules=[rule_prototype(rule) for rule in body.get("rules", ())],
            by=self.by,
        )
        return self.answer(security_group_body(self.find(self.rows(), id=group.id), self.hrefs))


class OneSecurityGroup(SecurityGroupInPath):
    operations = {
        "GET": Operation("get_security_group", f"{ACTION}.read", f"{events.SECURITY_GROUP}.read", answer=SecurityGroup),
        "PATCH": Operation(
            "update_security_group",
            f"{ACTION}.update",
            f"{events.SECURITY_GROUP}.update",
            recorded_by_service=True,
            body=RenameBody,
            answer=SecurityGroup,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_security_group",
            f"{ACTION}.delete",
            f"{events.SECURITY_GROUP}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    def get(self, request: Request, group_id: str) -> Response:
        return self.answer(security_group_body(self.group, self.hrefs))

    def patch(self, request: Request, group_id: str) -> Response:
        rename(self.group, event=f"{events.SECURITY_GROUP}.update", by=self.by, **self.body)
        return self.answer(security_group_body(self.find(self.rows(), id=group_id), self.hrefs))

    def delete(self, request: Request, group_id: str) -> Response:
        services.delete_security_group(self.group, by=self.by)
        return self.answer()


class SecurityGroupTargets(SecurityGroupInPath, CatalogView):
    operations = {
        "GET": Operation(
            "list_security_group_targets",
            f"{ACTION}.read",
            f"{events.SECURITY_GROUP}.read",
            answer=collection("SecurityGroupTargetCollection", "targets", SecurityGroupTarget),
            paged=True,
        )
    }

    def get(self, request: Request, group_id: str) -> Response:
        targets = services.targets_of(self.group)
        return self.pages("targets", targets, lambda target: target_body(target, self.hrefs))


class OneSecurityGroupTarget(SecurityGroupInPath):
    operations = {
        "GET": Operation(
            "get_security_group_target", f"{ACTION}.read", f"{events.SECURITY_GROUP}.read", answer=SecurityGroupTarget
        ),
        "PUT": Operation(
            "create_security_group_target_binding",
            f"{ACTION}.update",
            f"{events.SECURITY_GROUP}.update",
            recorded_by_service=True,
            status=201,
            answer=SecurityGroupTarget,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_security_group_target_binding",
            f"{ACTION}.update",
            f"{events.SECURITY_GROUP}.update",
            recorded_by_service=True,
            status=204,
        ),
    }

    def found(self, target_id: str) -> Target:
        target = services.find_target(self.caller.account_id, self.region, target_id)
        if target is None:
            raise NotFound("Network interface not found. Check its id, the account and the region.")
        return target

    def get(self, request: Request, group_id: str, target_id: str) -> Response:
        target = self.found(target_id)
        if target not in services.targets_of(self.group):
            raise NotFound("The interface is not in the security group.")
        return self.answer(target_body(target, self.hrefs))

    def put(self, request: Request, group_id: str, target_id: str) -> Response:
        target = self.found(target_id)
        services.add_target(self.group, target, by=self.by)
        return self.answer(target_body(target, self.hrefs))

    def delete(self, request: Request, group_id: str, target_id: str) -> Response:
        services.remove_target(self.group, self.found(target_id), by=self.by)
        return self.answer()
