"""``/v1/network_acls``."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.operation import Operation
from servers import events
from servers.api.base import OF_RESOURCE_GROUP
from servers.api.network_acl_rules import (
    ACTION,
    AclContextRuleBody,
    AclInPath,
    AclView,
    NetworkACLRule,
    acl_rule_bodies,
    acl_rule_prototype,
)
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_requests import NameField, ReferenceField, RenameBody
from servers.api.shared_responses import (
    InVpc,
    Reference,
    SubnetReference,
    collection,
)
from servers.models import VPC
from servers.models import NetworkACL as AclRow
from servers.services import network_acls as services
from servers.services.references import References
from servers.services.resource_changes import rename

MOST_RULES = 200


class CreateNetworkAclBody(StrictSerializer):
    vpc = ReferenceField("id", "crn", "href")
    name = NameField(required=False)
    resource_group = ReferenceField("id", required=False)
    rules = serializers.ListField(child=AclContextRuleBody(), required=False, max_length=MOST_RULES)
    source_network_acl = ReferenceField("id", "crn", "href", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if {"rules", "source_network_acl"} <= attrs.keys():
            raise serializers.ValidationError({"rules": "Give rules or source_network_acl, not both."})
        return attrs


class NetworkACL(Reference, InVpc):
    rules: list[NetworkACLRule]
    subnets: list[SubnetReference]


def network_acl_body(acl: AclRow, hrefs: Hrefs) -> NetworkACL:
    return {
        **hrefs.network_acl(acl),
        "created_at": timestamps.seconds(acl.created_at),
        "resource_group": resource_group(acl.resource_group),
        "rules": acl_rule_bodies(acl, list(acl.rules.all()), hrefs),
        "subnets": [hrefs.subnet(subnet) for subnet in acl.subnets.all()],
        "vpc": hrefs.vpc(acl.vpc),
    }


class NetworkACLs(AclView):
    operations = {
        "GET": Operation(
            "list_network_acls",
            f"{ACTION}.list",
            f"{events.NETWORK_ACL}.read",
            answer=collection("NetworkACLCollection", "network_acls", NetworkACL),
            lists=AclRow,
            paged=True,
            query=(*OF_RESOURCE_GROUP,),
        ),
        "POST": Operation(
            "create_network_acl",
            f"{ACTION}.create",
            f"{events.NETWORK_ACL}.create",
            recorded_by_service=True,
            status=201,
            body=CreateNetworkAclBody,
            answer=NetworkACL,
            conflicts=False,
        ),
    }

    def get(self, request: Request) -> Response:
        rows = self.filtered(self.rows(), OF_RESOURCE_GROUP)
        return self.page("network_acls", rows, network_acl_body)

    def post(self, request: Request) -> Response:
        body = self.body
        references = References()
        vpc = references.find("vpc", self.own(VPC).filter(id=body["vpc"]).first())
        source = None
        if "source_network_acl" in body:
            acls = self.own(AclRow).filter(id=body["source_network_acl"])
            source = references.find("source_network_acl", acls.first())
        references.settle()
        assert vpc  # noqa: S101  refused before otherwise
        acl = services.create_network_acl(
            self.account,
            vpc=vpc,
            name=body.get("name", ""),
            resource_group=body.get("resource_group", ""),
            rules=[acl_rule_prototype(rule) for rule in body.get("rules", ())],
            source=source,
            by=self.by,
        )
        return self.answer(network_acl_body(self.find(self.rows(), id=acl.id), self.hrefs))


class OneNetworkACL(AclInPath):
    operations = {
        "GET": Operation("get_network_acl", f"{ACTION}.read", f"{events.NETWORK_ACL}.read", answer=NetworkACL),
        "PATCH": Operation(
            "update_network_acl",
            f"{ACTION}.update",
            f"{events.NETWORK_ACL}.update",
            recorded_by_service=True,
            body=RenameBody,
            answer=NetworkACL,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_network_acl",
            f"{ACTION}.delete",
            f"{events.NETWORK_ACL}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    def get(self, request: Request, acl_id: str) -> Response:
        return self.answer(network_acl_body(self.acl, self.hrefs))

    def patch(self, request: Request, acl_id: str) -> Response:
        rename(self.acl, event=f"{events.NETWORK_ACL}.update", by=self.by, **self.body)
        return self.answer(network_acl_body(self.find(self.rows(), id=acl_id), self.hrefs))

    def delete(self, request: Request, acl_id: str) -> Response:
        services.delete_network_acl(self.acl, by=self.by)
        return self.answer()
