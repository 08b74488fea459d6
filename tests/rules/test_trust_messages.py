"""What each link and rule says of a server that it does not trust, word for word: operators mend their rules by it."""

import pytest

from tests.build import FACTS, make_facts
from trustedprofiles.claim_conditions import ClaimCondition
from trustedprofiles.trust import LinkFacts, RuleFacts, consider

SUBNETS = ClaimCondition("subnet_id", "EQUALS", "s-9")


def told(*rules: RuleFacts, links: tuple[LinkFacts, ...] = (), **claims: str | tuple[str, ...]) -> list[str]:
    account = FACTS.account_id
    return [str(each) for each in consider(FACTS, links=links, rules=rules, claims=claims, profile_account_id=account)]


def test_a_rule_without_a_name_is_told_by_its_id() -> None:
    assert str(RuleFacts("rule-1", "BMS", ())) == "rule rule-1"


def test_a_link_to_another_server_says_that_it_names_another() -> None:
    link = LinkFacts("link-1", "BMS", f"{FACTS.crn}0")
    assert told(links=(link,)) == ["link link-1 does not apply: it names another resource"]


@pytest.mark.parametrize(
    ("subnets", "what_it_is"),
    [(("s-1", "s-2"), "it is s-1, s-2"), (("s-1",), "it is s-1"), ((), "it is empty"), ("s-1", "it is s-1")],
)
def test_a_condition_that_does_not_hold_is_told_with_every_value_that_the_server_has(
    subnets: str | tuple[str, ...], what_it_is: str
) -> None:
    [because] = told(RuleFacts("rule-1", "BMS", (SUBNETS,)), subnet_id=subnets)
    assert because == f"rule rule-1 does not apply: subnet_id EQUALS s-9 does not hold, {what_it_is}"


def test_all_that_a_rule_or_a_link_lacks_is_told() -> None:
    [because] = told(RuleFacts("rule-1", "BMS", (SUBNETS, SUBNETS)), subnet_id="s-1")
    assert because.removeprefix("rule rule-1 does not apply: ") == "; ".join(
        ["subnet_id EQUALS s-9 does not hold, it is s-1"] * 2
    )
    [considered] = consider(
        make_facts(account_id="b" * 32),
        links=[LinkFacts("link-1", "VSI", FACTS.crn)],
        rules=[],
        claims={},
        profile_account_id=FACTS.account_id,
    )
    assert considered.missing == (
        "it is for VSI, not BMS",
        "the server is of another account. Link it with is_cross_account",
    )
