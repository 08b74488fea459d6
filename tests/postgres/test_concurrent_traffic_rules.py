"""Floating IPs, rules and targets asked for at the same moment: nothing twice, nothing lost, no deadlock."""

from collections.abc import Callable
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel.errors import ApiError, Conflict, OverQuota
from servers.models import BareMetalServer, FloatingIP, NetworkInterface, SecurityGroup, Subnet
from servers.services.floating_ips import bind, create_floating_ip, unbind
from servers.services.network_acl_rules import AclRulePrototype, create_rule, replace_rule
from servers.services.network_acls import create_network_acl
from servers.services.security_groups import add_target, create_security_group, remove_target
from tests.world import REGION, World, make_account, make_server, make_virtual_interface, make_world

BY = Party("IBMid-ALICE00001", "Alice", "User")
ZONE = f"{REGION}-1"
CALLERS = 12

Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def here(on_postgresql: None) -> World:
    return make_world()


@pytest.fixture
def server(here: World) -> BareMetalServer:
    return make_server(here.account, name="web-1")


@pytest.fixture
def interface(server: BareMetalServer) -> NetworkInterface:
    return server.network_interfaces.get()


def sort_out(results: list[Any], refusal: type[ApiError]) -> tuple[list[Any], list[ApiError]]:
    """What was done, and what was refused; anything else is a failure."""
    raised = [each for each in results if isinstance(each, Exception)]
    refusals = [each for each in raised if isinstance(each, refusal)]
    assert raised == refusals
    return [each for each in results if each not in raised], refusals


# --- floating IPs --------------------------------------------------------------------------------------------------


def test_accounts_that_ask_at_the_same_moment_get_an_address_each_its_own(here: World, together: Together) -> None:
    accounts = [make_account(f"{number:032x}", f"IBMid-{number}") for number in range(CALLERS)]
    calls = [lambda account=each: create_floating_ip(account, region=REGION, zone=ZONE, by=BY) for each in accounts]
    successes, refusals = sort_out(together(calls), ApiError)
    assert (len({ip.address for ip in successes}), refusals) == (CALLERS, [])


def test_the_quota_of_a_zone_is_exact(here: World, together: Together, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"floating_ips": 5}
    make = [lambda: create_floating_ip(here.account, region=REGION, zone=ZONE, by=BY)]
    successes, refusals = sort_out(together(make * CALLERS), OverQuota)
    assert (len(successes), len(refusals), FloatingIP.objects.count()) == (5, CALLERS - 5, 5)


def test_an_interface_with_infrastructure_nat_gets_one_floating_ip(
    here: World, interface: NetworkInterface, together: Together
) -> None:
    ips = [create_floating_ip(here.account, region=REGION, zone=ZONE, by=BY) for _ in range(6)]
    successes, refusals = sort_out(together([lambda ip=ip: bind(interface, ip.id, by=BY) for ip in ips]), Conflict)
    assert (len(successes), len(refusals), interface.floating_ips.count()) == (1, 5, 1)


def test_of_floating_ips_that_take_each_others_place_the_last_one_stays(
    here: World, server: BareMetalServer, interface: NetworkInterface, together: Together
) -> None:
    ips = [create_floating_ip(here.account, region=REGION, zone=ZONE, by=BY) for _ in range(6)]
    before = BareMetalServer.objects.get().revision
    calls = [lambda ip=ip: bind(interface, ip.id, replace=True, by=BY) for ip in ips]
    successes, refusals = sort_out(together(calls), Conflict)
    assert (len(successes), refusals, interface.floating_ips.count()) == (6, [], 1)
    assert BareMetalServer.objects.get().revision == before + 6


def test_one_floating_ip_goes_to_one_of_two_interfaces(
    here: World, interface: NetworkInterface, together: Together
) -> None:
    ip = create_floating_ip(here.account, region=REGION, zone=ZONE, by=BY)
    virtual = make_virtual_interface(Subnet.objects.get())
    calls = [lambda: bind(interface, ip.id, by=BY), lambda: bind(virtual, ip.id, by=BY)]
    successes, refusals = sort_out(together(calls), Conflict)
    assert (len(successes), len(refusals)) == (1, 1)


def test_a_floating_ip_is_unbound_once(here: World, interface: NetworkInterface, together: Together) -> None:
    ip = create_floating_ip(here.account, region=REGION, target=interface.id, by=BY)
    before = BareMetalServer.objects.get().revision
    successes, refusals = sort_out(together([lambda: unbind(ip, by=BY)] * 4), Conflict)
    assert (len(successes), len(refusals)) == (1, 3)
    assert BareMetalServer.objects.get().revision == before + 1


# --- rules ---------------------------------------------------------------------------------------------------------


def rule(name: str, before: str = "") -> AclRulePrototype:
    ends = {"source": "0.0.0.0/0", "destination": "0.0.0.0/0"}
    return AclRulePrototype(action="allow", direction="inbound", protocol="any", name=name, before=before, **ends)


def test_rules_put_before_the_same_one_have_a_place_each(here: World, together: Together) -> None:
    vpc = make_virtual_interface(make_server(here.account, name="web-1").network_interfaces.get().subnet).vpc
    acl = create_network_acl(here.account, vpc=vpc, by=BY)
    last = create_rule(acl, rule("last"), by=BY)
    calls = [lambda n=n: create_rule(acl, rule(f"r-{n}", before=last.id), by=BY) for n in range(CALLERS)]
    calls.append(lambda: replace_rule(last, lambda row: rule(row.name), move=True, by=BY))
    sort_out(together(calls), Conflict)
    positions = list(acl.rules.values_list("position", flat=True))
    assert (len(positions), len(set(positions))) == (CALLERS + 1, CALLERS + 1)


def test_changes_of_one_rule_are_all_kept(here: World, together: Together) -> None:
    vpc = make_server(here.account, name="web-1").vpc
    acl = create_network_acl(here.account, vpc=vpc, by=BY)
    new_rule = create_rule(acl, rule("a"), by=BY)

    def change(**changes: str) -> Callable[[], Any]:
        fields = ("action", "direction", "protocol", "source", "destination", "name")
        return lambda: replace_rule(
            new_rule,
            lambda row: AclRulePrototype(**({name: getattr(row, name) for name in fields} | changes)),
            move=False,
            by=BY,
        )

    sort_out(together([change(action="deny"), change(name="b"), change(source="10.0.0.0/8")]), Conflict)
    new_rule.refresh_from_db()
    assert (new_rule.action, new_rule.name, new_rule.source) == ("deny", "b", "10.0.0.0/8")


# --- targets -------------------------------------------------------------------------------------------------------


def test_a_target_is_never_in_more_groups_than_the_quota(
    here: World, interface: NetworkInterface, together: Together
) -> None:
    vpc = interface.subnet.vpc
    groups = [create_security_group(here.account, vpc=vpc, by=BY) for _ in range(8)]
    successes, refusals = sort_out(together([lambda g=g: add_target(g, interface, by=BY) for g in groups]), OverQuota)
    assert (len(successes), len(refusals), interface.security_groups.count()) == (4, 4, 5)


def test_a_target_taken_out_of_all_its_groups_stays_in_one(
    here: World, interface: NetworkInterface, together: Together
) -> None:
    vpc = interface.subnet.vpc
    for _ in range(3):
        add_target(create_security_group(here.account, vpc=vpc, by=BY), interface, by=BY)
    groups = list(SecurityGroup.objects.filter(network_interfaces=interface))
    successes, refusals = sort_out(together([lambda g=g: remove_target(g, interface, by=BY) for g in groups]), Conflict)
    assert (len(successes), len(refusals), interface.security_groups.count()) == (3, 1, 1)
