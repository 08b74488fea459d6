"""Rules of network ACLs, which apply in their order."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Max

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import BadField, InvalidValue, Target
from servers import events
from servers.events import record_change
from servers.models import NetworkACL, NetworkACLRule
from servers.protocols import LAST_PORT, PORTS
from servers.services.naming import random_name, save_named
from servers.services.references import at
from servers.services.resource_changes import lock_both, save_change
from servers.services.row_locks import lock_row, make_room
from servers.services.traffic_rules import TrafficRulePrototype, refuse


@dataclass(frozen=True, kw_only=True)
class AclRulePrototype(TrafficRulePrototype):
    """A rule to create; ``before`` is the id of the rule that it precedes, and empty for the end."""

    ports = ("source_port_min", "source_port_max", "destination_port_min", "destination_port_max")
    action: str
    source: str
    destination: str
    before: str = ""
    source_port_min: int | None = None
    source_port_max: int | None = None
    destination_port_min: int | None = None
    destination_port_max: int | None = None


def add_rule(acl: NetworkACL, prototype: AclRulePrototype, *, path: str = "") -> NetworkACLRule:
    """Add a rule to an ACL, before the rule that it names, or last. Must run in a transaction.

    ``path`` is where the rule is in the request. Raises Refusals, BadField, NotUnique, OverQuota.
    """
    refuse(prototype.problems(path=path))
    make_room("network_acl_rules", within=acl, beside=acl.rules.all())
    rule = NetworkACLRule(
        id=ids.regional_id(acl.region), network_acl=acl, name=prototype.name or random_name(), created_at=clock.now()
    )
    _apply(rule, prototype)
    rule.position = _make_place(acl, prototype.before, path=path)
    save_named(rule, path=at(path, "name"))
    return rule


@transaction.atomic
def create_rule(acl: NetworkACL, prototype: AclRulePrototype, *, by: Party) -> NetworkACLRule:
    """Add a rule as ``add_rule`` does, and record an event of the ACL."""
    rule = add_rule(acl, prototype)
    record_change(f"{events.NETWORK_ACL}.update", acl, by=by, status=201)
    return rule


@transaction.atomic
def replace_rule(
    rule: NetworkACLRule, merge: Callable[[NetworkACLRule], AclRulePrototype], *, move: bool, by: Party
) -> NetworkACLRule:
    """Replace the rule with the result of ``merge``, which gets its current row; with ``move``, also move it.

    It is then placed before the rule that the result names, or last. Raises Refusals, InvalidValue, BadField,
    NotUnique.
    """
    acl, rule = lock_both(rule.network_acl, rule)
    prototype = merge(rule)
    refuse(prototype.problems())
    rule.name = prototype.name or rule.name
    _apply(rule, prototype)
    if move:
        if prototype.before == rule.id:
            raise InvalidValue("A rule cannot go before itself.", target=Target("before"))
        rule.position = _make_place(acl, prototype.before)
    return save_change(rule, f"{events.NETWORK_ACL}.update", acl, by=by)


@transaction.atomic
def delete_rule(rule: NetworkACLRule, *, by: Party) -> None:
    lock_row(rule.network_acl)
    lock_row(rule).delete()
    record_change(f"{events.NETWORK_ACL}.update", rule.network_acl, by=by, status=204)


def _make_place(acl: NetworkACL, before: str, *, path: str = "") -> int:
    """Return the position of the rule ``before``, after moving it and the later rules on by one.

    When ``before`` is empty, return the position after the last rule. Raises BadField when there is no such rule.
    """
    if not before:
        return (acl.rules.aggregate(last=Max("position"))["last"] or 0) + 1
    following = acl.rules.filter(id=before).first()
    if following is None:
        raise BadField("before names no rule of the network ACL.", target=Target(at(path, "before")))
    acl.rules.filter(position__gte=following.position).update(position=F("position") + 1)
    return following.position


def _apply(rule: NetworkACLRule, prototype: AclRulePrototype) -> None:
    rule.action, rule.direction, rule.protocol = prototype.action, prototype.direction, prototype.protocol
    rule.source, rule.destination = prototype.source, prototype.destination
    rule.icmp_type, rule.icmp_code = prototype.icmp_type, prototype.icmp_code
    with_ports = prototype.protocol in PORTS
    for name in prototype.ports:
        everything = (1 if name.endswith("min") else LAST_PORT) if with_ports else None
        value = getattr(prototype, name)
        setattr(rule, name, everything if value is None else value)
