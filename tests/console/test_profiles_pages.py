"""Trusted profiles: the list, one of them, a rule tried out before it trusts, links made and deleted."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.console.presenters.form_snapshot import link_shown, rule_shown
from controlplane.console.presenters.profiles import ROWS
from servers.models import BareMetalServer
from tests.forms import as_shown
from tests.multitude import multiply
from tests.policies import attribute, make_content
from tests.world import World, make_profile, make_server
from trustedprofiles.models import ClaimRule, ProfileLink, TrustedProfile
from trustedprofiles.services.access_groups import create_group
from trustedprofiles.services.group_members import add_members
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.rules import RuleContent, create_rule

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    return make_profile(world.account, name="reader")


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


def path(profile: TrustedProfile, leaf: str = "") -> str:
    return f"/profiles/{profile.id}{leaf}"


def condition(claim: str, operator: str, value: str) -> dict[str, str]:
    return {"claim-0": claim, "operator-0": operator, "value-0": value}


def rule(profile: TrustedProfile, value: str) -> ClaimRule:
    conditions = [{"claim": "name", "operator": "EQUALS", "value": value}]
    content = RuleContent(type="Profile-CR", cr_type="BMS", name="by name", conditions=conditions)
    return create_rule(profile, content=content, by=Party())


def test_the_list_counts_links_rules_and_policies(alice: Client, world: World, profile: TrustedProfile) -> None:
    rule(profile, "web-1")
    create_policy(world.account, content=make_content(profile.iam_id), api_version="v1", by=Party())
    numbers = '<td class="number">0</td><td class="number">1</td><td class="number">1</td>'
    assert numbers in alice.get("/profiles").content.decode()


def test_policies_of_access_groups_are_counted_and_shown_with_their_group(
    alice: Client, world: World, profile: TrustedProfile
) -> None:
    group = create_group(world.account, name="night shift", by=Party())
    content = make_content(subject=[attribute("access_group_id", group.id)])
    policy = create_policy(world.account, content=content, api_version="v1", by=Party())
    cell = f'id="policy-{policy.id}"><td>Viewer <span class="hint">through access group night shift</span>'
    assert cell not in alice.get(path(profile)).content.decode()
    add_members(group, members=[(profile.iam_id, "profile")], by=Party())
    assert cell in alice.get(path(profile)).content.decode()
    numbers = '<td class="number">0</td><td class="number">0</td><td class="number">1</td>'
    assert numbers in alice.get("/profiles").content.decode()


def test_the_list_takes_the_same_queries_for_one_and_for_many(
    alice: Client, world: World, profile: TrustedProfile
) -> None:
    alice.get("/profiles")
    with CaptureQueriesContext(connection) as one:
        alice.get("/profiles")
    for number in range(5):
        make_profile(world.account, name=f"more-{number}")
    with CaptureQueriesContext(connection) as many:
        alice.get("/profiles")
    assert len(many) == len(one)


def test_a_rule_says_which_servers_it_describes_now(
    alice: Client, profile: TrustedProfile, server: BareMetalServer
) -> None:
    rule(profile, "web-1")
    rule(profile, "other")
    page = alice.get(path(profile)).content.decode()
    assert "Describes now:</span> web-1" in page
    assert "Describes none of the 1 servers now." in page


def test_a_rule_is_tried_out_before_it_trusts(alice: Client, profile: TrustedProfile, server: BareMetalServer) -> None:
    page = alice.post(path(profile, "/preview"), condition("zone", "EQUALS", server.zone)).content.decode()
    assert "Would trust 1 of 1 server" in page
    page = alice.post(path(profile, "/preview"), condition("zone", "EQUALS", "moon-1")).content.decode()
    assert "Would trust 0 of 1 server" in page
    assert "zone EQUALS moon-1 does not hold, it is us-south-1" in page
    assert not ClaimRule.objects.exists()


def test_a_rule_is_added(alice: Client, profile: TrustedProfile) -> None:
    body = {"rule_name": "ours", **condition("region", "EQUALS", "us-south")}
    assert alice.post(path(profile, "/rules"), body)["Location"] == path(profile)
    claim_rule = ClaimRule.objects.get()
    assert (claim_rule.name, claim_rule.cr_type) == ("ours", "BMS")
    assert claim_rule.conditions == [{"claim": "region", "operator": "EQUALS", "value": "us-south"}]


@pytest.mark.parametrize(
    "body", [{}, condition("colour", "EQUALS", "red"), condition("zone", "LIKES", "x"), condition("zone", "IN", "{}")]
)
def test_a_rule_that_can_never_hold_is_refused_in_words(
    alice: Client, profile: TrustedProfile, body: dict[str, str]
) -> None:
    answer = alice.post(path(profile, "/rules"), body)
    assert (answer.status_code, 'class="note error"' in answer.content.decode()) == (400, True)
    assert not ClaimRule.objects.exists()


def test_a_rule_is_deleted(alice: Client, profile: TrustedProfile) -> None:
    new_rule = rule(profile, "web-1")
    answer = alice.post(
        path(profile, "/rules/delete"), {"rule": new_rule.id, **as_shown(rule_shown(new_rule))}, headers=SCRIPT
    )
    assert (answer.status_code, ClaimRule.objects.count()) == (204, 0)


def test_a_server_is_linked_and_unlinked(alice: Client, profile: TrustedProfile, server: BareMetalServer) -> None:
    alice.post(path(profile, "/links"), {"server": server.id})
    link = ProfileLink.objects.get()
    assert f"/servers/{server.id}" in alice.get(path(profile)).content.decode()
    alice.post(path(profile, "/links/delete"), {"link": link.id, **as_shown(link_shown(link))}, headers=SCRIPT)
    assert not ProfileLink.objects.exists()


@pytest.mark.parametrize("leaf", ["/links", "/links/delete", "/rules/delete"])
def test_what_is_not_there_is_not_changed(alice: Client, profile: TrustedProfile, leaf: str) -> None:
    body = {"server": "x", "link": "\0", "rule": "x"}
    assert alice.post(path(profile, leaf), body, headers=SCRIPT).status_code == 404


@pytest.mark.parametrize("leaf", ["/links", "/links/delete", "/rules", "/rules/delete"])
def test_who_only_looks_changes_nothing(victor: Client, profile: TrustedProfile, leaf: str) -> None:
    assert victor.post(path(profile, leaf), condition("zone", "EQUALS", "x"), headers=SCRIPT).status_code == 403
    assert ActivityEvent.objects.filter(outcome="failure", initiator_name="victor").count() == 1
    assert "New claim rule" not in victor.get(path(profile)).content.decode()


def test_another_accounts_profile_is_not_there(alice: Client, world: World) -> None:
    assert alice.get(path(make_profile(world.other_account, name="theirs"))).status_code == 404


def test_names_are_only_names(alice: Client, world: World) -> None:
    profile = make_profile(world.account, name="<script>alert(1)</script>")
    for where in ("/profiles", path(profile)):
        assert "<script>alert" not in alice.get(where).content.decode()


# --- Explain --------------------------------------------------------------------------------------------------


def test_a_decision_is_explained_with_what_would_change_it(
    alice: Client, profile: TrustedProfile, server: BareMetalServer
) -> None:
    page = alice.get(f"/explain?server=web-1&profile={profile.name}").content.decode()
    assert "Denied" in page
    assert f"POST /v1/profiles/{profile.id}/links" in page


def test_profile_and_server_go_by_their_names(
    alice: Client, world: World, profile: TrustedProfile, server: BareMetalServer
) -> None:
    more = ({"key": "vpcId", "operator": "stringEquals", "value": server.vpc.id},)
    create_policy(world.account, content=make_content(profile.iam_id, more=more), api_version="v1", by=Party())
    query = f"subject={profile.name}&action=is.bare-metal-server.bare-metal-server.read&resource=web-1"
    assert "Allowed" in alice.get(f"/explain?{query}").content.decode()
    assert "The nearest: web-1." in alice.get(f"/explain?{query}0").content.decode()


def test_a_permission_is_explained(alice: Client, world: World, profile: TrustedProfile) -> None:
    create_policy(world.account, content=make_content(profile.iam_id), api_version="v1", by=Party())
    page = alice.get(f"/explain?subject={profile.iam_id}&action=is.vpc.vpc.list").content.decode()
    assert "Allowed" in page
    assert "role Viewer" in page


NO_QUESTIONS = {
    "server=unknown": "There is no bare metal server of this id, CRN or name in your account.",
    "action=is.vpc.vpc.lists": "No operation asks for this action. The nearest: is.vpc.vpc.list",
    "action=is.vpc.vpc.list&resource[regoin]=us-south": "A resource has no such attribute. The nearest: region.",
    "action=is.vpc.vpc.list&server=x": "server and action belong to different questions.",
    "token=x&action=y": "A token does not belong into a URL. Use POST.",
    "server=%00": "There is no bare metal server of this id, CRN or name in your account.",
}


@pytest.mark.parametrize(("query", "words"), NO_QUESTIONS.items())
def test_a_question_that_is_none_is_answered_in_words(alice: Client, query: str, words: str) -> None:
    answer = alice.get(f"/explain?{query}")
    assert answer.status_code == 400
    assert words in answer.content.decode()


def test_about_others_only_who_may_explain_asks(nora: Client, profile: TrustedProfile) -> None:
    assert nora.get("/explain?action=is.vpc.vpc.list").status_code == 200
    assert nora.get(f"/explain?subject={profile.iam_id}&action=is.vpc.vpc.list").status_code == 403


def test_a_long_list_of_profiles_has_pages(alice: Client, profile: TrustedProfile) -> None:
    multiply(profile, ROWS)
    first, second = (alice.get(f"/profiles?page={page}").content.decode() for page in (1, 2))
    assert f"1-{ROWS} of {ROWS + 1}" in first
    assert 'href="/profiles?page=2"' in first
    assert second.count('<th scope="row"') == 1
