"""``/v1/network_acls/{id}/rules``."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.fields import StrictSerializer
from servers.api.base import VpcView
from servers.api.catalog import CatalogView
from servers.api.fields import NameField, ReferenceField
from servers.api.references import Hrefs
from servers.api.rule_fields import DIRECTIONS, IcmpField, PortField, ProtocolField, RangeField, protocol_for
from servers.api.shapes import collection
from servers.models import NetworkACL as AclRow
from servers.models import NetworkACLRule as RuleRow
from servers.services import network_acl_rules as services
from servers.services.network_acl_rules import PORT_RANGES, AclRulePrototype
from trustedprofiles.permissions import Operation

ACTION = EVENT = "is.network-acl.network-acl"
ACTIONS = ("allow", "deny")


class PortsBody(StrictSerializer):
    """What only some protocols have; null takes it away."""

    source_port_min = PortField(allow_null=True)
    source_port_max = PortField(allow_null=True)
    destination_port_min = PortField(allow_null=True)
    destination_port_max = PortField(allow_null=True)
    type = IcmpField(254, allow_null=True)
    code = IcmpField(255, allow_null=True)


class AclContextRuleBody(PortsBody):
    """A rule along with its ACL: it comes in the order given, so it goes before no other."""

    action = serializers.ChoiceField(choices=ACTIONS)
    destination = RangeField()
    direction = serializers.ChoiceField(choices=DIRECTIONS)
    ip_version = serializers.ChoiceField(choices=["ipv4"], required=False)
    name = NameField(required=False)
    protocol = ProtocolField()

    def get_fields(self) -> Any:
        """``source`` is an attribute of every serializer field, so it is named here."""
        return super().get_fields() | {"source": RangeField()}


class CreateAclRuleBody(AclContextRuleBody):
    before = ReferenceField("id", "href", required=False)


class PatchAclRuleBody(PortsBody):
    action = serializers.ChoiceField(choices=ACTIONS, required=False)
    before = ReferenceField("id", "href", required=False, allow_null=True)
    destination = RangeField(required=False)
    direction = serializers.ChoiceField(choices=DIRECTIONS, required=False)
    ip_version = serializers.ChoiceField(choices=["ipv4"], required=False)
    name = NameField(required=False)
    protocol = ProtocolField(required=False)

    def get_fields(self) -> Any:
        return super().get_fields() | {"source": RangeField(required=False)}


class NetworkACLRuleReference(TypedDict):
    href: str
    id: str
    name: str


class NetworkACLRule(TypedDict):
    """Ports with tcp and udp, type and code with icmp; ``before`` is absent from the last rule."""

    action: Literal["allow", "deny"]
    before: NotRequired[NetworkACLRuleReference]
    code: NotRequired[int]
    created_at: str
    destination: str
    destination_port_max: NotRequired[int]
    destination_port_min: NotRequired[int]
    direction: Literal["inbound", "outbound"]
    href: str
    id: str
    ip_version: Literal["ipv4"]
    name: str
    protocol: str
    source: str
    source_port_max: NotRequired[int]
    source_port_min: NotRequired[int]
    type: NotRequired[int]


def acl_rule_bodies(acl: AclRow, rules: list[RuleRow], hrefs: Hrefs) -> list[NetworkACLRule]:
    """All rules of an ACL, in their order: each says which one it goes before."""
    following = [*rules[1:], None]
    return [_rule_body(rule, after, acl, hrefs) for rule, after in zip(rules, following, strict=False)]


def _rule_body(rule: RuleRow, after: RuleRow | None, acl: AclRow, hrefs: Hrefs) -> NetworkACLRule:
    body: NetworkACLRule = {
        "action": rule.action,  # type: ignore[typeddict-item]
        "created_at": timestamps.seconds(rule.created_at),
        "destination": rule.destination,
        "direction": rule.direction,  # type: ignore[typeddict-item]
        "href": hrefs("network_acls", acl.id, "rules", rule.id),
        "id": rule.id,
        "ip_version": "ipv4",
        "name": rule.name,
        "protocol": protocol_for(rule.protocol, hrefs.version),
        "source": rule.source,
    }
    if after:
        body["before"] = {"href": hrefs("network_acls", acl.id, "rules", after.id), "id": after.id, "name": after.name}
    for name in PORT_RANGES:
        if (value := getattr(rule, name)) is not None:
            body[name] = value  # type: ignore[literal-required]
    if rule.icmp_type is not None:
        body["type"] = rule.icmp_type
    if rule.icmp_code is not None:
        body["code"] = rule.icmp_code
    return body


def acl_rule_prototype(body: Mapping[str, Any]) -> AclRulePrototype:
    taken = ("action", "direction", "protocol", "source", "destination", *PORT_RANGES)
    return AclRulePrototype(
        name=body.get("name", ""),
        before=body.get("before") or "",
        icmp_type=body.get("type"),
        icmp_code=body.get("code"),
        **{name: body.get(name) for name in taken},  # type: ignore[arg-type]
    )


def merged(rule: RuleRow, patch: Mapping[str, Any]) -> AclRulePrototype:
    """The rule with a merge patch applied; a change of protocol leaves what belonged to the old one."""
    own = {name: getattr(rule, name) for name in ("action", "direction", "protocol", "source", "destination", "name")}
    if patch.get("protocol", rule.protocol) == rule.protocol:
        own |= {name: getattr(rule, name) for name in PORT_RANGES} | {"type": rule.icmp_type, "code": rule.icmp_code}
    return acl_rule_prototype(own | dict(patch))


class AclView(VpcView):
    def rows(self) -> QuerySet[AclRow]:
        return self.own(AclRow).select_related("resource_group", "vpc").prefetch_related("rules", "subnets")


class AclInPath(AclView):
    """A view about one network ACL, ``acl_id`` in the path."""

    acl: AclRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.acl = self.find(self.rows(), id=self.kwargs["acl_id"])

    def resource_attributes(self) -> dict[str, str]:
        own = self.attributes_of(self.acl, "networkAclId")
        return super().resource_attributes() | own | {"vpcId": self.acl.vpc.id}

    def body_of(self, rule: RuleRow) -> NetworkACLRule:
        bodies = acl_rule_bodies(self.acl, list(self.acl.rules.order_by("position")), self.hrefs)
        return next(body for body in bodies if body["id"] == rule.id)


class NetworkACLRules(AclInPath, CatalogView):
    operations = {
        "GET": Operation(
            "list_network_acl_rules",
            f"{ACTION}.read",
            f"{EVENT}.read",
            answer=collection("NetworkACLRuleCollection", "rules", NetworkACLRule),
            query=("start", "limit", "direction"),
        ),
        "POST": Operation(
            "create_network_acl_rule",
            f"{ACTION}.update",
            f"{EVENT}.update",
            True,
            status=201,
            body=CreateAclRuleBody,
            answer=NetworkACLRule,
            conflicts=False,
        ),
    }

    def get(self, request: Request, acl_id: str) -> Response:
        direction = request.GET.get("direction")
        if direction is not None and direction not in DIRECTIONS:
            raise InvalidValue(
                "direction must be inbound or outbound.", target=Target("direction", "parameter", direction)
            )
        bodies = acl_rule_bodies(self.acl, list(self.acl.rules.all()), self.hrefs)
        wanted = [body for body in bodies if direction in (None, body["direction"])]
        return self.pages("rules", wanted, lambda body: body)

    def post(self, request: Request, acl_id: str) -> Response:
        rule = services.create_rule(self.acl, acl_rule_prototype(self.body), by=self.by)
        return self.answer(self.body_of(rule))


class OneNetworkACLRule(AclInPath):
    operations = {
        "GET": Operation("get_network_acl_rule", f"{ACTION}.read", f"{EVENT}.read", answer=NetworkACLRule),
        "PATCH": Operation(
            "update_network_acl_rule",
            f"{ACTION}.update",
            f"{EVENT}.update",
            True,
            body=PatchAclRuleBody,
            answer=NetworkACLRule,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_network_acl_rule", f"{ACTION}.update", f"{EVENT}.update", True, status=204, conflicts=False
        ),
    }

    rule: RuleRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.rule = self.find(self.acl.rules.select_related("network_acl"), id=self.kwargs["rule_id"])

    def get(self, request: Request, acl_id: str, rule_id: str) -> Response:
        return self.answer(self.body_of(self.rule))

    def patch(self, request: Request, acl_id: str, rule_id: str) -> Response:
        body = self.body
        rule = services.replace_rule(self.rule, merged(self.rule, body), move="before" in body, by=self.by)
        return self.answer(self.body_of(rule))

    def delete(self, request: Request, acl_id: str, rule_id: str) -> Response:
        services.delete_rule(self.rule, by=self.by)
        return self.answer()
