"""Rules of security groups."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import ApiError, BadField, InvalidValue, Refusals, Target
from servers import events
from servers.events import record_change
from servers.models import SecurityGroup, SecurityGroupRule
from servers.protocols import ANYWHERE, foreign
from servers.services.naming import random_name, save_named
from servers.services.references import at
from servers.services.row_locks import lock_row, make_room


@dataclass(frozen=True)
class RulePrototype:
    """A rule to be. The far end is a range or an address (``remote``), or the id of a group.

    Without ports, a rule for tcp or udp is for all of them (VPC API, SecurityGroupRuleProtocolTCPUDP).
    """

    direction: str
    protocol: str
    name: str = ""
    local: str = ANYWHERE
    remote: str = ANYWHERE
    remote_group: str = ""
    port_min: int | None = None
    port_max: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None


def add_rule(group: SecurityGroup, asked: RulePrototype, *, path: str = "") -> SecurityGroupRule:
    """Put a rule into a group. Must run in a transaction. Raises Refusals, BadField, NotUnique, OverQuota.

    ``path`` is where the rule stands in the request.
    """
    refuse(problems(asked, path=path))
    make_room("security_group_rules", within=group, beside=group.rules.all())
    rule = SecurityGroupRule(
        id=ids.regional_id(group.region), security_group=group, name=asked.name or random_name(), created_at=clock.now()
    )
    _apply(rule, asked, path=path)
    save_named(rule, path=at(path, "name"))
    return rule


@transaction.atomic
def create_rule(group: SecurityGroup, asked: RulePrototype, *, by: Party) -> SecurityGroupRule:
    """As ``add_rule``, with an event of the group."""
    rule = add_rule(group, asked)
    record_change(f"{events.SECURITY_GROUP}.update", group, by=by, status=201)
    return rule


@transaction.atomic
def replace_rule(
    rule: SecurityGroupRule, merge: Callable[[SecurityGroupRule], RulePrototype], *, by: Party
) -> SecurityGroupRule:
    """Make the rule what ``merge`` makes of it as it is now. Raises Refusals, BadField, NotUnique."""
    lock_row(rule.security_group)
    rule = lock_row(rule)
    asked = merge(rule)
    refuse(problems(asked))
    rule.name = asked.name or rule.name
    _apply(rule, asked)
    save_named(rule)
    record_change(f"{events.SECURITY_GROUP}.update", rule.security_group, by=by)
    return rule


@transaction.atomic
def delete_rule(rule: SecurityGroupRule, *, by: Party) -> None:
    lock_row(rule.security_group)
    lock_row(rule).delete()
    record_change(f"{events.SECURITY_GROUP}.update", rule.security_group, by=by, status=204)


def problems(asked: RulePrototype, *, path: str = "") -> Iterator[ApiError]:
    """What is wrong with a rule by itself."""
    given = {
        "port_min": asked.port_min,
        "port_max": asked.port_max,
        "type": asked.icmp_type,
        "code": asked.icmp_code,
    }
    return protocol_problems(asked.protocol, given, ports=("port_min", "port_max"), path=path)


def _apply(rule: SecurityGroupRule, asked: RulePrototype, *, path: str = "") -> None:
    rule.direction, rule.protocol, rule.local = asked.direction, asked.protocol, asked.local
    rule.icmp_type, rule.icmp_code = asked.icmp_type, asked.icmp_code
    rule.port_min, rule.port_max = asked.port_min, asked.port_max
    rule.remote, rule.remote_group = asked.remote, None
    if asked.remote_group:
        rule.remote, rule.remote_group = "", _group(rule.security_group, asked.remote_group, path=at(path, "remote"))


def _group(own: SecurityGroup, id: str, *, path: str) -> SecurityGroup:
    found = SecurityGroup.objects.filter(vpc=own.vpc, id=id).first()
    if found is None:
        raise BadField(f"{path} names no security group of the VPC.", target=Target(path))
    return found


def protocol_problems(
    protocol: str, given: dict[str, int | None], *, ports: tuple[str, ...], path: str = ""
) -> Iterator[ApiError]:
    """What the protocol does not take; half a range, and one that is upside down; a code without its type.

    ``ports`` are pairs of names, lowest and highest.
    """
    unknown = foreign(protocol, given, ports=ports)
    for name in unknown:
        yield InvalidValue(f"A rule for {protocol} has no {name}. Leave it out.", target=Target(at(path, name)))
    if unknown:
        return
    for lowest, highest in zip(ports[::2], ports[1::2], strict=True):
        low, high = given[lowest], given[highest]
        if (low is None) != (high is None):
            missing = lowest if low is None else highest
            yield InvalidValue(f"{lowest} and {highest} go together.", target=Target(at(path, missing)))
        if low is not None and high is not None and low > high:
            yield InvalidValue(f"{lowest} must not be above {highest}.", target=Target(at(path, lowest)))
    if given.get("code") is not None and given.get("type") is None:
        yield InvalidValue("An ICMP code needs its type.", target=Target(at(path, "type")))


def refuse(found: Iterator[ApiError]) -> None:
    """Raises Refusals naming all of them, if there are any."""
    if refusals := list(found):
        raise Refusals(refusals)
