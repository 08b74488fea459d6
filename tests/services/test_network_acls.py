"""Network ACLs: their rules, in an order that stays what was asked for."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.errors import (
    BadField,
    Conflict,
    InvalidValue,
    NotFound,
    NotUnique,
    OverQuota,
    Refusals,
)
from servers.models import VPC, NetworkACL, NetworkACLRule
from servers.services.network_acl_rules import AclRulePrototype, create_rule, delete_rule, replace_rule
from servers.services.network_acls import add_default_rules, create_network_acl, delete_network_acl
from servers.services.resource_changes import rename
from tests.world import World, make_subnet

BY = Party("IBMid-ALICE00001", "Alice", "User")
ANYWHERE = "0.0.0.0/0"


@pytest.fixture
def vpc(world: World) -> VPC:
    return make_subnet(world.account).vpc


@pytest.fixture
def acl(vpc: VPC) -> NetworkACL:
    return create_network_acl(vpc.account, vpc=vpc, name="acl", by=BY)


def rule(name: str = "", **more: Any) -> AclRulePrototype:
    own = {"action": "allow", "direction": "inbound", "protocol": "any", "source": ANYWHERE, "destination": ANYWHERE}
    return AclRulePrototype(name=name, **(own | more))


def names(acl: NetworkACL) -> list[str]:
    return [each.name for each in acl.rules.all()]


def positions(acl: NetworkACL) -> list[int]:
    return list(acl.rules.values_list("position", flat=True))


def test_a_default_acl_lets_everything_pass(acl: NetworkACL) -> None:
    add_default_rules(acl)
    assert list(acl.rules.values_list("name", "direction", "action", "protocol", "source", "destination")) == [
        ("allow-inbound", "inbound", "allow", "icmp_tcp_udp", ANYWHERE, ANYWHERE),
        ("allow-outbound", "outbound", "allow", "icmp_tcp_udp", ANYWHERE, ANYWHERE),
    ]


def test_an_acl_made_of_nothing_lets_nothing_pass(acl: NetworkACL) -> None:
    assert not acl.rules.exists()


def test_rules_come_in_the_order_given(vpc: VPC) -> None:
    new_acl = create_network_acl(vpc.account, vpc=vpc, rules=[rule(name) for name in "cab"], by=BY)
    assert names(new_acl) == ["c", "a", "b"]


def test_all_that_is_wrong_with_rules_is_named_and_nothing_made(vpc: VPC) -> None:
    wrong = [rule(icmp_type=8), rule(), rule(protocol="icmp", icmp_code=1)]
    with pytest.raises(Refusals) as error:
        create_network_acl(vpc.account, vpc=vpc, rules=wrong, by=BY)
    assert [each.target.name for each in error.value.each if each.target] == ["rules[0].type", "rules[2].type"]
    assert list(vpc.network_acls.all()) == [vpc.default_network_acl]


def test_a_copy_is_its_own(vpc: VPC, acl: NetworkACL) -> None:
    first = create_rule(acl, rule("first"), by=BY)
    copy = create_network_acl(vpc.account, vpc=vpc, source=acl, by=BY)
    delete_rule(first, by=BY)
    assert (names(acl), names(copy)) == ([], ["first"])


def test_every_rule_is_where_it_was_put(acl: NetworkACL) -> None:
    last = create_rule(acl, rule("last"), by=BY)
    for name in ("a", "b", "c"):
        create_rule(acl, rule(name, before=last.id), by=BY)
    create_rule(acl, rule("end"), by=BY)
    assert names(acl) == ["a", "b", "c", "last", "end"]
    assert len(set(positions(acl))) == 5


def test_a_rule_is_not_put_before_another_acls(vpc: VPC, acl: NetworkACL) -> None:
    assert vpc.default_network_acl
    foreign = vpc.default_network_acl.rules.all()[0]
    with pytest.raises(BadField):
        create_rule(acl, rule(before=foreign.id), by=BY)


MOVES = {
    "forward": ("c", "a", ["c", "a", "b"]),
    "backward": ("a", "c", ["b", "a", "c"]),
    "to-the-end": ("a", "", ["b", "c", "a"]),
    "nowhere": ("a", "b", ["a", "b", "c"]),
    "from-the-end-to-the-end": ("c", "", ["a", "b", "c"]),
}


@pytest.mark.parametrize(("which", "before", "expected"), MOVES.values(), ids=MOVES.keys())
def test_a_rule_is_moved(acl: NetworkACL, which: str, before: str, expected: list[str]) -> None:
    rules = {name: create_rule(acl, rule(name), by=BY) for name in "abc"}
    target = rules[before].id if before else ""
    replace_rule(rules[which], lambda row: rule(row.name, before=target), move=True, by=BY)
    assert names(acl) == expected
    assert len(set(positions(acl))) == 3


def test_a_rule_does_not_go_before_itself(acl: NetworkACL) -> None:
    only = create_rule(acl, rule(), by=BY)
    with pytest.raises(InvalidValue):
        replace_rule(only, lambda row: rule(before=row.id), move=True, by=BY)


def test_a_rule_that_was_deleted_meanwhile_is_not_changed(acl: NetworkACL) -> None:
    new_rule = create_rule(acl, rule(), by=BY)
    NetworkACLRule.objects.filter(pk=new_rule.pk).delete()
    with pytest.raises(NotFound):
        replace_rule(new_rule, lambda _: rule(), move=False, by=BY)


def test_a_rule_of_tcp_without_ports_is_for_all(acl: NetworkACL) -> None:
    new_rule = create_rule(acl, rule(protocol="tcp", source_port_min=7, source_port_max=8), by=BY)
    ranges = (
        new_rule.source_port_min,
        new_rule.source_port_max,
        new_rule.destination_port_min,
        new_rule.destination_port_max,
    )
    assert ranges == (7, 8, 1, 65_535)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("network_acls", lambda vpc, _: create_network_acl(vpc.account, vpc=vpc, by=BY)),
        ("network_acl_rules", lambda _, acl: create_rule(acl, rule(), by=BY)),
    ],
    ids=["acls", "rules"],
)
def test_network_acls_and_their_rules_have_a_quota(
    vpc: VPC, acl: NetworkACL, settings: Any, kind: str, make: Any
) -> None:
    create_rule(acl, rule(), by=BY)
    settings.BAREMINT_QUOTAS = {kind: 1}
    with pytest.raises(OverQuota):
        make(vpc, acl)


def test_names_are_the_only_ones_of_their_vpc_and_of_their_acl(vpc: VPC, acl: NetworkACL) -> None:
    with pytest.raises(NotUnique):
        create_network_acl(vpc.account, vpc=vpc, name="acl", by=BY)
    create_rule(acl, rule("a"), by=BY)
    with pytest.raises(NotUnique):
        create_rule(acl, rule("a"), by=BY)


def test_what_a_subnet_uses_stays(vpc: VPC, acl: NetworkACL) -> None:
    vpc.subnets.update(network_acl=acl)
    with pytest.raises(Conflict):
        delete_network_acl(acl, by=BY)


def test_changes_of_network_acls_are_recorded(acl: NetworkACL) -> None:
    rename(acl, event="is.network-acl.network-acl.update", name="new", by=BY)
    create_rule(acl, rule(), by=BY)
    delete_network_acl(acl, by=BY)
    recorded = ActivityEvent.objects.filter(action__startswith="is.network-acl.").order_by("pk")
    actions = [event.action.rpartition(".")[2] for event in recorded]
    assert actions == ["create", "update", "update", "delete"]
