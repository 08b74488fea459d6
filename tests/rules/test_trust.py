"""A profile trusts a server when a link names it."""

import pytest

from controlplane.kernel.verdict import Allowed
from tests.build import FACTS, make_facts
from tests.rules.cases import decide_trust
from trustedprofiles.trust import LinkFacts

HOME = FACTS.account_id
ELSEWHERE = "b" * 32
LINK = LinkFacts("link-1", "BMS", FACTS.crn)


def test_a_link_that_names_the_server_suffices_and_is_named() -> None:
    other = LinkFacts("link-0", "BMS", f"{FACTS.crn}0")
    verdict = decide_trust(FACTS, links=[other, LINK], profile_account_id=HOME)
    assert verdict == Allowed("link link-1 names this server", source="link-1")


NO_TRUST = {
    "no-link": [],
    "another-server": [LinkFacts("link-1", "BMS", f"{FACTS.crn}0")],
    "a-virtual-server": [LinkFacts("link-1", "VSI", FACTS.crn)],
    "another-case": [LinkFacts("link-1", "BMS", FACTS.crn.upper())],
    "the-beginning-of-its-crn": [LinkFacts("link-1", "BMS", FACTS.crn[:-1])],
    "no-crn": [LinkFacts("link-1", "BMS", "")],
}


@pytest.mark.parametrize("links", NO_TRUST.values(), ids=NO_TRUST.keys())
def test_a_link_that_does_not_name_the_server_makes_no_trust(links: list[LinkFacts]) -> None:
    assert not decide_trust(FACTS, links=links, profile_account_id=HOME)


def test_a_refusal_says_how_to_link() -> None:
    assert "Link it: cr_type BMS, crn of the server." in decide_trust(FACTS, links=[], profile_account_id=HOME).because


def test_a_server_of_another_account_is_not_trusted_by_a_plain_link() -> None:
    assert not decide_trust(make_facts(account_id=ELSEWHERE), links=[LINK], profile_account_id=HOME)


def test_a_refusal_of_a_server_of_another_account_names_the_link_and_what_it_lacks() -> None:
    because = decide_trust(make_facts(account_id=ELSEWHERE), links=[LINK], profile_account_id=HOME).because
    assert "link link-1 does not apply: the server is of another account" in because
    assert "is_cross_account" in because


def test_a_server_of_another_account_is_trusted_by_a_cross_account_link() -> None:
    link = LinkFacts("link-2", "BMS", FACTS.crn, is_cross_account=True)
    assert decide_trust(make_facts(account_id=ELSEWHERE), links=[LINK, link], profile_account_id=HOME)


def test_a_cross_account_link_works_within_its_own_account() -> None:
    link = LinkFacts("link-2", "BMS", FACTS.crn, is_cross_account=True)
    assert decide_trust(FACTS, links=[link], profile_account_id=HOME)
