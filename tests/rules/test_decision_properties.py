"""What holds for every decision, whatever the policies, links and rules; and every explanation says the same."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from controlplane.kernel.facts import ServerFacts
from tests.build import FACTS, make_facts
from tests.rules.cases import ACCOUNT, Question, as_sent, policies, questions, rules, sets
from trustedprofiles import policy_conditions, trust
from trustedprofiles.access import SERVICE_ATTRIBUTES, SHARED, PolicyFacts, matches
from trustedprofiles.api.policy_requests import V1Body
from trustedprofiles.claim_conditions import CLAIMS, OPERATORS, ClaimCondition, claims_of
from trustedprofiles.explanation_shapes import Explanation
from trustedprofiles.explanations import explain_links_and_rules, explain_policies
from trustedprofiles.models import TrustedProfile
from trustedprofiles.policy_conditions import Condition
from trustedprofiles.service_roles import ROLES
from trustedprofiles.trust import LinkFacts, RuleFacts

pytestmark = pytest.mark.thorough

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
many = settings(max_examples=300, deadline=None)


# --- policies ---------------------------------------------------------------------------------------------------


def explained(question: Question, *given_policies: PolicyFacts) -> Explanation:
    return explain_policies(
        question.consider(*given_policies),
        account_id=ACCOUNT,
        subject=question.subject,
        action=question.action,
        resource=question.resource,
    )


def fits(policy: PolicyFacts, question: Question) -> bool:
    """The decision in one sentence."""
    return (
        policy.state == "active"
        and policy.subject_iam_id.lower() == question.subject.lower()
        and any(role.grants(question.action) for role in policy.roles)
        and all(matches(condition, question.resource) for condition in policy.resource)
        and (policy.rule is None or policy_conditions.holds(policy.rule, resource=question.resource, now=question.now))
    )


def as_policy(body: dict[str, Any]) -> PolicyFacts:
    """The policy that a v1 body makes. Raises for a body that the API refuses."""
    checked_body = V1Body.check(body)
    [subject], [resource] = checked_body["subjects"], checked_body["resources"]
    return PolicyFacts(
        id="made",
        subject_iam_id=subject["attributes"][0]["value"],
        roles=tuple(ROLES[each["role_id"]] for each in checked_body["roles"]),
        resource=tuple(Condition(each["name"], each["operator"], each["value"]) for each in resource["attributes"]),
    )


@pytest.mark.parametrize("outcome", [True, False])
def test_the_cases_are_of_both_kinds(outcome: bool) -> None:
    """Or else the tests below would say nothing."""
    pairs = st.tuples(questions, st.lists(policies, min_size=1))
    find(pairs, lambda pair: bool(pair[0].decide(*pair[1])) is outcome)


@many
@given(question=questions, given_policies=sets)
def test_access_is_granted_by_a_policy_that_fits_and_by_nothing_else(
    question: Question, given_policies: list[PolicyFacts]
) -> None:
    assert bool(question.decide(*given_policies)) == any(fits(policy, question) for policy in given_policies)


@many
@given(question=questions, given_policies=sets)
def test_policies_of_others_and_deleted_ones_are_as_none(question: Question, given_policies: list[PolicyFacts]) -> None:
    others = [replace(policy, subject_iam_id="iam-Profile-other") for policy in given_policies]
    deleted = [replace(policy, state="deleted") for policy in given_policies]
    assert not question.decide(*others, *deleted)


@many
@given(question=questions, given_policies=sets, more=policies, at=st.integers(0, 4))
def test_adding_a_policy_never_removes_access(
    question: Question, given_policies: list[PolicyFacts], more: PolicyFacts, at: int
) -> None:
    wider = [*given_policies[:at], more, *given_policies[at:]]
    assert bool(question.decide(*given_policies)) <= bool(question.decide(*wider))


@many
@given(question=questions, policy=policies, condition=st.just(Condition("region", "stringEquals", "r1")) | st.none())
def test_a_further_condition_never_adds_access(
    question: Question, policy: PolicyFacts, condition: Condition | None
) -> None:
    narrower = replace(policy, resource=(*policy.resource, condition)) if condition else replace(policy, roles=())
    assert bool(question.decide(narrower)) <= bool(question.decide(policy))


@many
@given(question=questions, given_policies=sets, data=st.data())
def test_the_order_of_policies_is_irrelevant(
    question: Question, given_policies: list[PolicyFacts], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(given_policies))
    assert bool(question.decide(*shuffled)) == bool(question.decide(*given_policies))


@many
@given(question=questions, given_policies=sets)
def test_an_explanation_says_what_the_decision_says(question: Question, given_policies: list[PolicyFacts]) -> None:
    verdict, answer = question.decide(*given_policies), explained(question, *given_policies)
    assert (answer["decision"], answer["because"]) == ("allow" if verdict else "deny", verdict.because)
    assert ("decided_by" in answer, "nearest" in answer) == (bool(verdict), not verdict)


@many
@given(question=questions, given_policies=sets)
def test_what_an_explanation_names_as_decisive_suffices_alone(
    question: Question, given_policies: list[PolicyFacts]
) -> None:
    answer = explained(question, *given_policies)
    if "decided_by" in answer:
        [alone] = [policy for policy in given_policies if policy.id == answer["decided_by"]["id"]]
        role = answer["decided_by"]["role"]["crn"]
        assert question.decide(replace(alone, roles=tuple(each for each in alone.roles if each.crn == role)))


@many
@given(question=questions, given_policies=sets)
def test_each_policy_that_was_considered_applies_as_it_does_alone(
    question: Question, given_policies: list[PolicyFacts]
) -> None:
    by_id = {policy.id: policy for policy in given_policies}
    considered = explained(question, *given_policies)["considered"]
    assert [each["applies"] for each in considered] == [bool(question.decide(by_id[each["id"]])) for each in considered]
    assert all(each["applies"] == (each["missing"] == []) for each in considered)
    assert [len(each["missing"]) for each in considered] == sorted(len(each["missing"]) for each in considered)


@many
@given(question=questions, given_policies=sets)
def test_the_policy_that_a_refusal_offers_makes_it_an_allowance(
    question: Question, given_policies: list[PolicyFacts]
) -> None:
    answer = explained(question, *given_policies)
    if answer["decision"] == "deny":
        policy = as_policy(answer["nearest"]["request"]["body"])
        assert question.decide(*given_policies, policy)
        assert explained(question, *given_policies, policy)["decision"] == "allow"


@many
@given(question=questions, given_policies=sets)
def test_what_is_offered_is_no_more_than_what_was_asked_for(
    question: Question, given_policies: list[PolicyFacts]
) -> None:
    answer = explained(question, *given_policies)
    if answer["decision"] == "deny":
        policy = as_policy(answer["nearest"]["request"]["body"])
        # What no account owns is anywhere in the service.
        shared = question.action.startswith(SHARED)
        attributes = {
            name: value for name, value in question.resource.items() if not shared or name in SERVICE_ATTRIBUTES
        }
        for name, value in attributes.items():
            elsewhere = replace(question, resource=question.resource | {name: f"{value}0"})
            assert not elsewhere.decide(policy)


@given(question=questions)
def test_what_the_question_says_of_the_services_type_changes_nothing(question: Question) -> None:
    """The service says it: platform services are known."""
    other_question = replace(question, resource=question.resource | {"serviceType": "of my own"})
    assert other_question.decide(as_policy(explained(other_question)["nearest"]["request"]["body"]))


@pytest.mark.parametrize("action", ["is.unknown.action", "", "is"])
def test_nothing_is_offered_for_an_action_that_is_none(action: str) -> None:
    question = Question("iam-Profile-1", action, {"accountId": ACCOUNT, "serviceName": "is"}, NOW)
    assert "request" not in explained(question)["nearest"]


def test_nothing_is_offered_for_a_resource_of_another_account() -> None:
    question = Question("iam-Profile-1", "is.vpc.vpc.read", {"accountId": "b" * 32, "serviceName": "is"}, NOW)
    nearest = explained(question)["nearest"]
    assert nearest == {"because": "The resource is of another account, where no policy of this one grants anything."}


@many
@given(rule=rules)
def test_every_rule_that_policies_are_made_of_here_is_one_that_the_api_takes(rule: policy_conditions.Rule) -> None:
    assert policy_conditions.parse(as_sent(rule)) == rule


# --- trust ------------------------------------------------------------------------------------------------------

OTHER = f"{FACTS.crn}0"
servers = st.sampled_from([FACTS, make_facts(account_id="b" * 32)])
links = st.builds(
    LinkFacts,
    id=st.uuids().map(str),
    cr_type=st.sampled_from(["BMS", "BMS", "VSI"]),
    crn=st.sampled_from([FACTS.crn, OTHER]),
    is_cross_account=st.booleans(),
)
conditions = st.builds(
    ClaimCondition,
    st.sampled_from(["zone", "name", "subnet_id", "ip_addresses.address"]) | st.sampled_from(CLAIMS),
    st.sampled_from(OPERATORS),
    st.sampled_from(['"us-south-1"', "web-1", '"WEB-1"', '["us-south-1", "web-1"]', '"0717-s"', '"10.240.0.4"', "web"]),
)
claim_rules = st.builds(
    RuleFacts,
    id=st.uuids().map(str),
    cr_type=st.sampled_from(["BMS", "BMS", "VSI"]),
    conditions=st.lists(conditions, max_size=3).map(tuple),
)
trusting = st.lists(links | claim_rules, max_size=4)
PROFILE = TrustedProfile(id="Profile-1", account_id=FACTS.account_id)

Trust = list[LinkFacts | RuleFacts]


def consider(facts: ServerFacts, by: Trust) -> list[trust.Consideration]:
    return trust.consider(
        facts,
        links=[each for each in by if isinstance(each, LinkFacts)],
        rules=[each for each in by if isinstance(each, RuleFacts)],
        claims=claims_of(facts, resource_group_name="Default"),
        profile_account_id=FACTS.account_id,
    )


def trusted(facts: ServerFacts, by: Trust) -> bool:
    return bool(trust.verdict(consider(facts, by)))


def explained_trust(facts: ServerFacts, by: Trust) -> Explanation:
    return explain_links_and_rules(consider(facts, by), profile=PROFILE, facts=facts)


@pytest.mark.parametrize("kind", [LinkFacts, RuleFacts])
@pytest.mark.parametrize("outcome", [True, False])
def test_the_cases_of_trust_are_of_all_kinds(kind: type, outcome: bool) -> None:
    find(links | claim_rules, lambda by: isinstance(by, kind) and trusted(FACTS, [by]) is outcome)


@many
@given(facts=servers, by=trusting, at=st.integers(0, 3))
def test_removing_a_link_or_a_rule_never_adds_trust(facts: ServerFacts, by: Trust, at: int) -> None:
    assert trusted(facts, by[:at] + by[at + 1 :]) <= trusted(facts, by)


@many
@given(facts=servers, by=trusting, data=st.data())
def test_the_order_of_links_and_rules_is_irrelevant(facts: ServerFacts, by: Trust, data: st.DataObject) -> None:
    assert trusted(facts, data.draw(st.permutations(by))) == trusted(facts, by)


@many
@given(facts=servers, rule=claim_rules, condition=conditions)
def test_a_further_condition_of_a_rule_never_adds_trust(
    facts: ServerFacts, rule: RuleFacts, condition: ClaimCondition
) -> None:
    if rule.conditions:  # a rule without any trusts no identity
        narrower = replace(rule, conditions=(*rule.conditions, condition))
        assert trusted(facts, [narrower]) <= trusted(facts, [rule])


@many
@given(by=trusting)
def test_another_accounts_server_is_trusted_by_a_link_that_says_so_alone(by: Trust) -> None:
    foreign = make_facts(account_id="b" * 32)
    link_facts = LinkFacts("", "BMS", FACTS.crn, is_cross_account=True)
    assert trusted(foreign, by) == any(
        isinstance(each, LinkFacts) and replace(each, id="") == link_facts for each in by
    )


@many
@given(facts=servers, by=trusting)
def test_an_explanation_of_trust_says_what_the_decision_says(facts: ServerFacts, by: Trust) -> None:
    verdict, answer = trust.verdict(consider(facts, by)), explained_trust(facts, by)
    assert (answer["decision"], answer["because"]) == ("allow" if verdict else "deny", verdict.because)
    if verdict:
        decisive = [each for each in by if each.id == answer["decided_by"]["id"]]
        assert trusted(facts, decisive)


@many
@given(facts=servers, by=trusting)
def test_the_link_that_is_offered_makes_it_trust(facts: ServerFacts, by: Trust) -> None:
    answer = explained_trust(facts, by)
    if answer["decision"] == "deny":
        body = answer["nearest"]["request"]["body"]
        link = LinkFacts("made", body["cr_type"], body["link"]["crn"], body.get("is_cross_account", False))
        assert trusted(facts, [*by, link])
