"""``/v1/policies`` and ``/v2/policies``: one store, two renderings, the policy API's own codes."""

import re
from itertools import product
from typing import Any

import pytest

from controlplane.activity.record import Party
from tests.api.calling import call, refusal
from tests.policies import VICTOR, attribute, make_content, role_crn, v1_attribute, v1_policy, v2_policy
from tests.tables import assert_rows, check_each
from tests.world import ACCOUNT, ALICE, OTHER_ACCOUNT, World
from trustedprofiles.models import Policy
from trustedprofiles.services.policies import create_policy, delete_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
BODIES = {"v1": v1_policy, "v2": v2_policy}
BOTH = pytest.mark.parametrize("version", ["v1", "v2"])
RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


def create(version: str = "v1", *args: str, **changes: Any) -> Any:
    return call("POST", f"/{version}/policies", BODIES[version](*args, **changes))


# --- one store, two renderings ------------------------------------------------------------------------------------


@BOTH
def test_a_policy_is_created(world: World, version: str) -> None:
    answer = create(version, VICTOR, "Viewer", description="may look")
    body = answer.json()
    assert answer.status_code == 201
    assert (body["type"], body["state"], body["description"]) == ("access", "active", "may look")
    assert (body["created_by_id"], body["last_modified_by_id"]) == (ALICE.iam_id, ALICE.iam_id)
    assert RFC_3339.fullmatch(body["created_at"])
    assert RFC_3339.fullmatch(body["last_modified_at"])


@BOTH
def test_the_href_names_the_api_that_created_it_whichever_reads_it(world: World, version: str) -> None:
    body = create(version).json()
    assert body["href"] == f"http://testserver/{version}/policies/{body['id']}"
    assert {call("GET", f"/{each}/policies/{body['id']}").json()["href"] for each in BODIES} == {body["href"]}


@BOTH
def test_a_policy_reads_alike_whichever_api_created_it(world: World, version: str) -> None:
    body = create(version).json()
    v1, v2 = (call("GET", f"/{each}/policies/{body['id']}").json() for each in BODIES)
    assert v1["subjects"] == [{"attributes": [v1_attribute("iam_id", VICTOR)]}]
    assert [role["role_id"] for role in v1["roles"]] == [role_crn("Viewer")]
    assert v1["resources"] == [
        {
            "attributes": [
                v1_attribute("accountId", ACCOUNT, operator="stringEquals"),
                v1_attribute("serviceName", "is", operator="stringEquals"),
            ]
        }
    ]
    assert v2["subject"] == {"attributes": [attribute("iam_id", VICTOR)]}
    assert v2["control"] == {"grant": {"roles": [{"role_id": role_crn("Viewer")}]}}
    assert v2["resource"] == {"attributes": [attribute("accountId", ACCOUNT), attribute("serviceName", "is")]}


def test_v1_describes_its_roles(policy: Policy) -> None:
    [role] = call("GET", f"/v1/policies/{policy.id}").json()["roles"]
    assert (role["display_name"], role["description"]) == ("Viewer", "Views resources and lists them.")


@BOTH
def test_the_entity_tag_is_a_header_and_the_same_for_both(policy: Policy, version: str) -> None:
    assert call("GET", f"/{version}/policies/{policy.id}").headers["ETag"] == policy.entity_tag


def test_a_wildcard_and_a_tag_survive_from_v1_to_v2(world: World) -> None:
    resource = {
        "attributes": [
            v1_attribute("accountId", ACCOUNT),
            v1_attribute("serviceName", "is"),
            v1_attribute("region", "us-*", operator="stringMatch"),
            v1_attribute("vpcId", "true", operator="stringExists"),
        ],
        "tags": [v1_attribute("env", "prod")],
    }
    body = create(resources=[resource]).json()
    v2 = call("GET", f"/v2/policies/{body['id']}").json()["resource"]
    assert v2["attributes"][2:] == [
        attribute("region", "us-*", "stringMatch"),
        attribute("vpcId", True, "stringExists"),
    ]
    assert v2["tags"] == [attribute("env", "prod")]


V2_ATTRIBUTES = [
    attribute("region", "us-*", "stringMatch"),
    attribute("vpcId", ["r006-1", "r006-2"], "stringEqualsAnyOf"),
    attribute("subnetId", ["0717-*"], "stringMatchAnyOf"),
    attribute("keyId", True, "stringExists"),
    attribute("imageId", "false", "stringExists"),
]


@pytest.mark.parametrize("each", V2_ATTRIBUTES, ids=lambda each: f"{each['operator']}-{each['value']}")
def test_v2_returns_attributes_as_they_were_sent(world: World, each: dict[str, Any]) -> None:
    body = create("v2", more=(each,)).json()
    assert call("GET", f"/v2/policies/{body['id']}").json()["resource"]["attributes"][2] == each


@pytest.mark.parametrize("each", V2_ATTRIBUTES, ids=lambda each: f"{each['operator']}-{each['value']}")
def test_v1_can_read_every_v2_policy(world: World, each: dict[str, Any]) -> None:
    body = create("v2", more=(each,)).json()
    assert call("GET", f"/v1/policies/{body['id']}").status_code == 200


def test_a_role_given_twice_is_kept_once(world: World) -> None:
    assert len(create("v1", VICTOR, "Viewer", "Editor", "Viewer").json()["roles"]) == 2


@BOTH
def test_display_lists_the_actions_of_each_role(policy: Policy, version: str) -> None:
    body = call("GET", f"/{version}/policies/{policy.id}?format=display").json()
    [role] = body["roles"] if version == "v1" else body["control"]["grant"]["roles"]
    assert role["display_name"] == "Viewer"
    assert "is.bare-metal-server.bare-metal-server.list" in [action["id"] for action in role["actions"]]
    assert all(action.keys() == {"id", "display_name", "description"} for action in role["actions"])


# --- replace, delete, restore -------------------------------------------------------------------------------------


@BOTH
def test_a_policy_is_replaced_through_either_api(policy: Policy, version: str) -> None:
    body = BODIES[version](VICTOR, "Editor")
    answer = call("PUT", f"/{version}/policies/{policy.id}", body, If_Match=policy.entity_tag)
    assert answer.status_code == 200
    assert Policy.objects.get().roles == [role_crn("Editor")]
    assert answer.headers["ETag"] == Policy.objects.get().entity_tag != policy.entity_tag


@pytest.mark.parametrize(("tag", "status"), [("stale", 412), (None, 400)])
def test_a_replacement_needs_the_entity_tag(policy: Policy, tag: str | None, status: int) -> None:
    headers = {"If_Match": tag} if tag else {}
    assert call("PUT", f"/v1/policies/{policy.id}", v1_policy(VICTOR, "Editor"), **headers).status_code == status
    assert Policy.objects.get().revision == 1


@BOTH
def test_a_deleted_policy_is_read_as_deleted(policy: Policy, version: str) -> None:
    assert call("DELETE", f"/{version}/policies/{policy.id}").status_code == 204
    answer = call("GET", f"/{version}/policies/{policy.id}")
    assert (answer.status_code, answer.json()["state"]) == (200, "deleted")


def test_a_policy_is_deleted_once(policy: Policy) -> None:
    call("DELETE", f"/v1/policies/{policy.id}")
    assert refusal(call("DELETE", f"/v2/policies/{policy.id}")) == (404, "policy_not_found")


def restore(policy: Policy, body: Any, **headers: str) -> Any:
    return call("PATCH", f"/v1/policies/{policy.id}", body, **headers)


def test_a_deleted_policy_is_restored(policy: Policy) -> None:
    delete_policy(policy, by=BY)
    answer = restore(policy, {"state": "active"}, If_Match=policy.entity_tag)
    assert (answer.status_code, answer.json()["state"]) == (200, "active")


def test_restoring_what_is_active_is_no_fault(policy: Policy) -> None:
    assert restore(policy, {"state": "active"}, If_Match=policy.entity_tag).status_code == 200


@pytest.mark.parametrize("body", [{}, {"state": "deleted"}, {"state": None}, {"state": "active", "type": "access"}])
def test_a_state_is_refused(policy: Policy, body: Any) -> None:
    assert refusal(restore(policy, body, If_Match="*")) == (400, "invalid_body")


def test_v2_has_no_patch(policy: Policy) -> None:
    answer = call("PATCH", f"/v2/policies/{policy.id}", {"state": "active"}, If_Match="*")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, PUT, DELETE")


UNKNOWN = ["11111111-1111-4111-8111-111111111111", "policy", "%20"]


def test_an_unknown_policy_is_not_found(world: World) -> None:
    def check(case: tuple[str, str]) -> None:
        method, policy_id = case
        body = {"PUT": v1_policy(), "PATCH": {"state": "active"}}.get(method)
        assert refusal(call(method, f"/v1/policies/{policy_id}", body, If_Match="*")) == (404, "policy_not_found")

    check_each(list(product(["GET", "PUT", "PATCH", "DELETE"], UNKNOWN)), check)


# --- list ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(world: World) -> list[str]:
    contents = [
        make_content("iam-Profile-a"),
        make_content("iam-Profile-b", service="iam-identity"),
        make_content("iam-Profile-b", "Editor", resource_tags=[attribute("env", "prod")]),
    ]
    return [str(create_policy(world.account, content=content, api_version="v1", by=BY).id) for content in contents]


def listed(query: str = "", version: str = "v1") -> Any:
    return call("GET", f"/{version}/policies?account_id={ACCOUNT}{query}")


def ids(answer: Any) -> list[str]:
    return [each["id"] for each in answer.json()["policies"]]


LISTS: list[tuple[str, list[int]]] = [
    ("", [0, 1, 2]),
    ("&iam_id=iam-Profile-b", [1, 2]),
    ("&iam_id=IAM-profile-B", [1, 2]),
    ("&iam_id=iam-Profile-", []),
    ("&type=access", [0, 1, 2]),
    ("&type=authorization", []),
    ("&access_group_id=AccessGroupId-1", []),
    ("&state=active", [0, 1, 2]),
    ("&state=deleted", []),
    ("&service_name=iam-identity", [1]),
    ("&service_type=service", []),
    ("&tag_name=env", [2]),
    ("&tag_name=env&tag_value=dev", []),
    ("&tag_value=prod", [2]),
    ("&sort=-created_at", [2, 1, 0]),
    ("&format=display", [0, 1, 2]),
    ("&format=include_last_permit", [0, 1, 2]),
]


@BOTH
def test_a_list_is_filtered_and_sorted(three: list[str], version: str) -> None:
    ids_by_query = {query: ids(listed(query, version)) for query, _ in LISTS}
    assert_rows(ids_by_query, {query: [three[position] for position in positions] for query, positions in LISTS})


def test_deleted_policies_are_listed_apart(three: list[str]) -> None:
    call("DELETE", f"/v1/policies/{three[1]}")
    assert ids(listed()) == [three[0], three[2]]
    assert ids(listed("&state=deleted")) == [three[1]]


def test_pages_follow_each_other_when_they_are_asked_for(three: list[str]) -> None:
    first = listed("&limit=2").json()
    assert [each["id"] for each in first["policies"]] == three[:2]
    second = call("GET", f"/v1/policies?account_id={ACCOUNT}&limit=2&start={first['next']['start']}").json()
    assert [each["id"] for each in second["policies"]] == three[2:]
    assert "next" not in second
    assert ids(call("GET", second["previous"]["href"])) == three[:2]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "start=x", "sort=href", "state=gone", "type=x", "format=x"])
def test_a_list_is_refused(world: World, query: str) -> None:
    assert refusal(listed(f"&{query}")) == (400, "invalid_body")


@BOTH
def test_a_list_needs_its_account(world: World, version: str) -> None:
    assert refusal(call("GET", f"/{version}/policies")) == (400, "missing_required_query_parameter")


@pytest.mark.parametrize("account_id", [OTHER_ACCOUNT, "c" * 32, "invalid"], ids=["foreign", "missing", "malformed"])
def test_a_list_of_any_other_account_is_not_found(world: World, account_id: str) -> None:
    assert refusal(call("GET", f"/v1/policies?account_id={account_id}")) == (404, "not_found")
