"""``/v1/security_groups/{id}/rules``."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.fields import DescribedField, StrictSerializer, reference_by
from controlplane.kernel.operation import Operation, Schema
from servers import events
from servers.api.reference_responses import Hrefs
from servers.api.rule_requests import DIRECTIONS, IcmpField, PortField, ProtocolField, RangeField
from servers.api.rule_responses import TrafficRule, traffic_rule
from servers.api.security_group_base import SecurityGroupInPath
from servers.api.shared_requests import NameField, ReferenceField
from servers.models import SecurityGroupRule as RuleRow
from servers.protocols import ANYWHERE
from servers.services import security_group_rules as services
from servers.services.security_group_rules import RulePrototype

ACTION = "is.security-group.security-group"
GROUP = frozenset({"id", "crn", "href"})


class RuleEndField(DescribedField, serializers.Field):
    """``{"cidr_block": ...}`` or ``{"address": ...}``; the far end may also be a security group."""

    default_error_messages = {"invalid": "It is an object with exactly one of {forms}."}

    def __init__(self, *, groups: bool = False, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.forms = ["cidr_block", "address", *(sorted(GROUP) if groups else [])]

    @property
    def schema(self) -> Schema:
        return {"oneOf": [reference_by(form) for form in self.forms]}

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or len(data) != 1 or not set(data) <= set(self.forms):
            self.fail("invalid", forms=", ".join(self.forms))
        if GROUP.issuperset(data):
            return {"group": ReferenceField(*GROUP).within(self).run_validation(data)}
        text = RangeField().run_validation(next(iter(data.values())))
        if ("address" in data) == ("/" in text):
            self.fail("invalid", forms=", ".join(self.forms))
        return {"range": text}


class PatchRuleBody(StrictSerializer):
    """A merge patch of a rule, whose protocol stays."""

    direction = serializers.ChoiceField(choices=DIRECTIONS, required=False)
    ip_version = serializers.ChoiceField(choices=["ipv4"], required=False)
    local = RuleEndField()
    name = NameField(required=False)
    remote = RuleEndField(groups=True)
    port_min = PortField(allow_null=True)
    port_max = PortField(allow_null=True)
    type = IcmpField(254, allow_null=True)
    code = IcmpField(255, allow_null=True)


class CreateRuleBody(PatchRuleBody):
    """The properties of a new rule."""

    direction = serializers.ChoiceField(choices=DIRECTIONS)
    protocol = ProtocolField()


class RuleEnd(TypedDict):
    """A range of addresses, one address, or a security group."""

    cidr_block: NotRequired[str]
    address: NotRequired[str]
    crn: NotRequired[str]
    href: NotRequired[str]
    id: NotRequired[str]
    name: NotRequired[str]


class SecurityGroupRule(TrafficRule):
    """Ports with tcp and udp, type and code with icmp."""

    local: RuleEnd
    port_max: NotRequired[int]
    port_min: NotRequired[int]
    remote: RuleEnd
    resource_type: Literal["security_group_rule"]


class SecurityGroupRuleCollection(TypedDict):
    rules: list[SecurityGroupRule]


def rule_body(rule: RuleRow, group_id: str, hrefs: Hrefs) -> SecurityGroupRule:
    body: SecurityGroupRule = {
        **traffic_rule(rule, hrefs, "security_groups", group_id, "rules"),
        "local": _end(rule.local),
        "remote": _group_end(rule, hrefs) if rule.remote_group else _end(rule.remote),
        "resource_type": "security_group_rule",
    }
    if rule.port_min is not None and rule.port_max is not None:
        body["port_min"], body["port_max"] = rule.port_min, rule.port_max
    return body


def _end(text: str) -> RuleEnd:
    return {"cidr_block": text} if "/" in text else {"address": text}


def _group_end(rule: RuleRow, hrefs: Hrefs) -> RuleEnd:
    assert rule.remote_group  # noqa: S101  the caller looked
    group = hrefs.security_group(rule.remote_group)
    return {"crn": group["crn"], "href": group["href"], "id": group["id"], "name": group["name"]}


def rule_prototype(body: Mapping[str, Any]) -> RulePrototype:
    local, remote = body.get("local", {}), body.get("remote", {})
    return RulePrototype(
        direction=body["direction"],
        protocol=body["protocol"],
        name=body.get("name", ""),
        local=local.get("range", ANYWHERE),
        remote=remote.get("range", ANYWHERE),
        remote_group=remote.get("group", ""),
        port_min=body.get("port_min"),
        port_max=body.get("port_max"),
        icmp_type=body.get("type"),
        icmp_code=body.get("code"),
    )


def merged(rule: RuleRow, patch: Mapping[str, Any]) -> RulePrototype:
    """Return the rule after applying a merge patch."""
    own: dict[str, Any] = {
        "direction": rule.direction,
        "protocol": rule.protocol,
        "name": rule.name,
        "local": {"range": rule.local},
        "remote": {"group": rule.remote_group.id} if rule.remote_group else {"range": rule.remote},
        "port_min": rule.port_min,
        "port_max": rule.port_max,
        "type": rule.icmp_type,
        "code": rule.icmp_code,
    }
    return rule_prototype(own | dict(patch))


class SecurityGroupRules(SecurityGroupInPath):
    operations = {
        "GET": Operation(
            "list_security_group_rules",
            f"{ACTION}.read",
            f"{events.SECURITY_GROUP}.read",
            answer=SecurityGroupRuleCollection,
        ),
        "POST": Operation(
            "create_security_group_rule",
            f"{ACTION}.update",
            f"{events.SECURITY_GROUP}.update",
            recorded_by_service=True,
            status=201,
            body=CreateRuleBody,
            answer=SecurityGroupRule,
            conflicts=False,
        ),
    }

    def get(self, request: Request, group_id: str) -> Response:
        rules = self.group.rules.select_related("remote_group")
        return self.answer({"rules": [self.render(rule) for rule in rules]})

    def post(self, request: Request, group_id: str) -> Response:
        return self.answer(self.render(services.create_rule(self.group, rule_prototype(self.body), by=self.by)))

    def render(self, rule: RuleRow) -> SecurityGroupRule:
        return rule_body(rule, self.group.id, self.hrefs)


class OneSecurityGroupRule(SecurityGroupInPath):
    operations = {
        "GET": Operation(
            "get_security_group_rule", f"{ACTION}.read", f"{events.SECURITY_GROUP}.read", answer=SecurityGroupRule
        ),
        "PATCH": Operation(
            "update_security_group_rule",
            f"{ACTION}.update",
            f"{events.SECURITY_GROUP}.update",
            recorded_by_service=True,
            body=PatchRuleBody,
            answer=SecurityGroupRule,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_security_group_rule",
            f"{ACTION}.update",
            f"{events.SECURITY_GROUP}.update",
            recorded_by_service=True,
            status=204,
            conflicts=False,
        ),
    }

    rule: RuleRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        rules = self.group.rules.select_related("remote_group", "security_group")
        self.rule = self.find(rules, id=self.kwargs["rule_id"])

    def get(self, request: Request, group_id: str, rule_id: str) -> Response:
        return self.answer(rule_body(self.rule, group_id, self.hrefs))

    def patch(self, request: Request, group_id: str, rule_id: str) -> Response:
        body = self.body
        rule = services.replace_rule(self.rule, lambda rule: merged(rule, body), by=self.by)
        return self.answer(rule_body(rule, group_id, self.hrefs))

    def delete(self, request: Request, group_id: str, rule_id: str) -> Response:
        services.delete_rule(self.rule, by=self.by)
        return self.answer()
