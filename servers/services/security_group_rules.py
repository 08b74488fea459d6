"""Rules of security groups."""

from dataclasses import dataclass

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import InvalidValue, ReferenceNotFound, Target
from servers.models import SecurityGroup, SecurityGroupRule
from servers.protocols import PORTS, foreign
from servers.services.events import record_change
from servers.services.naming import random_name, save_named
from servers.services.references import at
from servers.services.room import hold, make_room

EVENT = "is.security-group.security-group.update"
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class RulePrototype:
    """A rule to be. The far end is a range or an address (``remote``), or the id of a group."""

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
    """Put a rule into a group. Must run in a transaction. Raises InvalidValue, ReferenceNotFound, NotUnique, OverQuota.

    ``path`` is where the rule stands in the request.
    """
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
    record_change(EVENT, group, by=by, status=201)
    return rule


@transaction.atomic
def replace_rule(rule: SecurityGroupRule, asked: RulePrototype, *, by: Party) -> SecurityGroupRule:
    """Make the rule what is asked, the changes merged in. Raises InvalidValue, ReferenceNotFound, NotUnique."""
    hold(rule.security_group)
    rule = hold(rule)
    rule.name = asked.name or rule.name
    _apply(rule, asked)
    save_named(rule)
    record_change(EVENT, rule.security_group, by=by)
    return rule


@transaction.atomic
def delete_rule(rule: SecurityGroupRule, *, by: Party) -> None:
    hold(rule.security_group)
    rule.delete()
    record_change(EVENT, rule.security_group, by=by, status=204)


def _apply(rule: SecurityGroupRule, asked: RulePrototype, *, path: str = "") -> None:
    given = {
        "port_min": asked.port_min,
        "port_max": asked.port_max,
        "type": asked.icmp_type,
        "code": asked.icmp_code,
    }
    check_protocol(asked.protocol, given, ports=("port_min", "port_max"), path=path)
    rule.direction, rule.protocol, rule.local = asked.direction, asked.protocol, asked.local
    rule.icmp_type, rule.icmp_code = asked.icmp_type, asked.icmp_code
    rule.port_min, rule.port_max = asked.port_min, asked.port_max
    if asked.protocol in PORTS and asked.port_min is None and asked.port_max is None:
        rule.port_min, rule.port_max = 1, 65_535
    rule.remote, rule.remote_group = asked.remote, None
    if asked.remote_group:
        rule.remote, rule.remote_group = "", _group(rule.security_group, asked.remote_group, path=at(path, "remote"))


def _group(own: SecurityGroup, id: str, *, path: str) -> SecurityGroup:
    found = SecurityGroup.objects.filter(vpc=own.vpc, id=id).first()
    if found is None:
        raise ReferenceNotFound(f"{path} names no security group of the VPC.", target=Target(path))
    return found


def check_protocol(protocol: str, given: dict[str, int | None], *, ports: tuple[str, ...], path: str = "") -> None:
    """Raises InvalidValue for what the protocol does not take, and for half a range or one that is upside down.

    ``ports`` are pairs of names, lowest and highest.
    """
    for name in foreign(protocol, given, ports=ports):
        raise InvalidValue(f"A rule for {protocol} has no {name}. Leave it out.", target=Target(at(path, name)))
    for lowest, highest in zip(ports[::2], ports[1::2], strict=True):
        low, high = given[lowest], given[highest]
        if (low is None) != (high is None):
            missing = lowest if low is None else highest
            raise InvalidValue(f"{lowest} and {highest} go together.", target=Target(at(path, missing)))
        if low is not None and high is not None and low > high:
            raise InvalidValue(f"{lowest} must not be above {highest}.", target=Target(at(path, lowest)))
    if given.get("code") is not None and given.get("type") is None:
        raise InvalidValue("An ICMP code needs its type.", target=Target(at(path, "type")))
