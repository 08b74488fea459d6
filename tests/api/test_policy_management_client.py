"""Policies and custom roles by the unmodified ``ibm-platform-services`` client, and what a refusal looks like to it."""

from collections.abc import Callable
from typing import Any

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_platform_services import IamPolicyManagementV1
from ibm_platform_services.iam_policy_management_v1 import (
    NestedConditionRuleAttribute,
    Policy,
    PolicyCollection,
    V2Policy,
    V2PolicyCollection,
    V2PolicyRuleRuleAttribute,
    V2PolicyRuleRuleWithNestedConditions,
)

from servers.models import BareMetalServer
from tests.api.calling import call, caller_of
from tests.policies import VICTOR, attribute, role_crn, v1_attribute, v1_policy, v2_policy
from tests.world import ACCOUNT

SERVERS = "/v1/bare_metal_servers?version=2025-08-26&generation=2"
LIST = "is.bare-metal-server.bare-metal-server.list"
WEEKLY = "time-based-conditions:weekly:custom-hours"


@pytest.fixture
def policies(connect: Callable[..., Any]) -> Any:
    return connect(IamPolicyManagementV1)


def refused(method: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[int, str]:
    with pytest.raises(ApiException) as failure:
        method(*args, **kwargs)
    return failure.value.status_code, failure.value.http_response.json()["errors"][0]["code"]


def victor_may_list() -> bool:
    return bool(call("GET", SERVERS, caller=caller_of(VICTOR)).status_code == 200)


def victor_sees_a_server() -> bool:
    answer = call("GET", SERVERS, caller=caller_of(VICTOR))
    assert answer.status_code == 200  # there is a policy of the service
    return bool(answer.json()["bare_metal_servers"])


# --- entity tags ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["", "v2_"])
def test_a_stale_entity_tag_replaces_nothing(policies: Any, version: str) -> None:
    body = v2_policy if version else v1_policy
    creation = getattr(policies, f"create_{version}policy")(**body())
    replace, stale = getattr(policies, f"replace_{version}policy"), creation.get_headers()["ETag"]
    replace(creation.get_result()["id"], stale, **body(VICTOR, "Operator"))
    answer = refused(replace, creation.get_result()["id"], stale, **body(VICTOR, "Administrator"))
    assert answer == (412, "precondition_failed")
    assert policies.get_policy(creation.get_result()["id"]).get_result()["roles"][0]["role_id"] == role_crn("Operator")


def test_a_stale_entity_tag_restores_nothing(policies: Any) -> None:
    policy = policies.create_policy(**v1_policy())
    policies.delete_policy(policy.get_result()["id"])
    stale = policy.get_headers()["ETag"]
    assert refused(policies.update_policy_state, policy.get_result()["id"], stale, state="active") == (
        412,
        "precondition_failed",
    )
    assert not victor_may_list()


@pytest.mark.parametrize("version", ["", "v2_"])
def test_the_entity_tag_of_one_api_is_good_for_the_other(policies: Any, version: str) -> None:
    policy = policies.create_policy(**v1_policy()).get_result()
    tag = getattr(policies, f"get_{version}policy")(policy["id"]).get_headers()["ETag"]
    replaced = policies.replace_v2_policy(policy["id"], tag, **v2_policy(VICTOR, "Editor")).get_result()
    assert V2Policy.from_dict(replaced).control["grant"]["roles"] == [{"role_id": role_crn("Editor")}]


# --- delete and restore -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["", "v2_"])
def test_access_goes_with_the_policy_and_comes_back_when_it_is_restored(policies: Any, version: str) -> None:
    policy = policies.create_policy(**v1_policy()).get_result()
    assert victor_may_list()
    getattr(policies, f"delete_{version}policy")(policy["id"])
    assert not victor_may_list()
    tag = policies.get_policy(policy["id"]).get_headers()["ETag"]
    policies.update_policy_state(policy["id"], tag, state="active")
    assert victor_may_list()


def test_a_deleted_policy_is_not_replaced(policies: Any) -> None:
    policy = policies.create_policy(**v1_policy()).get_result()
    policies.delete_policy(policy["id"])
    tag = policies.get_policy(policy["id"]).get_headers()["ETag"]
    assert refused(policies.replace_policy, policy["id"], tag, **v1_policy(VICTOR, "Editor")) == (
        404,
        "policy_not_found",
    )


def test_a_policy_is_not_restored_beside_one_that_says_the_same(policies: Any) -> None:
    first = policies.create_policy(**v1_policy()).get_result()
    policies.delete_policy(first["id"])
    policies.create_v2_policy(**v2_policy())
    tag = policies.get_policy(first["id"]).get_headers()["ETag"]
    answer = refused(policies.update_policy_state, first["id"], tag, state="active")
    assert answer == (409, "policy_conflict_error")


# --- duplicates -------------------------------------------------------------------------------------------------

SAME = {
    "the-same": {},
    "another-description": {"description": "again"},
    "roles-in-another-order": {
        "control": {"grant": {"roles": [{"role_id": role_crn(r)} for r in ("Editor", "Viewer")]}}
    },
    "attributes-in-another-order": {
        "resource": {"attributes": [attribute("serviceName", "is"), attribute("accountId", ACCOUNT)]}
    },
}


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME.keys())
def test_what_is_granted_already_conflicts_whichever_api_granted_it(policies: Any, changes: dict[str, Any]) -> None:
    policies.create_policy(**v1_policy(VICTOR, "Viewer", "Editor"))
    body = v2_policy(VICTOR, "Viewer", "Editor") | changes
    assert refused(policies.create_v2_policy, **body) == (409, "policy_conflict_error")


def test_a_replacement_conflicts_with_another_policy_and_not_with_itself(policies: Any) -> None:
    policies.create_policy(**v1_policy(VICTOR, "Editor"))
    policy = policies.create_policy(**v1_policy())
    tag, policy_id = policy.get_headers()["ETag"], policy.get_result()["id"]
    again = policies.replace_policy(policy_id, tag, **v1_policy(description="same"))
    assert again.get_result()["description"] == "same"
    tag = again.get_headers()["ETag"]
    answer = refused(policies.replace_policy, policy_id, tag, **v1_policy(VICTOR, "Editor"))
    assert answer == (409, "policy_conflict_error")


def test_a_rule_makes_another_policy_of_it(policies: Any) -> None:
    policies.create_v2_policy(**v2_policy())
    rule = V2PolicyRuleRuleAttribute(
        key="{{environment.attributes.day_of_week}}", operator="dayOfWeekEquals", value="1+00:00"
    )
    body = v2_policy() | {"rule": rule, "pattern": "time-based-conditions:weekly:all-day"}
    assert policies.create_v2_policy(**body).get_status_code() == 201


# --- what only v2 can say ---------------------------------------------------------------------------------------


@pytest.fixture
def timed(policies: Any) -> dict[str, Any]:
    """A policy for office hours."""
    office = V2PolicyRuleRuleWithNestedConditions(
        operator="and",
        conditions=[
            NestedConditionRuleAttribute(
                key="{{environment.attributes.day_of_week}}",
                operator="dayOfWeekAnyOf",
                value=["1+00:00", "2+00:00", "3+00:00", "4+00:00", "5+00:00"],
            ),
            NestedConditionRuleAttribute(
                key="{{environment.attributes.current_time}}",
                operator="timeGreaterThanOrEquals",
                value="09:00:00+00:00",
            ),
        ],
    )
    new_v2_policy: dict[str, Any] = policies.create_v2_policy(
        **v2_policy() | {"rule": office, "pattern": WEEKLY}
    ).get_result()
    return new_v2_policy


def test_v2_reads_a_rule_as_it_was_written(policies: Any, timed: dict[str, Any]) -> None:
    fetched_v2_policy = V2Policy.from_dict(policies.get_v2_policy(timed["id"]).get_result())
    assert (fetched_v2_policy.pattern, fetched_v2_policy.rule) == (WEEKLY, timed["rule"])
    assert [each["operator"] for each in timed["rule"]["conditions"]] == ["dayOfWeekAnyOf", "timeGreaterThanOrEquals"]


def test_v1_reads_a_policy_without_its_rule(policies: Any, timed: dict[str, Any]) -> None:
    policy = policies.get_policy(timed["id"]).get_result()
    assert Policy.from_dict(policy).id == timed["id"]
    assert not policy.keys() & {"rule", "pattern"}
    [listed_policy] = PolicyCollection.from_dict(policies.list_policies(ACCOUNT).get_result()).policies
    assert listed_policy.id == timed["id"]


def test_v1_does_not_replace_a_policy_with_a_rule(policies: Any, timed: dict[str, Any]) -> None:
    # D-63
    tag = policies.get_policy(timed["id"]).get_headers()["ETag"]
    answer = refused(policies.replace_policy, timed["id"], tag, **v1_policy(VICTOR, "Editor"))
    assert answer == (400, "request_not_processed")
    assert policies.get_v2_policy(timed["id"]).get_result()["rule"] == timed["rule"]


def test_v2_removes_a_rule_from_a_policy(policies: Any, timed: dict[str, Any]) -> None:
    tag = policies.get_v2_policy(timed["id"]).get_headers()["ETag"]
    replaced = policies.replace_v2_policy(timed["id"], tag, **v2_policy()).get_result()
    assert not replaced.keys() & {"rule", "pattern"}


@pytest.mark.parametrize("version", ["", "v2_"])
def test_a_list_may_show_what_each_role_allows(policies: Any, version: str) -> None:
    policies.create_policy(**v1_policy())
    body = getattr(policies, f"list_{version}policies")(ACCOUNT, format="display").get_result()
    kind = V2PolicyCollection if version else PolicyCollection
    assert len(kind.from_dict(body).policies) == 1
    [policy] = body["policies"]
    [role] = policy["control"]["grant"]["roles"] if version else policy["roles"]
    assert role["display_name"] == "Viewer"
    assert LIST in [action["id"] for action in role["actions"]]


# --- which resources --------------------------------------------------------------------------------------------

# An attribute, and whether a policy with it lets Victor see a server in us-south.
ATTRIBUTES = {
    "this-region": (attribute("region", "us-south"), True),
    "another-region": (attribute("region", "eu-de"), False),
    "a-region-like-this": (attribute("region", "us-*", "stringMatch"), True),
    "a-region-unlike-this": (attribute("region", "eu-*", "stringMatch"), False),
    "some-region": (attribute("region", True, "stringExists"), True),
    "no-region": (attribute("region", False, "stringExists"), False),
    "no-subnet": (attribute("subnetId", "false", "stringExists"), True),
    "one-of-these-regions": (attribute("region", ["eu-de", "us-south"], "stringEqualsAnyOf"), True),
    "none-of-these-regions": (attribute("region", ["eu-de", "us-*"], "stringEqualsAnyOf"), False),
    "like-one-of-these-regions": (attribute("region", ["eu-*", "us-*"], "stringMatchAnyOf"), True),
    "unlike-all-of-these-regions": (attribute("region", ["eu-*", "jp-*"], "stringMatchAnyOf"), False),
}


@pytest.mark.parametrize(("wanted", "allowed"), ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_a_policy_counts_where_its_attributes_match(
    policies: Any, server: BareMetalServer, wanted: dict[str, Any], allowed: bool
) -> None:
    policies.create_v2_policy(**v2_policy(more=(wanted,)))
    assert victor_sees_a_server() is allowed


V1 = {name: case for name, case in ATTRIBUTES.items() if not case[0]["operator"].endswith("AnyOf")}


@pytest.mark.parametrize(("wanted", "allowed"), V1.values(), ids=V1.keys())
def test_a_policy_that_v1_wrote_counts_as_one_that_v2_wrote(
    policies: Any, server: BareMetalServer, wanted: dict[str, Any], allowed: bool
) -> None:
    value = str(wanted["value"]).lower() if wanted["operator"] == "stringExists" else wanted["value"]
    bodies = [v1_attribute("accountId", ACCOUNT), v1_attribute("serviceName", "is")]
    bodies.append(v1_attribute(wanted["key"], value, operator=wanted["operator"]))
    policies.create_policy(**v1_policy(resources=[{"attributes": bodies}]))
    assert victor_sees_a_server() is allowed
