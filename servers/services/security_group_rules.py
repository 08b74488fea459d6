"""Rules of security groups."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from servers import events
from servers.events import record_change
from servers.models import SecurityGroup, SecurityGroupRule
from servers.protocols import ANYWHERE
from servers.services.naming import random_name, save_named
from servers.services.references import at, require_row
from servers.services.resource_changes import lock_both, save_change
from servers.services.row_locks import lock_row, make_room
from servers.services.traffic_rules import TrafficRulePrototype, refuse


@dataclass(frozen=True, kw_only=True)
class RulePrototype(TrafficRulePrototype):
    """A rule to create. The remote end is a range or an address (``remote``), or the id of a group.

    Without ports, a rule for tcp or udp applies to all of them (VPC API, SecurityGroupRuleProtocolTCPUDP).
    """

    ports = ("port_min", "port_max")
    local: str = ANYWHERE
    remote: str = ANYWHERE
    remote_group: str = ""
    port_min: int | None = None
    port_max: int | None = None


def add_rule(group: SecurityGroup, prototype: RulePrototype, *, path: str = "") -> SecurityGroupRule:
    """Add a rule to a group. Must run in a transaction.

    ``path`` is where the rule is in the request. Raises Refusals, BadField, NotUnique, OverQuota.
    """
    refuse(prototype.problems(path=path))
    make_room("security_group_rules", within=group, beside=group.rules.all())
    rule = SecurityGroupRule(
        id=ids.regional_id(group.region),
        security_group=group,
        name=prototype.name or random_name(),
        created_at=clock.now(),
    )
    _apply(rule, prototype, path=path)
    save_named(rule, path=at(path, "name"))
    return rule


@transaction.atomic
def create_rule(group: SecurityGroup, prototype: RulePrototype, *, by: Party) -> SecurityGroupRule:
    """Add a rule as ``add_rule`` does, and record an event of the group."""
    rule = add_rule(group, prototype)
    record_change(f"{events.SECURITY_GROUP}.update", group, by=by, status=201)
    return rule


@transaction.atomic
def replace_rule(
    rule: SecurityGroupRule, merge: Callable[[SecurityGroupRule], RulePrototype], *, by: Party
) -> SecurityGroupRule:
    """Replace the rule with the result of ``merge``, which gets its current row.

    Raises Refusals, BadField, NotUnique.
    """
    group, rule = lock_both(rule.security_group, rule)
    prototype = merge(rule)
    refuse(prototype.problems())
    rule.name = prototype.name or rule.name
    _apply(rule, prototype)
    return save_change(rule, f"{events.SECURITY_GROUP}.update", group, by=by)


@transaction.atomic
def delete_rule(rule: SecurityGroupRule, *, by: Party) -> None:
    lock_row(rule.security_group)
    lock_row(rule).delete()
    record_change(f"{events.SECURITY_GROUP}.update", rule.security_group, by=by, status=204)


def _apply(rule: SecurityGroupRule, prototype: RulePrototype, *, path: str = "") -> None:
    rule.direction, rule.protocol, rule.local = prototype.direction, prototype.protocol, prototype.local
    rule.icmp_type, rule.icmp_code = prototype.icmp_type, prototype.icmp_code
    rule.port_min, rule.port_max = prototype.port_min, prototype.port_max
    rule.remote, rule.remote_group = prototype.remote, None
    if id := prototype.remote_group:
        rule.remote, rule.remote_group = "", _group(rule.security_group, id, path=at(path, "remote"))


def _group(own: SecurityGroup, id: str, *, path: str) -> SecurityGroup:
    return require_row(SecurityGroup.objects.filter(vpc=own.vpc, id=id).first(), path, "security group of the VPC")
