"""``/v1/policies`` and ``/v2/policies``: one store, two renderings, the policy API's own codes."""

import re
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR, attribute, make_content, role_crn, v1_attribute, v1_policy, v2_policy
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World
from trustedprofiles.models import Policy
from trustedprofiles.services.policies import create_policy, delete_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
BODIES = {"v1": v1_policy, "v2": v2_policy}
BOTH = pytest.mark.parametrize("version", ["v1", "v2"])
RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


@pytest.fixture
def policy(world: World) -> Policy:
    return create_policy(world.account, content=make_content(), api_version="v1", by=BY)


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
    made = create(version).json()
    assert made["href"] == f"http://testserver/{version}/policies/{made['id']}"
    assert {call("GET", f"/{each}/policies/{made['id']}").json()["href"] for each in BODIES} == {made["href"]}


@BOTH
def test_a_policy_reads_alike_whichever_api_created_it(world: World, version: str) -> None:
    made = create(version).json()
    v1, v2 = (call("GET", f"/{each}/policies/{made['id']}").json() for each in BODIES)
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
    made = create(resources=[resource]).json()
    v2 = call("GET", f"/v2/policies/{made['id']}").json()["resource"]
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
    made = create("v2", more=(each,)).json()
    assert call("GET", f"/v2/policies/{made['id']}").json()["resource"]["attributes"][2] == each


@pytest.mark.parametrize("each", V2_ATTRIBUTES, ids=lambda each: f"{each['operator']}-{each['value']}")
def test_v1_can_read_every_v2_policy(world: World, each: dict[str, Any]) -> None:
    made = create("v2", more=(each,)).json()
    assert call("GET", f"/v1/policies/{made['id']}").status_code == 200


def test_a_role_given_twice_is_kept_once(world: World) -> None:
    assert len(create("v1", VICTOR, "Viewer", "Editor", "Viewer").json()["roles"]) == 2


@BOTH
def test_display_lists_the_actions_of_each_role(policy: Policy, version: str) -> None:
    body = call("GET", f"/{version}/policies/{policy.id}?format=display").json()
    [role] = body["roles"] if version == "v1" else body["control"]["grant"]["roles"]
    assert role["display_name"] == "Viewer"
    assert "is.bare-metal-server.bare-metal-server.list" in [action["id"] for action in role["actions"]]
    assert all(action.keys() == {"id", "display_name", "description"} for action in role["actions"])


# --- bad bodies ---------------------------------------------------------------------------------------------------


def subject(*attributes: dict[str, Any]) -> dict[str, Any]:
    return {"subject": {"attributes": list(attributes)}}


def resource(*attributes: Any, **more: Any) -> dict[str, Any]:
    return {"resource": {"attributes": list(attributes), **more}}


def roles(*given: Any) -> dict[str, Any]:
    return {"control": {"grant": {"roles": list(given)}}}


IN_ACCOUNT, ON_VPC = attribute("accountId", ACCOUNT), attribute("serviceName", "is")
REFUSED_V2: dict[str, dict[str, Any]] = {
    "another-type": {"type": "authorization"},
    "no-type": {"type": None},
    "no-subject": subject(),
    "two-subjects": subject(attribute("iam_id", VICTOR), attribute("iam_id", "IBMid-X")),
    "an-access-group": subject(attribute("access_group_id", "AccessGroupId-1")),
    "any-subject-there-is": subject(attribute("iam_id", True, "stringExists")),
    "a-pattern-of-subjects": subject(attribute("iam_id", "iam-*", "stringMatch")),
    "a-list-of-subjects": subject(attribute("iam_id", [VICTOR])),
    "an-iam-id-that-is-too-long": subject(attribute("iam_id", "x" * 129)),
    "no-roles": roles(),
    "a-role-by-name": roles({"role_id": "Viewer"}),
    "a-number-for-a-role": roles({"role_id": 1}),
    "a-role-with-a-name": roles({"role_id": role_crn("Viewer"), "display_name": "Viewer"}),
    "a-text-for-a-role": roles(role_crn("Viewer")),
    "a-hundred-and-one-roles": roles(*[{"role_id": role_crn("Viewer")}] * 101),
    "no-resource": resource(),
    "no-account": resource(ON_VPC),
    "another-account": resource(attribute("accountId", OTHER_ACCOUNT), ON_VPC),
    "one-account-and-another": resource(IN_ACCOUNT, attribute("accountId", OTHER_ACCOUNT), ON_VPC),
    "every-account": resource(attribute("accountId", "*", "stringMatch"), ON_VPC),
    "no-scope": resource(IN_ACCOUNT),
    "no-scope-but-a-region": resource(IN_ACCOUNT, attribute("region", "us-south")),
    "an-unknown-operator": resource(IN_ACCOUNT, attribute("serviceName", "is", "stringLike")),
    "no-operator": resource(IN_ACCOUNT, {"key": "serviceName", "value": "is"}),
    "no-value": resource(IN_ACCOUNT, {"key": "serviceName", "operator": "stringEquals"}),
    "an-empty-value": resource(IN_ACCOUNT, attribute("serviceName", "")),
    "a-value-of-1001": resource(IN_ACCOUNT, attribute("serviceName", "s" * 1001)),
    "null-for-a-value": resource(IN_ACCOUNT, attribute("serviceName", None)),
    "a-number-for-a-value": resource(IN_ACCOUNT, attribute("serviceName", 5)),
    "an-object-for-a-value": resource(IN_ACCOUNT, attribute("serviceName", {"a": 1})),
    "a-list-for-a-text": resource(IN_ACCOUNT, attribute("serviceName", ["is"])),
    "a-text-for-a-list": resource(IN_ACCOUNT, ON_VPC, attribute("vpcId", "r006", "stringEqualsAnyOf")),
    "an-empty-list": resource(IN_ACCOUNT, ON_VPC, attribute("vpcId", [], "stringEqualsAnyOf")),
    "a-list-of-numbers": resource(IN_ACCOUNT, ON_VPC, attribute("vpcId", [1], "stringEqualsAnyOf")),
    "a-word-for-a-boolean": resource(IN_ACCOUNT, ON_VPC, attribute("vpcId", "yes", "stringExists")),
    "a-list-for-a-boolean": resource(IN_ACCOUNT, ON_VPC, attribute("vpcId", ["true"], "stringExists")),
    "nul-in-a-value": resource(IN_ACCOUNT, ON_VPC, attribute("vpcId", "a\0b")),
    "nul-in-a-key": resource(IN_ACCOUNT, ON_VPC, attribute("vpc\0Id", "a")),
    "nul-in-a-list": resource(IN_ACCOUNT, ON_VPC, attribute("vpcId", ["a\0"], "stringEqualsAnyOf")),
    "a-hundred-and-one-attributes": resource(IN_ACCOUNT, *[ON_VPC] * 100),
    "an-unknown-member-of-an-attribute": resource(IN_ACCOUNT, ON_VPC | {"note": "x"}),
    "a-tag-that-only-exists": resource(IN_ACCOUNT, ON_VPC, tags=[attribute("env", True, "stringExists")]),
    "a-time-condition": {"rule": attribute("{{environment.attributes.day_of_week}}", "1+00:00", "dayOfWeekEquals")},
    "a-pattern": {"pattern": "time-based-conditions:weekly"},
    "a-description-of-301": {"description": "d" * 301},
    "an-id": {"id": "11111111-1111-4111-8111-111111111111"},
    "a-state": {"state": "active"},
    "v1-members": {"subjects": [], "roles": [], "resources": []},
}


@pytest.mark.parametrize("changes", REFUSED_V2.values(), ids=REFUSED_V2.keys())
def test_a_v2_policy_is_refused_and_nothing_is_made(world: World, changes: dict[str, Any]) -> None:
    status, code = refusal(create("v2", **changes))
    assert status == 400
    assert code in ("invalid_body", "role_not_found")
    assert not Policy.objects.exists()


def v1_resource(*attributes: dict[str, Any]) -> dict[str, Any]:
    return {"resources": [{"attributes": list(attributes)}]}


V1_ACCOUNT, V1_VPC = v1_attribute("accountId", ACCOUNT), v1_attribute("serviceName", "is")
REFUSED_V1: dict[str, dict[str, Any]] = {
    "two-resources": {"resources": [{"attributes": [V1_ACCOUNT, V1_VPC]}] * 2},
    "no-resources": {"resources": []},
    "two-subjects": {"subjects": [{"attributes": [v1_attribute("iam_id", VICTOR)]}] * 2},
    "a-number-for-a-subject": {"subjects": [5]},
    "an-object-for-subjects": {"subjects": {"attributes": [v1_attribute("iam_id", VICTOR)]}},
    "a-subject-with-an-operator": {
        "subjects": [{"attributes": [v1_attribute("iam_id", VICTOR, operator="stringMatch")]}]
    },
    "no-roles": {"roles": []},
    "another-account": v1_resource(v1_attribute("accountId", OTHER_ACCOUNT), V1_VPC),
    "no-account": v1_resource(V1_VPC),
    "no-scope": v1_resource(V1_ACCOUNT),
    "a-v2-operator": v1_resource(V1_ACCOUNT, V1_VPC, v1_attribute("vpcId", "x", operator="stringEqualsAnyOf")),
    "a-boolean-for-text": v1_resource(V1_ACCOUNT, V1_VPC, v1_attribute("vpcId", True, operator="stringExists")),
    "a-word-for-true": v1_resource(V1_ACCOUNT, V1_VPC, v1_attribute("vpcId", "yes", operator="stringExists")),
    "a-list-for-text": v1_resource(V1_ACCOUNT, v1_attribute("serviceName", ["is"])),
    "v2-members": {"control": {}},
}


@pytest.mark.parametrize("changes", REFUSED_V1.values(), ids=REFUSED_V1.keys())
def test_a_v1_policy_is_refused_and_nothing_is_made(world: World, changes: dict[str, Any]) -> None:
    assert refusal(create("v1", **changes)) == (400, "invalid_body")
    assert not Policy.objects.exists()


@BOTH
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 1000, b"\xff"], ids=["empty", "cut", "list", "deep", "binary"]
)
def test_a_body_that_is_no_policy_is_refused(world: World, version: str, body: bytes) -> None:
    assert refusal(call("POST", f"/{version}/policies", body)) == (400, "invalid_body")


def test_a_refusal_names_what_is_at_fault_by_its_path(world: World) -> None:
    message = create("v2", more=(attribute("vpcId", 5),)).json()["errors"][0]["message"]
    assert message.startswith("resource.attributes[2].value")


def test_an_unknown_role_is_named_with_the_way_to_the_known_ones(world: World) -> None:
    answer = create("v1", roles=[{"role_id": role_crn("Emperor")}])
    assert refusal(answer) == (400, "role_not_found")
    assert "GET /v2/roles" in answer.json()["errors"][0]["message"]


@BOTH
def test_the_same_policy_twice_conflicts_and_the_first_is_named(policy: Policy, version: str) -> None:
    answer = create(version)
    assert refusal(answer) == (409, "policy_conflict_error")
    conflict = answer.json()["errors"][0]["details"]["conflicts_with"]
    assert conflict == {"etag": policy.entity_tag, "policy": str(policy.id)}


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


@pytest.mark.parametrize("policy_id", UNKNOWN)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_policy_is_not_found(world: World, method: str, policy_id: str) -> None:
    body = {"PUT": v1_policy(), "PATCH": {"state": "active"}}.get(method)
    assert refusal(call(method, f"/v1/policies/{policy_id}", body, If_Match="*")) == (404, "policy_not_found")


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


@pytest.mark.parametrize(
    ("query", "positions"),
    [
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
    ],
)
@BOTH
def test_a_list_is_filtered_and_sorted(three: list[str], version: str, query: str, positions: list[int]) -> None:
    assert ids(listed(query, version)) == [three[position] for position in positions]


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


# --- who may, and what is left of it ------------------------------------------------------------------------------

REQUESTS: dict[str, tuple[str, str, Any]] = {
    "list": ("GET", f"policies?account_id={ACCOUNT}", None),
    "create": ("POST", "policies", "Editor"),
    "get": ("GET", "policies/{id}", None),
    "replace": ("PUT", "policies/{id}", "Operator"),
    "delete": ("DELETE", "policies/{id}", None),
}
EVENTS = {
    "list": "iam-am.policy.read",
    "create": "iam-am.policy.create",
    "get": "iam-am.policy.read",
    "replace": "iam-am.policy.update",
    "delete": "iam-am.policy.delete",
}
READS, WRITES = ["list", "get"], ["create", "replace", "delete"]


def attempt(name: str, version: str, policy: Policy, caller: Caller | None) -> Any:
    method, path, role = REQUESTS[name]
    body = BODIES[version](VICTOR, role) if role else None
    return call(method, f"/{version}/{path.replace('{id}', str(policy.id))}", body, caller=caller, If_Match="*")


def granted(world: World, role: str) -> Caller:
    content = make_content("iam-Profile-eve", role, service="iam-access-management")
    create_policy(world.account, content=content, api_version="v1", by=BY)
    return caller_of("iam-Profile-eve")


@BOTH
@pytest.mark.parametrize("name", REQUESTS)
def test_nobody_gets_in_without_a_token(policy: Policy, version: str, name: str) -> None:
    assert refusal(attempt(name, version, policy, None)) == (401, "invalid_token")


@BOTH
@pytest.mark.parametrize("name", ["get", "replace", "delete"])
def test_mallory_sees_no_policy_of_alice(policy: Policy, version: str, name: str) -> None:
    assert refusal(attempt(name, version, policy, MALLORY)) == (404, "policy_not_found")
    assert Policy.objects.get().revision == 1


def test_mallory_cannot_grant_in_alices_account(world: World) -> None:
    assert refusal(call("POST", "/v1/policies", v1_policy(), caller=MALLORY)) == (400, "invalid_body")


@BOTH
@pytest.mark.parametrize("name", REQUESTS)
def test_a_subject_cannot_read_or_widen_its_own_policy(policy: Policy, version: str, name: str) -> None:
    assert refusal(attempt(name, version, policy, caller_of(VICTOR))) == (403, "insufficent_permissions")


@pytest.mark.parametrize("name", READS)
def test_a_viewer_may_read(world: World, policy: Policy, name: str) -> None:
    assert attempt(name, "v1", policy, granted(world, "Viewer")).status_code == 200


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("role", ["Viewer", "Operator", "Editor", "Reader", "Writer"])
def test_only_an_administrator_may_assign_access(world: World, policy: Policy, name: str, role: str) -> None:
    assert refusal(attempt(name, "v1", policy, granted(world, role))) == (403, "insufficent_permissions")
    policy.refresh_from_db()
    assert (policy.revision, policy.state) == (1, "active")


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("role", ["Administrator", "Manager"])
def test_an_administrator_may(world: World, policy: Policy, name: str, role: str) -> None:
    assert attempt(name, "v1", policy, granted(world, role)).status_code in (200, 201, 204)


@BOTH
@pytest.mark.parametrize("name", REQUESTS)
def test_an_operation_leaves_one_event(policy: Policy, version: str, name: str) -> None:
    before = ActivityEvent.objects.count()
    answer = attempt(name, version, policy, ALICE)
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "success", answer.status_code)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_refused_operation_leaves_one_event_too(policy: Policy, name: str) -> None:
    before = ActivityEvent.objects.count()
    attempt(name, "v1", policy, caller_of(VICTOR))
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "failure", 403)


def test_a_refusal_comes_in_the_policy_apis_envelope(world: World) -> None:
    body = call("POST", "/v2/policies", {}, X_Request_Id="r-1").json()
    assert (body["status_code"], body["trace"]) == (400, "r-1")
    assert all(each.keys() == {"code", "message"} for each in body["errors"])
