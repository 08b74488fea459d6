"""Default deny, union of grants, and a reason either way."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.kernel.verdict import Allowed, Refused, Verdict
from tests.tables import check_each
from trustedprofiles.access import PolicyFacts, decide, matches
from trustedprofiles.policy_conditions import Condition
from trustedprofiles.service_roles import ROLES

VICTOR = "iam-Profile-11111111-1111-4111-8111-111111111111"
ACCOUNT = "a" * 32
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIST = "is.bare-metal-server.bare-metal-server.list"
CREATE = "is.bare-metal-server.bare-metal-server.create"
SERVERS = {"accountId": ACCOUNT, "serviceName": "is", "region": "us-south"}
ONE_SERVER = SERVERS | {"bareMetalServerId": "0717-1", "vpcId": "r006-1"}


def role(name: str) -> str:
    return f"crn:v1:bluemix:public:iam::::role:{name}"


def equals(key: str, value: str) -> Condition:
    return Condition(key, "stringEquals", value)


ON_VPC = (equals("accountId", ACCOUNT), equals("serviceName", "is"))


def policy(*roles: str, **changes: Any) -> PolicyFacts:
    fields = {"id": "p1", "subject_iam_id": VICTOR, "resource": ON_VPC, "state": "active"} | changes
    return PolicyFacts(roles=tuple(ROLES[role(name)] for name in roles or ["Viewer"]), **fields)


def ask(*policies: PolicyFacts, action: str = LIST, iam_id: str = VICTOR, resource: Any = SERVERS) -> Verdict:
    return decide(iam_id=iam_id, action=action, resource=resource, policies=policies, now=NOW)


def test_without_a_policy_everything_is_refused() -> None:
    assert not ask()


def test_a_policy_that_fits_allows_and_is_named() -> None:
    assert ask(policy()) == Allowed("policy p1 grants Viewer", source="p1")


REFUSED = {
    "a-role-that-is-too-small": ask(policy(), action=CREATE),
    "another-subject": ask(policy(subject_iam_id="iam-Profile-other")),
    "a-subject-that-begins-alike": ask(policy(subject_iam_id=VICTOR[:-1])),
    "a-deleted-policy": ask(policy(state="deleted")),
    "another-account": ask(policy(), resource=SERVERS | {"accountId": "b" * 32}),
    "another-service": ask(policy(), resource=SERVERS | {"serviceName": "iam-identity"}),
    "another-server": ask(policy(resource=(*ON_VPC, equals("bareMetalServerId", "0717-2"))), resource=ONE_SERVER),
    "one-server-for-all-servers": ask(policy(resource=(*ON_VPC, equals("bareMetalServerId", "0717-1")))),
    "tagged-resources-only": ask(policy(resource=(*ON_VPC, equals("tag:env", "prod")))),
    "an-unknown-operator": ask(policy(resource=(*ON_VPC, Condition("region", "stringDiffers", "eu-de")))),
    "no-role": ask(PolicyFacts("p1", VICTOR, (), ON_VPC)),
}


def test_a_policy_that_does_not_fit_allows_nothing() -> None:
    def check(name: str) -> None:
        verdict = REFUSED[name]
        assert isinstance(verdict, Refused)

    check_each(REFUSED, check)


def test_the_subject_is_compared_without_regard_to_case() -> None:
    assert ask(policy(subject_iam_id=VICTOR.replace("iam-", "Iam-")))


def test_grants_of_several_policies_add_up() -> None:
    elsewhere = policy("Editor", id="p2", resource=(*ON_VPC, equals("region", "eu-de")))
    assert ask(elsewhere, policy(id="p1")) == Allowed("policy p1 grants Viewer", source="p1")


def test_roles_of_one_policy_add_up() -> None:
    assert ask(policy("Viewer", "Editor"), action=CREATE) == Allowed("policy p1 grants Editor", source="p1")


def test_halves_of_two_policies_do_not_make_a_grant() -> None:
    elsewhere = policy("Editor", resource=(*ON_VPC, equals("region", "eu-de")))
    assert not ask(elsewhere, policy("Viewer"), action=CREATE)


def test_a_refusal_names_subject_action_and_the_least_role() -> None:
    because = ask(policy(), action=CREATE).because
    assert f"{VICTOR} is not authorized to perform {CREATE}" in because
    assert f"A policy for {VICTOR} on is with the role Editor would allow it." in because


def test_a_refusal_names_the_policy_whose_role_is_too_small() -> None:
    assert "policy p1 grants Viewer, which does not include it" in ask(policy(), action=CREATE).because


def test_a_refusal_names_the_condition_that_does_not_hold() -> None:
    limited = policy(resource=(*ON_VPC, equals("bareMetalServerId", "0717-2")))
    assert "policy p1 grants it only where bareMetalServerId stringEquals 0717-2" in ask(limited).because


def test_a_refusal_does_not_list_policies_without_end() -> None:
    many = [policy(id=f"p{number}") for number in range(100)]
    assert ask(*many, action=CREATE).because.count("policy p") == 3


MATCHES = {
    "equal": ("vpcId", "stringEquals", "r006-1", True),
    "not-equal": ("vpcId", "stringEquals", "r006-2", False),
    "equal-but-for-case": ("vpcId", "stringEquals", "R006-1", False),
    "equal-to-what-is-absent": ("imageId", "stringEquals", "r006-1", False),
    "no-wildcard-in-equals": ("vpcId", "stringEquals", "r006-*", False),
    "every-one-of-a-kind": ("vpcId", "stringEquals", "*", True),
    "every-one-of-a-kind-that-is-absent": ("imageId", "stringEquals", "*", False),
    "star": ("vpcId", "stringMatch", "r006-*", True),
    "star-in-the-middle": ("vpcId", "stringMatch", "r*1", True),
    "question-mark": ("vpcId", "stringMatch", "r006-?", True),
    "question-mark-is-one-character": ("vpcId", "stringMatch", "r006?", False),
    "star-of-what-is-absent": ("imageId", "stringMatch", "*", False),
    "brackets-are-letters": ("vpcId", "stringMatch", "r006-[0-9]", False),
    "a-number-is-no-pattern": ("vpcId", "stringMatch", 1, False),
    "exists": ("vpcId", "stringExists", True, True),
    "exists-as-text": ("vpcId", "stringExists", "true", True),
    "exists-not": ("imageId", "stringExists", True, False),
    "is-absent": ("imageId", "stringExists", False, True),
    "is-not-absent": ("vpcId", "stringExists", "false", False),
    "any-of": ("vpcId", "stringEqualsAnyOf", ["r006-0", "r006-1"], True),
    "none-of": ("vpcId", "stringEqualsAnyOf", ["r006-0"], False),
    "any-of-nothing": ("vpcId", "stringEqualsAnyOf", [], False),
    "any-of-one-value": ("vpcId", "stringEqualsAnyOf", "r006-1", True),
    "match-any-of": ("vpcId", "stringMatchAnyOf", ["x*", "r006-*"], True),
    "match-none-of": ("vpcId", "stringMatchAnyOf", ["x*"], False),
    "any-of-letters": ("vpcId", "stringEqualsAnyOf", "xr006-1", False),
    "match-any-of-one-value": ("vpcId", "stringMatchAnyOf", "r006-*", True),
    "vpc-is-a-service": ("serviceType", "stringEquals", "service", True),
    "vpc-is-no-platform-service": ("serviceType", "stringEquals", "platform_service", False),
    "unknown-operator": ("vpcId", "numericLess", "1", False),
}


def test_a_resource_attribute() -> None:
    def check(name: str) -> None:
        key, operator, value, holds = MATCHES[name]
        assert matches(Condition(key, operator, value), ONE_SERVER) is holds

    check_each(MATCHES, check)


@pytest.mark.parametrize("service", ["iam-identity", "iam-access-management", "resource-controller"])
def test_iam_and_the_resource_controller_are_platform_services(service: str) -> None:
    assert matches(equals("serviceType", "platform_service"), {"serviceName": service})


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.text())
)


@given(operator=st.text() | st.sampled_from(["stringEquals", "stringMatch", "stringMatchAnyOf"]), value=ANYTHING)
def test_no_stored_value_breaks_a_decision(operator: str, value: Any) -> None:
    assert matches(Condition("vpcId", operator, value), ONE_SERVER) in (True, False)


@given(text=st.text(alphabet=st.characters(exclude_characters="*?")))
def test_a_pattern_without_wildcards_matches_itself_alone(text: str) -> None:
    pattern = Condition("vpcId", "stringMatch", text)
    assert matches(pattern, {"vpcId": text})
    assert not matches(pattern, {"vpcId": f"{text}!"})
