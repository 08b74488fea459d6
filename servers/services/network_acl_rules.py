"""Rules of network ACLs, tried in their order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Max

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import ApiError, BadField, InvalidValue, Target
from servers import events
from servers.events import record_change
from servers.models import NetworkACL, NetworkACLRule
from servers.protocols import LAST_PORT, PORTS
from servers.services.naming import random_name, save_named
from servers.services.references import at
from servers.services.row_locks import lock_row, make_room
from servers.services.security_group_rules import protocol_problems, refuse

PORT_RANGES = ("source_port_min", "source_port_max", "destination_port_min", "destination_port_max")


@dataclass(frozen=True)
class AclRulePrototype:
    """A rule to be; ``before`` is the id of the rule it goes before, and empty for the end."""

    action: str
    direction: str
    protocol: str
    source: str
    destination: str
    name: str = ""
    before: str = ""
    source_port_min: int | None = None
    source_port_max: int | None = None
    destination_port_min: int | None = None
    destination_port_max: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None


def add_rule(acl: NetworkACL, asked: AclRulePrototype, *, path: str = "") -> NetworkACLRule:
    """Put a rule into an ACL, before the one it names, or last. Must run in a transaction.

    Raises Refusals, BadField, NotUnique, OverQuota. ``path`` is where the rule stands in the request.
    """
    refuse(problems(asked, path=path))
    make_room("network_acl_rules", within=acl, beside=acl.rules.all())
    rule = NetworkACLRule(
        id=ids.regional_id(acl.region), network_acl=acl, name=asked.name or random_name(), created_at=clock.now()
    )
    _apply(rule, asked)
    rule.position = _make_place(acl, asked.before, path=path)
    save_named(rule, path=at(path, "name"))
    return rule


@transaction.atomic
def create_rule(acl: NetworkACL, asked: AclRulePrototype, *, by: Party) -> NetworkACLRule:
    """As ``add_rule``, with an event of the ACL."""
    rule = add_rule(acl, asked)
    record_change(f"{events.NETWORK_ACL}.update", acl, by=by, status=201)
    return rule


@transaction.atomic
def replace_rule(
    rule: NetworkACLRule, merge: Callable[[NetworkACLRule], AclRulePrototype], *, move: bool, by: Party
) -> NetworkACLRule:
    """Make the rule what ``merge`` makes of it as it is now, and put it before what that names if it shall ``move``.

    Raises Refusals, InvalidValue, BadField, NotUnique.
    """
    acl = lock_row(rule.network_acl)
    rule = lock_row(rule)
    asked = merge(rule)
    refuse(problems(asked))
    rule.name = asked.name or rule.name
    _apply(rule, asked)
    if move:
        if asked.before == rule.id:
            raise InvalidValue("A rule cannot go before itself.", target=Target("before"))
        rule.position = _make_place(acl, asked.before)
    save_named(rule)
    record_change(f"{events.NETWORK_ACL}.update", acl, by=by)
    return rule


@transaction.atomic
def delete_rule(rule: NetworkACLRule, *, by: Party) -> None:
    lock_row(rule.network_acl)
    lock_row(rule).delete()
    record_change(f"{events.NETWORK_ACL}.update", rule.network_acl, by=by, status=204)


def _make_place(acl: NetworkACL, before: str, *, path: str = "") -> int:
    """The position before a rule, those behind moved on by one; without a rule, the end."""
    if not before:
        return (acl.rules.aggregate(last=Max("position"))["last"] or 0) + 1
    following = acl.rules.filter(id=before).first()
    if following is None:
        raise BadField("before names no rule of the network ACL.", target=Target(at(path, "before")))
    acl.rules.filter(position__gte=following.position).update(position=F("position") + 1)
    return following.position


def problems(asked: AclRulePrototype, *, path: str = "") -> Iterator[ApiError]:
    """What is wrong with a rule by itself."""
    given = {name: getattr(asked, name) for name in PORT_RANGES} | {"type": asked.icmp_type, "code": asked.icmp_code}
    return protocol_problems(asked.protocol, given, ports=PORT_RANGES, path=path)


def _apply(rule: NetworkACLRule, asked: AclRulePrototype) -> None:
    rule.action, rule.direction, rule.protocol = asked.action, asked.direction, asked.protocol
    rule.source, rule.destination = asked.source, asked.destination
    rule.icmp_type, rule.icmp_code = asked.icmp_type, asked.icmp_code
    with_ports = asked.protocol in PORTS
    for name in PORT_RANGES:
        everything = (1 if name.endswith("min") else LAST_PORT) if with_ports else None
        value = getattr(asked, name)
        setattr(rule, name, everything if value is None else value)
