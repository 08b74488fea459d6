"""``/v1/network_acls/{id}/rules``."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, NotRequired

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.errors import InvalidValue, NotFound, Target
from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.operation import Operation, Parameter, choices
from controlplane.kernel.query_parameters import one_of
from servers import events
from servers.api.base import VpcView
from servers.api.catalog import CatalogView
from servers.api.reference_responses import Hrefs
from servers.api.rule_requests import (
    DIRECTIONS,
    EVERYTHING_SINCE,
    IcmpField,
    PortField,
    ProtocolField,
    RangeField,
)
from servers.api.rule_responses import TrafficRule, traffic_rule
from servers.api.shared_requests import NameField, ReferenceField
from servers.api.shared_responses import IdentifiedReference, collection
from servers.models import NetworkACL as AclRow
from servers.models import NetworkACLRule as RuleRow
from servers.protocols import EVERYTHING
from servers.services import network_acl_rules as services
from servers.services.network_acl_rules import AclRulePrototype

ACTION = "is.network-acl.network-acl"
DIRECTION = Parameter("direction", "Only rules for traffic in this direction.", choices(*DIRECTIONS))
ACTIONS = ("allow", "deny")


NO_DENIAL = f"It must not be deny for the protocol {EVERYTHING}. Name any."


def denies_everything(action: str, protocol: str, version: date) -> bool:
    """Return whether a rule denies ``icmp_tcp_udp`` in a version with this name, which the API rules out.

    In earlier versions, such rules were usual.
    """
    return action == "deny" and protocol == EVERYTHING and version >= EVERYTHING_SINCE


class PortsBody(StrictSerializer):
    """Properties that only some protocols have; null removes them."""

    source_port_min = PortField(allow_null=True)
    source_port_max = PortField(allow_null=True)
    destination_port_min = PortField(allow_null=True)
    destination_port_max = PortField(allow_null=True)
    type = IcmpField(254, allow_null=True)
    code = IcmpField(255, allow_null=True)


class AclContextRuleBody(PortsBody):
    """A rule that is created with its ACL: its place follows from the given order, so it has no ``before``."""

    action = serializers.ChoiceField(choices=ACTIONS)
    destination = RangeField()
    direction = serializers.ChoiceField(choices=DIRECTIONS)
    ip_version = serializers.ChoiceField(choices=["ipv4"], required=False)
    name = NameField(required=False)
    protocol = ProtocolField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if denies_everything(attrs["action"], attrs["protocol"], self.context.get("version", date.max)):
            raise serializers.ValidationError({"action": NO_DENIAL})
        return attrs

    def get_fields(self) -> Any:
        """Add ``source``, which cannot be declared because it is an attribute of every serializer field."""
        return super().get_fields() | {"source": RangeField()}


class CreateAclRuleBody(AclContextRuleBody):
    before = ReferenceField("id", "href", required=False)


class PatchAclRuleBody(PortsBody):
    """A merge patch of a rule, whose protocol stays."""

    action = serializers.ChoiceField(choices=ACTIONS, required=False)
    before = ReferenceField("id", "href", required=False, allow_null=True)
    destination = RangeField(required=False)
    direction = serializers.ChoiceField(choices=DIRECTIONS, required=False)
    name = NameField(required=False)

    def get_fields(self) -> Any:
        return super().get_fields() | {"source": RangeField(required=False)}


class NetworkACLRuleReference(IdentifiedReference):
    pass


class NetworkACLRule(TrafficRule):
    """Ports with tcp and udp, type and code with icmp; ``before`` is absent from the last rule."""

    action: Literal["allow", "deny"]
    before: NotRequired[NetworkACLRuleReference]
    created_at: str
    destination: str
    destination_port_max: NotRequired[int]
    destination_port_min: NotRequired[int]
    source: str
    source_port_max: NotRequired[int]
    source_port_min: NotRequired[int]


def acl_rule_bodies(acl: AclRow, rules: list[RuleRow], hrefs: Hrefs) -> list[NetworkACLRule]:
    """Return all rules of an ACL in their order, each with the rule that it precedes."""
    following = [*rules[1:], None]
    return [_rule_body(rule, after, acl, hrefs) for rule, after in zip(rules, following, strict=False)]


def _rule_body(rule: RuleRow, after: RuleRow | None, acl: AclRow, hrefs: Hrefs) -> NetworkACLRule:
    body: NetworkACLRule = {
        **traffic_rule(rule, hrefs, "network_acls", acl.id, "rules"),
        "action": rule.action,  # type: ignore[typeddict-item]
        "created_at": timestamps.seconds(rule.created_at),
        "destination": rule.destination,
        "source": rule.source,
    }
    if after:
        body["before"] = {"href": hrefs("network_acls", acl.id, "rules", after.id), "id": after.id, "name": after.name}
    for name in AclRulePrototype.ports:
        if (value := getattr(rule, name)) is not None:
            body[name] = value  # type: ignore[literal-required]
    return body


def acl_rule_prototype(body: Mapping[str, Any]) -> AclRulePrototype:
    properties = ("action", "direction", "protocol", "source", "destination", *AclRulePrototype.ports)
    return AclRulePrototype(
        name=body.get("name", ""),
        before=body.get("before") or "",
        icmp_type=body.get("type"),
        icmp_code=body.get("code"),
        **{name: body.get(name) for name in properties},  # type: ignore[arg-type]
    )


def merged(rule: RuleRow, patch: Mapping[str, Any]) -> AclRulePrototype:
    """Return the rule after applying a merge patch."""
    properties = ("action", "direction", "protocol", "source", "destination", "name", *AclRulePrototype.ports)
    own = {name: getattr(rule, name) for name in properties} | {"type": rule.icmp_type, "code": rule.icmp_code}
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
        return self.acl.policy_attributes

    def body_of(self, rule: RuleRow) -> NetworkACLRule:
        bodies = acl_rule_bodies(self.acl, list(self.acl.rules.order_by("position")), self.hrefs)
        for body in bodies:
            if body["id"] == rule.id:
                return body
        raise NotFound("The network ACL rule was deleted meanwhile.")


class NetworkACLRules(AclInPath, CatalogView):
    operations = {
        "GET": Operation(
            "list_network_acl_rules",
            f"{ACTION}.read",
            f"{events.NETWORK_ACL}.read",
            answer=collection("NetworkACLRuleCollection", "rules", NetworkACLRule),
            paged=True,
            query=(DIRECTION,),
        ),
        "POST": Operation(
            "create_network_acl_rule",
            f"{ACTION}.update",
            f"{events.NETWORK_ACL}.update",
            recorded_by_service=True,
            status=201,
            body=CreateAclRuleBody,
            answer=NetworkACLRule,
            conflicts=False,
        ),
    }

    def get(self, request: Request, acl_id: str) -> Response:
        message = "direction must be inbound or outbound."
        direction = one_of(request.GET, DIRECTION, DIRECTIONS, message=message)
        bodies = acl_rule_bodies(self.acl, list(self.acl.rules.all()), self.hrefs)
        matches = [body for body in bodies if direction in (None, body["direction"])]
        return self.pages("rules", matches, lambda body: body)

    def post(self, request: Request, acl_id: str) -> Response:
        rule = services.create_rule(self.acl, acl_rule_prototype(self.body), by=self.by)
        return self.answer(self.body_of(rule))


class OneNetworkACLRule(AclInPath):
    operations = {
        "GET": Operation("get_network_acl_rule", f"{ACTION}.read", f"{events.NETWORK_ACL}.read", answer=NetworkACLRule),
        "PATCH": Operation(
            "update_network_acl_rule",
            f"{ACTION}.update",
            f"{events.NETWORK_ACL}.update",
            recorded_by_service=True,
            body=PatchAclRuleBody,
            answer=NetworkACLRule,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_network_acl_rule",
            f"{ACTION}.update",
            f"{events.NETWORK_ACL}.update",
            recorded_by_service=True,
            status=204,
            conflicts=False,
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
        if denies_everything(body.get("action", ""), self.rule.protocol, self.version):
            raise InvalidValue(f"action: {NO_DENIAL}", target=Target("action"))
        rule = services.replace_rule(self.rule, lambda rule: merged(rule, body), move="before" in body, by=self.by)
        return self.answer(self.body_of(rule))

    def delete(self, request: Request, acl_id: str, rule_id: str) -> Response:
        services.delete_rule(self.rule, by=self.by)
        return self.answer()
