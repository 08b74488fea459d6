"""A profile trusts a server when all conditions of any claim rule hold, or when any link names it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.kernel.verdict import Allowed
from tests.build import FACTS, make_facts
from tests.rules.cases import decide_trust
from trustedprofiles.claim_conditions import ClaimCondition, claims_of
from trustedprofiles.trust import LinkFacts, RuleFacts

HOME = FACTS.account_id
HERE = claims_of(FACTS, resource_group_name="Default")
ZONE_1 = ClaimCondition("zone", "EQUALS", '"us-south-1"')
ZONE_2 = ClaimCondition("zone", "EQUALS", '"us-south-2"')
NAMED = ClaimCondition("name", "EQUALS", '"web-1"')


def rule(*conditions: ClaimCondition, cr_type: str = "BMS", id: str = "rule-1", name: str = "") -> RuleFacts:
    return RuleFacts(id, cr_type, conditions, name)


def trusted(*rules: RuleFacts, links: tuple[LinkFacts, ...] = (), home: str = HOME) -> object:
    return decide_trust(FACTS, links=links, rules=rules, claims=HERE, profile_account_id=home)


def test_a_rule_whose_condition_holds_suffices_and_is_named() -> None:
    assert trusted(rule(ZONE_1)) == Allowed("rule rule-1 holds", source="rule-1")


def test_a_rule_with_a_name_is_told_by_it() -> None:
    assert "rule rule-1 (zone one) holds" in str(trusted(rule(ZONE_1, name="zone one")))


def test_all_conditions_of_a_rule_must_hold() -> None:
    assert trusted(rule(ZONE_1, NAMED))
    assert not trusted(rule(ZONE_1, NAMED, ZONE_2))


def test_any_rule_suffices() -> None:
    assert trusted(rule(ZONE_2, id="rule-0"), rule(ZONE_1))


def test_conditions_of_two_rules_are_not_joined() -> None:
    assert not trusted(rule(ZONE_1, ZONE_2), rule(ZONE_2, NAMED, id="rule-2"))


def test_a_link_suffices_beside_a_rule_that_does_not_hold() -> None:
    link = LinkFacts("link-1", "BMS", FACTS.crn)
    assert trusted(rule(ZONE_2), links=(link,)) == Allowed("link link-1 names this server", source="link-1")


@pytest.mark.parametrize("cr_type", ["VSI", "PVS", "IKS_SA", "ROKS_SA", "CE", "bms", ""])
def test_a_rule_for_another_type_never_holds(cr_type: str) -> None:
    assert not trusted(rule(ZONE_1, cr_type=cr_type))


def test_a_rule_without_conditions_trusts_no_server() -> None:
    assert not trusted(rule())


def test_a_rule_never_trusts_a_server_of_another_account() -> None:
    verdict = decide_trust(
        make_facts(account_id="b" * 32), links=[], rules=[rule(ZONE_1)], claims=HERE, profile_account_id=HOME
    )
    assert not verdict
    assert "rules trust their own account's servers only" in verdict.because


def test_a_refusal_tells_of_the_nearest_rule_what_does_not_hold_and_what_is() -> None:
    because = trusted(rule(ZONE_2, NAMED), rule(ZONE_2, ClaimCondition("vpc_id", "EQUALS", "x"), id="rule-2")).because  # type: ignore[attr-defined]
    assert because.startswith("no link or rule of it applies. The nearest: rule rule-1 does not apply: ")
    assert 'zone EQUALS "us-south-2" does not hold, it is us-south-1' in because


def test_a_refusal_tells_of_a_claim_that_no_server_has() -> None:
    because = trusted(rule(ClaimCondition("instance_group_name", "EQUALS", "x"))).because  # type: ignore[attr-defined]
    assert "the server has no such claim" in because


some_conditions = st.lists(st.sampled_from([ZONE_1, ZONE_2, NAMED]), max_size=4).map(tuple)
some_rules = st.lists(some_conditions, max_size=4).map(
    lambda made: tuple(rule(*conditions, id=f"rule-{number}") for number, conditions in enumerate(made))
)


@given(some_rules, some_conditions)
def test_another_rule_never_takes_trust_away(rules: tuple[RuleFacts, ...], more: tuple[ClaimCondition, ...]) -> None:
    if trusted(*rules):
        assert trusted(*rules, rule(*more, id="rule-more"))


@given(some_rules)
def test_a_rule_less_never_gives_trust(rules: tuple[RuleFacts, ...]) -> None:
    if not trusted(*rules):
        assert not any(trusted(*rules[:number], *rules[number + 1 :]) for number in range(len(rules)))


@given(some_conditions, some_conditions)
def test_another_condition_never_gives_trust(
    some: tuple[ClaimCondition, ...], more: tuple[ClaimCondition, ...]
) -> None:
    if some and not trusted(rule(*some)):
        assert not trusted(rule(*some, *more))
