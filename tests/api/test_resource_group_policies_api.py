"""Policies on resource groups, and the conditions of a policy as they were sent."""

from typing import Any

import pytest

from servers.models import BareMetalServer
from tests.api.calling import call, caller_of, refusal
from tests.api.vpc import SERVERS, Api
from tests.policies import VICTOR, attribute, v1_policy, v2_policy
from tests.tables import alone, check_each
from tests.world import ACCOUNT, World
from trustedprofiles.models import Policy

BODIES = {"v1": v1_policy, "v2": v2_policy}

# --- policies on resource groups ---------------------------------------------------------------------------------


def on_groups(version: str, *, one: str = "", role: str = "Viewer") -> dict[str, Any]:
    more = (attribute("resourceType", "resource-group"), *([attribute("resource", one)] if one else []))
    if version == "v2":
        return v2_policy(VICTOR, role, resource={"attributes": [attribute("accountId", ACCOUNT), *more]})
    bodies = [{"name": each["key"], "value": each["value"]} for each in (attribute("accountId", ACCOUNT), *more)]
    return v1_policy(VICTOR, role, resources=[{"attributes": bodies}])


def group(name: str) -> str:
    return str(call("POST", "/v2/resource_groups", {"name": name, "account_id": ACCOUNT}).json()["id"])


@pytest.mark.parametrize("version", BODIES)
@pytest.mark.parametrize("which", ["one", "all"])
def test_a_policy_on_resource_groups_is_about_them_and_nothing_in_them(world: World, version: str, which: str) -> None:
    one, other = group("one"), group("other")
    answer = call("POST", f"/{version}/policies", on_groups(version, one=one if which == "one" else ""))
    assert answer.status_code == 201, answer.content
    caller = caller_of(VICTOR)
    statuses = {
        "one": call("GET", f"/v2/resource_groups/{one}", caller=caller).status_code,
        "other": call("GET", f"/v2/resource_groups/{other}", caller=caller).status_code,
        "to change one": call("PATCH", f"/v2/resource_groups/{one}", {"name": "new"}, caller=caller).status_code,
        "a list of its servers": Api(caller)
        .call("GET", SERVERS, query=f"version=2025-08-26&generation=2&resource_group.id={one}")
        .status_code,
    }
    others = 200 if which == "all" else 403
    assert statuses == {"one": 200, "other": others, "to change one": 403, "a list of its servers": 403}


@pytest.mark.parametrize("version", BODIES)
def test_an_editor_of_one_resource_group_changes_it_alone(world: World, version: str) -> None:
    one, other = group("one"), group("other")
    call("POST", f"/{version}/policies", on_groups(version, one=one, role="Editor"))
    caller = caller_of(VICTOR)
    statuses = [
        call("PATCH", f"/v2/resource_groups/{each}", {"name": f"new-{each}"}, caller=caller).status_code
        for each in (one, other)
    ]
    assert statuses == [200, 403]


@pytest.mark.parametrize("version", BODIES)
def test_another_type_of_resource_is_not_complete(world: World, version: str) -> None:
    body = v2_policy(resource={"attributes": [attribute("accountId", ACCOUNT), attribute("resourceType", "vpc")]})
    if version == "v1":
        attributes = [{"name": "accountId", "value": ACCOUNT}, {"name": "resourceType", "value": "vpc"}]
        body = v1_policy(resources=[{"attributes": attributes}])
    assert refusal(call("POST", f"/{version}/policies", body)) == (400, "invalid_body")


# --- rules -------------------------------------------------------------------------------------------------------

DELIMITER = "{{resource.attributes.delimiter}}"
RULES = {
    "an-empty-text-in-a-list": attribute(DELIMITER, ["/", ""], "stringEqualsAnyOf"),
    "an-empty-text": attribute(DELIMITER, "", "stringEquals"),
    "one-for-a-list": attribute(DELIMITER, "/", "stringEqualsAnyOf"),
    "an-empty-one-for-a-list": attribute(DELIMITER, "", "stringMatchAnyOf"),
    "one-day": attribute("{{environment.attributes.day_of_week}}", "1+00:00", "dayOfWeekAnyOf"),
}


def test_a_rule_is_shown_as_it_was_sent(world: World) -> None:
    def check(name: str) -> None:
        body = v2_policy(rule=RULES[name], pattern="attribute-based-condition:resource:literal-and-wildcard")
        answer = call("POST", "/v2/policies", body)
        assert answer.status_code == 201, answer.content
        assert call("GET", f"/v2/policies/{answer.json()['id']}").json()["rule"] == RULES[name]

    check_each(RULES, alone(check))


@pytest.mark.parametrize("version", BODIES)
def test_spaces_around_a_value_count(world: World, server: BareMetalServer, version: str) -> None:
    """A policy on `` id`` or on a tag `` dev`` selects nothing that is called without the space."""
    spaced = f" {server.id} "
    more = (attribute("bareMetalServerId", spaced),)
    tags = [attribute("env", " dev")]
    body = v2_policy()
    body["resource"] = {"attributes": [*body["resource"]["attributes"], *more], "tags": tags}
    if version == "v1":
        v1 = v1_policy()
        [resource] = v1["resources"]
        bodies = [{"name": each["key"], "value": each["value"]} for each in (*more, *tags)]
        body = v1 | {"resources": [{"attributes": [*resource["attributes"], bodies[0]], "tags": [bodies[1]]}]}
    answer = call("POST", f"/{version}/policies", body)
    assert answer.status_code == 201, answer.content
    stored = Policy.objects.get()
    assert (stored.resource[-1]["value"], stored.resource_tags[0]["value"]) == (spaced, " dev")
    api = Api(caller_of(VICTOR))
    assert (api.get(f"{SERVERS}/{server.id}").status_code, api.get(SERVERS).json()["total_count"]) == (403, 0)


ONE_VALUE = [("stringEqualsAnyOf", "{id}"), ("stringMatchAnyOf", "{start}*"), ("stringMatchAnyOf", "*")]


@pytest.mark.parametrize(("operator", "value"), ONE_VALUE)
@pytest.mark.parametrize("in_rule", [True, False])
def test_one_value_is_a_list_of_one_in_lists_and_in_reads(
    world: World, server: BareMetalServer, operator: str, value: str, in_rule: bool
) -> None:
    expected_value = value.format(id=server.id, start=server.id[:12])
    rule = attribute("{{resource.attributes.bareMetalServerId}}", expected_value, operator)
    body = v2_policy(more=(attribute("bareMetalServerId", expected_value, operator),))
    if in_rule:
        body = v2_policy(rule=rule, pattern="attribute-based-condition:resource:literal-and-wildcard")
    assert call("POST", "/v2/policies", body).status_code == 201
    api = Api(caller_of(VICTOR))
    ids = [each["id"] for each in api.get(SERVERS).json()["bare_metal_servers"]]
    assert (ids, api.get(f"{SERVERS}/{server.id}").status_code) == ([server.id], 200)


def test_an_attribute_with_an_any_of_operator_takes_one_value(world: World, server: BareMetalServer) -> None:
    only = attribute("bareMetalServerId", server.id, "stringEqualsAnyOf")
    assert call("POST", "/v2/policies", v2_policy(more=(only,))).status_code == 201
    assert Policy.objects.get().resource[-1]["value"] == server.id
    assert Api(caller_of(VICTOR)).get(f"{SERVERS}/{server.id}").status_code == 200


@pytest.mark.parametrize("version", BODIES)
def test_a_policy_on_resource_groups_opens_no_list_of_another_service(world: World, version: str) -> None:
    one, _ = group("one"), group("other")
    assert call("POST", f"/{version}/policies", on_groups(version, one=one)).status_code == 201
    caller = caller_of(VICTOR)
    lists = {
        "/v2/resource_groups": 200,
        f"/v1/profiles?account_id={ACCOUNT}": 403,
        "/v1/serviceids": 403,
        "/v1/apikeys?scope=account": 403,
        f"/v2/policies?account_id={ACCOUNT}": 403,
        "/v2/roles": 403,
        "/v1/vpcs?version=2025-08-26&generation=2": 403,
    }
    answers = {path: call("GET", path, caller=caller) for path in lists}
    assert {path: answer.status_code for path, answer in answers.items()} == lists
    assert [each["id"] for each in answers["/v2/resource_groups"].json()["resources"]] == [one]
