"""``/v1/profiles/{id}/rules``, as the IAM identity API answers."""

import re
from itertools import product
from typing import Any

import pytest

from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import servers_for_facts
from tests.api.calling import call, caller_of, refusal
from tests.build import FACTS
from tests.tables import alone, check_each, undone
from tests.world import MALLORY, World, make_profile
from trustedprofiles.claim_conditions import OPERATORS
from trustedprofiles.models import ClaimRule, ProfileLink, TrustedProfile
from trustedprofiles.selectors import trusts

CONDITION = {"claim": "zone", "operator": "EQUALS", "value": '"us-south-1"'}
RULE: dict[str, Any] = {"type": "Profile-CR", "cr_type": "BMS", "conditions": [CONDITION]}
SAML: dict[str, Any] = {"type": "Profile-SAML", "realm_name": "https://idp.example.com", "conditions": [CONDITION]}
MINUTES = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\+0000")


@pytest.fixture
def rule(path: str) -> dict[str, Any]:
    new_rule: dict[str, Any] = call("POST", f"{path}/rules", RULE).json()
    return new_rule


def with_condition(**changes: Any) -> dict[str, Any]:
    return RULE | {"conditions": [CONDITION | changes]}


# --- create and read -------------------------------------------------------------------------------------------


def test_a_rule_is_created(path: str) -> None:
    answer = call("POST", f"{path}/rules", RULE | {"name": "zone one", "expiration": 3600})
    body = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"ClaimRule-[0-9a-f-]{36}", body["id"])
    assert (body["type"], body["cr_type"], body["name"], body["expiration"]) == ("Profile-CR", "BMS", "zone one", 3600)
    assert body["conditions"] == [CONDITION]
    assert MINUTES.fullmatch(body["created_at"])
    assert MINUTES.fullmatch(body["modified_at"])
    assert body["entity_tag"] == answer["ETag"]
    assert re.fullmatch(r"1-[0-9a-f]{32}", body["entity_tag"])


def test_expiration_is_always_present_and_unknown_members_are_absent(rule: dict[str, Any]) -> None:
    assert rule["expiration"] == 0
    assert not {"name", "realm_name", "context"} & rule.keys()


def test_rules_are_listed_oldest_first_and_read_alike(path: str, rule: dict[str, Any]) -> None:
    second = call("POST", f"{path}/rules", RULE | {"name": "second"}).json()
    assert call("GET", f"{path}/rules").json() == {"rules": [rule, second]}
    answer = call("GET", f"{path}/rules/{rule['id']}")
    assert (answer.json(), answer["ETag"]) == (rule, rule["entity_tag"])


def test_a_profile_without_rules_lists_none(path: str) -> None:
    assert call("GET", f"{path}/rules").json() == {"rules": []}


@pytest.mark.parametrize("cr_type", ProfileLink.CrType.values)
def test_rules_of_all_six_types_are_kept(path: str, cr_type: str) -> None:
    claim = "zone" if cr_type == "BMS" else "anything.at-all"
    body = RULE | {"cr_type": cr_type, "conditions": [CONDITION | {"claim": claim}]}
    assert call("POST", f"{path}/rules", body).json()["cr_type"] == cr_type


def test_rules_for_people_are_kept(path: str) -> None:
    body = call("POST", f"{path}/rules", SAML | {"expiration": 43_200}).json()
    assert (body["type"], body["realm_name"], body["expiration"]) == ("Profile-SAML", SAML["realm_name"], 43_200)
    assert "cr_type" not in body


def test_every_operator_takes_a_value_as_it_was_sent(path: str) -> None:
    def check(row: tuple[str, str]) -> None:
        operator, value = row
        with undone():
            body = call("POST", f"{path}/rules", with_condition(operator=operator, value=value)).json()
        assert body["conditions"] == [{"claim": "zone", "operator": operator, "value": value}]

    check_each(list(product(OPERATORS, ('"us-south-1"', "us-south-1", "3", "true", ""))), check)


def test_the_operator_in_takes_a_list(path: str) -> None:
    value = '["us-south-1", "us-south-2"]'
    assert call("POST", f"{path}/rules", with_condition(operator="IN", value=value)).status_code == 201


def test_a_context_that_was_answered_elsewhere_may_be_sent(path: str) -> None:
    assert call("POST", f"{path}/rules", RULE | {"context": {"transaction_id": "t"}}).status_code == 201


# --- what is refused -------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Any, tuple[str, str]]] = {
    "no-type": ({"cr_type": "BMS", "conditions": [CONDITION]}, ("missing_field", "type is")),
    "an-unknown-type": (RULE | {"type": "Profile-XY"}, ("invalid_value", "type:")),
    "no-compute-resource-type": (
        {"type": "Profile-CR", "conditions": [CONDITION]},
        ("missing_field", "cr_type is"),
    ),
    "an-unknown-compute-resource-type": (RULE | {"cr_type": "TOASTER"}, ("invalid_value", "cr_type:")),
    "a-realm-for-people-is-missing": (
        {"type": "Profile-SAML", "conditions": [CONDITION]},
        ("missing_field", "realm_name is"),
    ),
    "a-compute-resource-type-for-people": (SAML | {"cr_type": "BMS"}, ("invalid_value", "cr_type:")),
    "no-conditions": ({"type": "Profile-CR", "cr_type": "BMS"}, ("missing_field", "conditions is")),
    "empty-conditions": (RULE | {"conditions": []}, ("invalid_value", "conditions:")),
    "eleven-conditions": (RULE | {"conditions": [CONDITION] * 11}, ("invalid_value", "conditions:")),
    "conditions-are-an-object": (RULE | {"conditions": CONDITION}, ("invalid_value", "conditions:")),
    "a-condition-is-a-text": (RULE | {"conditions": ["zone"]}, ("invalid_value", "conditions[0]:")),
    "an-unknown-operator": (with_condition(operator="MATCHES"), ("invalid_value", "conditions[0].operator:")),
    "an-operator-in-small-letters": (with_condition(operator="equals"), ("invalid_value", "conditions[0].operator:")),
    "an-unknown-claim": (with_condition(claim="instance_group_name"), ("invalid_value", "conditions[0].claim:")),
    "a-claim-in-capitals": (with_condition(claim="Zone"), ("invalid_value", "conditions[0].claim:")),
    "a-claim-that-is-too-long": (with_condition(claim="z" * 256), ("invalid_value", "conditions[0].claim:")),
    "a-value-that-is-too-long": (with_condition(value="v" * 1001), ("invalid_value", "conditions[0].value:")),
    "a-value-that-is-a-number": (with_condition(value=3), ("invalid_value", "conditions[0].value:")),
    "a-value-that-is-a-list": (with_condition(value=["a"]), ("invalid_value", "conditions[0].value:")),
    "a-value-that-is-null": (with_condition(value=None), ("invalid_value", "conditions[0].value:")),
    "a-value-that-is-null-in-json": (with_condition(value="null"), ("invalid_value", "conditions[0].value:")),
    "a-value-that-is-an-object": (with_condition(value='{"a": 1}'), ("invalid_value", "conditions[0].value:")),
    "a-list-for-one": (with_condition(value='["a", "b"]'), ("invalid_value", "conditions[0].value:")),
    "an-empty-list-for-one": (with_condition(value="[]"), ("invalid_value", "conditions[0].value:")),
    "a-value-with-nul": (with_condition(value="a\0b"), ("invalid_value", "conditions[0].value:")),
    "no-value": (RULE | {"conditions": [{"claim": "zone", "operator": "EQUALS"}]}, ("missing_field", "conditions[0]")),
    "an-unknown-member": (with_condition(more="x"), ("unknown_field", "conditions[0].more:")),
    "a-name-that-is-too-long": (RULE | {"name": "n" * 256}, ("invalid_value", "name:")),
    "an-expiration-that-is-negative": (RULE | {"expiration": -1}, ("invalid_value", "expiration:")),
    "an-expiration-of-more-than-a-day": (RULE | {"expiration": 86_401}, ("invalid_value", "expiration:")),
    "an-expiration-that-is-a-text": (RULE | {"expiration": "60"}, ("invalid_value", "expiration:")),
    "an-id": (RULE | {"id": "ClaimRule-mine"}, ("unknown_field", "id:")),
    "an-entity-tag": (RULE | {"entity_tag": "1-x"}, ("unknown_field", "entity_tag:")),
}


def test_a_rule_is_refused_by_what_is_wrong_with_it(path: str) -> None:
    def check(name: str) -> None:
        body, expected = REFUSED[name]
        answer = call("POST", f"{path}/rules", body)
        first = answer.json()["errors"][0]
        assert (answer.status_code, first["code"]) == (400, expected[0])
        assert first["message"].startswith(expected[1])
        assert not ClaimRule.objects.exists()

    check_each(REFUSED, alone(check))


def test_a_replacement_of_a_rule_is_refused_by_what_is_wrong_with_it(path: str, rule: dict[str, Any]) -> None:
    def check(name: str) -> None:
        body, expected = REFUSED[name]
        answer = call("PUT", f"{path}/rules/{rule['id']}", body, If_Match="*")
        assert refusal(answer) == (400, expected[0])
        assert call("GET", f"{path}/rules/{rule['id']}").json() == rule

    check_each(REFUSED, alone(check))


def test_every_unknown_claim_is_named(path: str) -> None:
    # D-60
    body = RULE | {"conditions": [CONDITION | {"claim": "a"}, CONDITION, CONDITION | {"claim": "b"}]}
    messages = [each["message"] for each in call("POST", f"{path}/rules", body).json()["errors"]]
    assert [message.partition(":")[0] for message in messages] == ["conditions[0].claim", "conditions[2].claim"]
    assert "subnet_id" in messages[0]


def test_a_profile_has_at_most_twenty_rules(path: str) -> None:
    assert {call("POST", f"{path}/rules", RULE).status_code for _ in range(20)} == {201}
    assert refusal(call("POST", f"{path}/rules", RULE)) == (400, "over_quota")
    assert ClaimRule.objects.count() == 20


def test_the_limit_is_each_profiles(world: World, path: str) -> None:
    for _ in range(20):
        call("POST", f"{path}/rules", RULE)
    other = make_profile(world.account, name="other")
    assert call("POST", f"/v1/profiles/{other.id}/rules", RULE).status_code == 201


# --- replace and delete ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["*", "current", '"current"'])
def test_a_rule_is_replaced_whole(path: str, rule: dict[str, Any], tag: str) -> None:
    body = SAML | {"name": "new"}
    tag = tag.replace("current", rule["entity_tag"])
    answer = call("PUT", f"{path}/rules/{rule['id']}", body, If_Match=tag)
    replaced = answer.json()
    assert (answer.status_code, replaced["type"], replaced["name"]) == (200, "Profile-SAML", "new")
    assert "cr_type" not in replaced
    assert replaced["entity_tag"].startswith("2-")
    assert answer["ETag"] == replaced["entity_tag"]


def test_a_stale_entity_tag_is_refused(path: str, rule: dict[str, Any]) -> None:
    call("PUT", f"{path}/rules/{rule['id']}", RULE | {"name": "first"}, If_Match=rule["entity_tag"])
    answer = call("PUT", f"{path}/rules/{rule['id']}", RULE | {"name": "second"}, If_Match=rule["entity_tag"])
    assert refusal(answer) == (412, "precondition_failed")
    assert ClaimRule.objects.get().name == "first"


def test_a_replacement_needs_an_entity_tag(path: str, rule: dict[str, Any]) -> None:
    assert refusal(call("PUT", f"{path}/rules/{rule['id']}", RULE)) == (400, "missing_value")


def test_a_deleted_rule_is_gone(path: str, rule: dict[str, Any]) -> None:
    assert call("DELETE", f"{path}/rules/{rule['id']}").status_code == 204
    for method in ("GET", "DELETE"):
        assert refusal(call(method, f"{path}/rules/{rule['id']}")) == (404, "not_found")


# --- whose it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_rules_of_an_unknown_profile_are_not_found(world: World, method: str) -> None:
    body = RULE if method == "POST" else None
    assert refusal(call(method, "/v1/profiles/Profile-unknown/rules", body)) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_rule_is_not_found_under_another_profile_whatever_the_entity_tag(
    world: World, rule: dict[str, Any], method: str
) -> None:
    other = make_profile(world.account, name="other")
    body = RULE if method == "PUT" else None
    answer = call(method, f"/v1/profiles/{other.id}/rules/{rule['id']}", body, If_Match="junk")
    assert refusal(answer) == (404, "not_found")
    assert ClaimRule.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "below"), [("GET", ""), ("POST", ""), ("GET", "/x"), ("PUT", "/x"), ("DELETE", "/x")]
)
def test_mallory_sees_no_rule_of_alice(path: str, rule: dict[str, Any], method: str, below: str) -> None:
    place = f"{path}/rules" + below.replace("x", rule["id"])
    answer = call(method, place, RULE if method in ("POST", "PUT") else None, caller=MALLORY, If_Match="*")
    assert refusal(answer) == (404, "not_found")
    assert ClaimRule.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "below"), [("GET", ""), ("POST", ""), ("GET", "/x"), ("PUT", "/x"), ("DELETE", "/x")]
)
def test_a_caller_without_a_policy_may_not_manage_rules(
    profile: TrustedProfile, path: str, rule: dict[str, Any], method: str, below: str
) -> None:
    place = f"{path}/rules" + below.replace("x", rule["id"])
    body = RULE if method in ("POST", "PUT") else None
    answer = call(method, place, body, caller=caller_of(profile.iam_id), If_Match="*")
    assert refusal(answer) == (403, "not_authorized")
    assert "/_baremint/explain?" in answer.json()["errors"][0]["details"]


# --- what it does ----------------------------------------------------------------------------------------------


def trusted(profile: TrustedProfile, server: BareMetalServer) -> bool:
    return bool(trusts(profile, facts_of(servers_for_facts().get(pk=server.pk))))


def test_a_rule_trusts_from_the_moment_it_is_made_to_that_it_is_deleted(
    profile: TrustedProfile, path: str, server: BareMetalServer
) -> None:
    assert not trusted(profile, server)
    rule = call("POST", f"{path}/rules", RULE).json()
    assert trusted(profile, server)
    call("PUT", f"{path}/rules/{rule['id']}", with_condition(value='"us-south-3"'), If_Match="*")
    assert not trusted(profile, server)
    call("PUT", f"{path}/rules/{rule['id']}", RULE, If_Match="*")
    assert trusted(profile, server)
    call("DELETE", f"{path}/rules/{rule['id']}")
    assert not trusted(profile, server)


CLAIMS_THAT_HOLD = {
    "resource": lambda server: ("EQUALS", server.id),
    "resource_group_id": lambda server: ("EQUALS", server.resource_group_id),
    "resource_group_name": lambda server: ("EQUALS_IGNORE_CASE", "default"),
    "region": lambda server: ("IN", '["us-south", "eu-de"]'),
    "zone": lambda server: ("NOT_EQUALS", '"us-south-2"'),
    "vpc_id": lambda server: ("EQUALS", server.vpc.id),
    "subnet_id": lambda server: ("CONTAINS", server.vpc.subnets.get().id),
    "name": lambda server: ("CONTAINS", '"web"'),
    "crn": lambda server: ("EQUALS", server.crn),
    "account_id": lambda server: ("EQUALS", f'"{server.account_id}"'),
    "iaas.profile_name": lambda server: ("CONTAINS", "metal"),
    "iaas.instanceID": lambda server: ("EQUALS", server.id),
    "vpc.name": lambda server: ("NOT_EQUALS_IGNORE_CASE", '"PROD"'),
    "subnets.name": lambda server: ("EQUALS", "sub"),
}


def test_a_claim_of_the_very_server_is_met(profile: TrustedProfile, path: str, server: BareMetalServer) -> None:
    def check(claim: str) -> None:
        operator, value = CLAIMS_THAT_HOLD[claim](server)
        body = RULE | {"conditions": [{"claim": claim, "operator": operator, "value": value}]}
        with undone():
            assert call("POST", f"{path}/rules", body).status_code == 201
            assert trusted(profile, server)

    assert not trusted(profile, server)
    check_each(CLAIMS_THAT_HOLD, check)


@pytest.mark.parametrize("cr_type", [each for each in ProfileLink.CrType.values if each != "BMS"])
def test_a_rule_for_another_type_trusts_no_bare_metal_server(
    profile: TrustedProfile, path: str, server: BareMetalServer, cr_type: str
) -> None:
    call("POST", f"{path}/rules", RULE | {"cr_type": cr_type})
    assert not trusted(profile, server)


def test_a_rule_for_people_trusts_no_server(profile: TrustedProfile, path: str, server: BareMetalServer) -> None:
    call("POST", f"{path}/rules", SAML)
    assert not trusted(profile, server)


WRONG_BODIES = {
    "link": ("POST", "links", {"cr_type": "dummy", "link": {"crn": FACTS.crn}}),
    "rule": ("POST", "rules", {"type": ""}),
    "changed-rule": ("PUT", "rules/none", {"type": ""}),
}


@pytest.mark.parametrize(("method", "path", "body"), WRONG_BODIES.values(), ids=WRONG_BODIES)
def test_a_wrong_body_is_told_before_a_missing_profile(world: World, method: str, path: str, body: Any) -> None:
    """As IBM's tests of its Go client have it: CreateLinkBadRequest, UpdateClaimRuleBadRequest."""
    answer = call(method, f"/v1/profiles/Profile-none/{path}", body, If_Match="*")
    assert answer.status_code == 400
