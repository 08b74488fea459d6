"""The common parts of the responses about rules of security groups and of network ACLs."""

from typing import Literal, NotRequired

from servers.api.reference_responses import Hrefs
from servers.api.rule_requests import protocol_for
from servers.api.shared_responses import IdentifiedReference
from servers.models import NetworkACLRule, SecurityGroupRule


class TrafficRule(IdentifiedReference):
    code: NotRequired[int]
    direction: Literal["inbound", "outbound"]
    ip_version: Literal["ipv4"]
    protocol: str
    type: NotRequired[int]


def traffic_rule(rule: NetworkACLRule | SecurityGroupRule, hrefs: Hrefs, *path: str) -> TrafficRule:
    """Return the properties that every rule has; ``path`` is that of the rules of its group or ACL."""
    body: TrafficRule = {
        "direction": rule.direction,  # type: ignore[typeddict-item]
        "href": hrefs(*path, rule.id),
        "id": rule.id,
        "ip_version": "ipv4",
        "name": rule.name,
        "protocol": protocol_for(rule.protocol, hrefs.version),
    }
    if rule.icmp_type is not None:
        body["type"] = rule.icmp_type
    if rule.icmp_code is not None:
        body["code"] = rule.icmp_code
    return body
