"""Bodies the policy API refuses, with its own codes, and nothing is made."""

from typing import Any

import pytest

from tests.api.calling import call, refusal
from tests.policies import VICTOR, attribute, role_crn, v1_attribute, v1_policy, v2_policy
from tests.tables import alone, check_each
from tests.world import ACCOUNT, OTHER_ACCOUNT, World
from trustedprofiles.models import Policy

BODIES = {"v1": v1_policy, "v2": v2_policy}
BOTH = pytest.mark.parametrize("version", ["v1", "v2"])


def create(version: str = "v1", *args: str, **changes: Any) -> Any:
    return call("POST", f"/{version}/policies", BODIES[version](*args, **changes))


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
    "a-boolean-for-a-list": resource(IN_ACCOUNT, ON_VPC, attribute("vpcId", True, "stringEqualsAnyOf")),
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


def test_a_v2_policy_is_refused_and_nothing_is_made(world: World) -> None:
    def check(name: str) -> None:
        changes = REFUSED_V2[name]
        status, code = refusal(create("v2", **changes))
        assert status == 400
        assert code in ("invalid_body", "role_not_found")
        assert not Policy.objects.exists()

    check_each(REFUSED_V2, alone(check))


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


def test_a_v1_policy_is_refused_and_nothing_is_made(world: World) -> None:
    def check(name: str) -> None:
        changes = REFUSED_V1[name]
        assert refusal(create("v1", **changes)) == (400, "invalid_body")
        assert not Policy.objects.exists()

    check_each(REFUSED_V1, alone(check))


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
def test_an_authorization_policy_is_refused_by_name(world: World, version: str) -> None:
    answer = create(version, type="authorization")
    assert refusal(answer) == (400, "invalid_body")
    assert "Authorization policies are not simulated." in answer.json()["errors"][0]["message"]


@BOTH
def test_the_same_policy_twice_conflicts_and_the_first_is_named(policy: Policy, version: str) -> None:
    answer = create(version)
    assert refusal(answer) == (409, "policy_conflict_error")
    conflict = answer.json()["errors"][0]["details"]["conflicts_with"]
    assert conflict == {"etag": policy.entity_tag, "policy": str(policy.id)}
