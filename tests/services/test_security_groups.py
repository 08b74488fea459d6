"""Security groups: who is in them, what they let pass, what is recorded."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.errors import BadField, Conflict, InvalidValue, NotFound, NotUnique, OverQuota
from servers.models import VPC, NetworkInterface, SecurityGroup, SecurityGroupRule, VirtualNetworkInterface
from servers.services.resource_changes import rename
from servers.services.security_group_rules import RulePrototype, create_rule, delete_rule, replace_rule
from servers.services.security_groups import (
    add_default_rules,
    add_target,
    create_security_group,
    delete_security_group,
    find_target,
    remove_target,
    targets_of,
)
from servers.services.vpcs import create_vpc
from tests.world import ACCOUNT, OTHER_ACCOUNT, REGION, World, make_server, make_subnet, make_virtual_interface

UPDATE = "is.security-group.security-group.update"
BY = Party("IBMid-ALICE00001", "Alice", "User")
SSH = RulePrototype(direction="inbound", protocol="tcp", port_min=22, port_max=22)


@pytest.fixture
def vpc(world: World) -> VPC:
    return make_subnet(world.account).vpc


@pytest.fixture
def group(vpc: VPC) -> SecurityGroup:
    return create_security_group(vpc.account, vpc=vpc, name="ssh", by=BY)


@pytest.fixture
def interface(vpc: VPC) -> VirtualNetworkInterface:
    """In the default group of its VPC."""
    return make_virtual_interface(vpc.subnets.get())


def events() -> list[tuple[str, str]]:
    return [(event.action, event.target_name) for event in ActivityEvent.objects.order_by("pk")]


# --- groups --------------------------------------------------------------------------------------------------------


def test_a_default_group_lets_its_members_reach_each_other_and_everything(group: SecurityGroup) -> None:
    add_default_rules(group)
    rules = group.rules.values_list("name", "direction", "protocol", "remote", "remote_group")
    assert list(rules) == [
        ("inbound-icmp-tcp-udp-from-this-security-group", "inbound", "icmp_tcp_udp", "", group.pk),
        ("outbound-icmp-tcp-udp", "outbound", "icmp_tcp_udp", "0.0.0.0/0", None),
    ]


def test_a_group_of_no_rules_lets_nothing_pass(group: SecurityGroup) -> None:
    assert not group.rules.exists()


def test_what_cannot_be_made_whole_is_not_made(vpc: VPC) -> None:
    rules = [RulePrototype(direction="inbound", protocol="any", name="a")] * 2
    with pytest.raises(NotUnique) as error:
        create_security_group(vpc.account, vpc=vpc, rules=rules, by=BY)
    assert error.value.target
    assert error.value.target.name == "rules[1].name"
    assert list(vpc.security_groups.all()) == [vpc.default_security_group]


def test_a_name_is_the_only_one_of_its_vpc(vpc: VPC, group: SecurityGroup) -> None:
    with pytest.raises(NotUnique):
        create_security_group(vpc.account, vpc=vpc, name="ssh", by=BY)
    other = create_vpc(vpc.account, name="other", region=REGION, by=BY)
    assert create_security_group(vpc.account, vpc=other, name="ssh", by=BY).name == "ssh"


def test_a_group_is_not_renamed_to_another_ones_name(vpc: VPC, group: SecurityGroup) -> None:
    create_security_group(vpc.account, vpc=vpc, name="web", by=BY)
    with pytest.raises(NotUnique):
        rename(group, event=UPDATE, name="web", by=BY)


def test_changes_of_security_groups_are_recorded(group: SecurityGroup) -> None:
    rename(group, event=UPDATE, name="web", by=BY)
    delete_security_group(group, by=BY)
    assert events()[-3:] == [
        ("is.security-group.security-group.create", "ssh"),
        ("is.security-group.security-group.update", "web"),
        ("is.security-group.security-group.delete", "web"),
    ]


def test_a_group_that_refers_to_itself_goes(group: SecurityGroup) -> None:
    add_default_rules(group)
    delete_security_group(group, by=BY)
    assert not SecurityGroup.objects.filter(pk=group.pk).exists()


# --- rules ---------------------------------------------------------------------------------------------------------


def test_the_rules_of_a_group_have_a_quota(group: SecurityGroup, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"security_group_rules": 1}
    create_rule(group, SSH, by=BY)
    with pytest.raises(OverQuota):
        create_rule(group, SSH, by=BY)


def test_the_far_end_is_a_group_of_the_same_vpc(group: SecurityGroup) -> None:
    other = create_vpc(group.account, name="other", region=REGION, by=BY).default_security_group
    assert other
    with pytest.raises(BadField):
        create_rule(group, RulePrototype(direction="inbound", protocol="any", remote_group=other.id), by=BY)


def test_a_change_is_merged_into_the_rule_as_it_is_now(group: SecurityGroup) -> None:
    stale = create_rule(group, SSH, by=BY)
    SecurityGroupRule.objects.update(port_max=24)
    rule_prototype = {"direction": "outbound", "protocol": "tcp", "port_min": 22}
    updated_rule = replace_rule(stale, lambda rule: RulePrototype(port_max=rule.port_max, **rule_prototype), by=BY)  # type: ignore[arg-type]
    assert (updated_rule.direction, updated_rule.port_max) == ("outbound", 24)


def test_rules_are_changes_of_their_group(group: SecurityGroup) -> None:
    rule = create_rule(group, SSH, by=BY)
    delete_rule(rule, by=BY)
    assert events()[-2:] == [("is.security-group.security-group.update", "ssh")] * 2


def test_a_rule_that_was_deleted_meanwhile_is_not_changed(group: SecurityGroup) -> None:
    rule = create_rule(group, SSH, by=BY)
    SecurityGroupRule.objects.all().delete()
    with pytest.raises(NotFound):
        replace_rule(rule, lambda _: SSH, by=BY)


# --- targets -------------------------------------------------------------------------------------------------------


def test_a_target_comes_once(group: SecurityGroup, interface: VirtualNetworkInterface) -> None:
    for _ in range(2):
        add_target(group, interface, by=BY)
    assert targets_of(group) == [interface]
    assert events()[-1] == ("is.security-group.security-group.update", "ssh")
    assert events().count(events()[-1]) == 1


def test_a_target_of_another_vpc_is_refused(group: SecurityGroup) -> None:
    elsewhere = create_vpc(group.account, name="other", region=REGION, by=BY)
    foreign = make_virtual_interface(make_subnet(group.account, vpc=elsewhere, name="there"))
    with pytest.raises(InvalidValue):
        add_target(group, foreign, by=BY)


def test_a_group_has_so_many_targets_and_no_more(vpc: VPC, group: SecurityGroup, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"security_group_targets": 1}
    first, second = (make_virtual_interface(vpc.subnets.get(), name=name) for name in "ab")
    add_target(group, first, by=BY)
    with pytest.raises(OverQuota):
        add_target(group, second, by=BY)


def test_a_target_is_in_so_many_groups_and_no_more(
    group: SecurityGroup, interface: VirtualNetworkInterface, settings: Any
) -> None:
    settings.BAREMINT_QUOTAS = {"security_groups_of_target": 1}
    with pytest.raises(OverQuota):
        add_target(group, interface, by=BY)


def test_a_target_is_not_taken_out_of_its_only_group(vpc: VPC, interface: VirtualNetworkInterface) -> None:
    assert vpc.default_security_group
    with pytest.raises(Conflict):
        remove_target(vpc.default_security_group, interface, by=BY)
    assert interface.security_groups.get() == vpc.default_security_group


def test_a_target_is_found_by_its_own_account_in_its_own_region(world: World) -> None:
    interface = make_server(world.account, name="web-1").network_interfaces.get()
    assert find_target(ACCOUNT, REGION, interface.id) == interface
    assert find_target(OTHER_ACCOUNT, REGION, interface.id) is None
    assert find_target(ACCOUNT, "eu-de", interface.id) is None


def test_targets_of_both_kinds_come_oldest_first(world: World, vpc: VPC, group: SecurityGroup) -> None:
    make_server(world.account, name="web-1")
    own = NetworkInterface.objects.get()
    virtual = make_virtual_interface(vpc.subnets.get())
    for target in (virtual, own):
        add_target(group, target, by=BY)
    assert targets_of(group) == [own, virtual]
