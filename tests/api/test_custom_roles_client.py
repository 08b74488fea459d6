"""Custom roles by the unmodified ``ibm-platform-services`` client, and what they grant."""

from collections.abc import Callable
from typing import Any

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_platform_services import IamPolicyManagementV1
from ibm_platform_services.iam_policy_management_v1 import CustomRole, RoleCollection

from tests.api.calling import call, caller_of
from tests.policies import VICTOR, v1_policy
from tests.world import ACCOUNT, MALLORY, OTHER_ACCOUNT

SERVERS = "/v1/bare_metal_servers?version=2025-08-26&generation=2"
START = "is.bare-metal-server.bare-metal-server.operate"
LIST = "is.bare-metal-server.bare-metal-server.list"
ROLE = {"name": "Watcher", "display_name": "Watcher", "account_id": ACCOUNT, "service_name": "is", "actions": [LIST]}


@pytest.fixture
def policies(connect: Callable[..., Any]) -> Any:
    return connect(IamPolicyManagementV1)


def refused(method: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[int, str]:
    with pytest.raises(ApiException) as failure:
        method(*args, **kwargs)
    return failure.value.status_code, failure.value.http_response.json()["errors"][0]["code"]


def victor_may_list() -> bool:
    return bool(call("GET", SERVERS, caller=caller_of(VICTOR)).status_code == 200)


def test_a_custom_role_lives_through_create_read_replace_and_delete(policies: Any) -> None:
    new_role = policies.create_role(**ROLE, description="d")
    role = CustomRole.from_dict(new_role.get_result())
    assert role.crn == f"crn:v1:ibmcloud:public:iam-access-management::a/{ACCOUNT}::customRole:Watcher"
    fetched_role = policies.get_role(role.id)
    assert (CustomRole.from_dict(fetched_role.get_result()), fetched_role.get_headers()["ETag"]) == (
        role,
        new_role.get_headers()["ETag"],
    )
    replaced = policies.replace_role(role.id, new_role.get_headers()["ETag"], display_name="Starter", actions=[START])
    assert (replaced.get_result()["actions"], replaced.get_result()["description"]) == ([START], "")
    assert policies.delete_role(role.id).get_status_code() == 204
    assert refused(policies.get_role, role.id) == (404, "role_not_found")
    assert refused(policies.delete_role, role.id) == (404, "role_not_found")


def test_a_custom_role_is_listed_for_its_service(policies: Any) -> None:
    new_role = policies.create_role(**ROLE).get_result()
    listed_roles = {
        service: RoleCollection.from_dict(policies.list_roles(account_id=ACCOUNT, **service_name).get_result())
        for service, service_name in (
            ("is", {"service_name": "is"}),
            ("other", {"service_name": "iam-identity"}),
            ("any", {}),
        )
    }
    role_ids = {service: [role.id for role in roles.custom_roles] for service, roles in listed_roles.items()}
    assert role_ids == {"is": [new_role["id"]], "other": [], "any": [new_role["id"]]}


def test_a_stale_entity_tag_replaces_no_role(policies: Any) -> None:
    role = policies.create_role(**ROLE)
    tag, role_id = role.get_headers()["ETag"], role.get_result()["id"]
    policies.replace_role(role_id, tag, display_name="Watcher", actions=[START])
    answer = refused(policies.replace_role, role_id, tag, display_name="Watcher", actions=[LIST])
    assert answer == (412, "precondition_failed")


def test_a_custom_role_grants_its_actions_and_no_others(policies: Any) -> None:
    role = policies.create_role(**ROLE).get_result()
    assert not victor_may_list()
    policies.create_policy(**v1_policy() | {"roles": [{"role_id": role["crn"]}]})
    assert victor_may_list()
    keys = call("GET", SERVERS.replace("bare_metal_servers", "keys"), caller=caller_of(VICTOR))
    assert keys.status_code == 403


def test_what_a_role_grants_changes_with_it_at_once(policies: Any) -> None:
    new_role = policies.create_role(**ROLE)
    role = new_role.get_result()
    policies.create_policy(**v1_policy() | {"roles": [{"role_id": role["crn"]}]})
    policies.replace_role(role["id"], new_role.get_headers()["ETag"], display_name="Watcher", actions=[START])
    assert not victor_may_list()


def test_a_role_that_a_policy_grants_is_not_deleted(policies: Any) -> None:
    # D-64
    role = policies.create_role(**ROLE).get_result()
    policy = policies.create_policy(**v1_policy() | {"roles": [{"role_id": role["crn"]}]}).get_result()
    assert refused(policies.delete_role, role["id"]) == (409, "role_conflict_error")
    policies.delete_policy(policy["id"])
    assert policies.delete_role(role["id"]).get_status_code() == 204


def test_a_policy_whose_role_is_gone_is_not_restored(policies: Any) -> None:
    role = policies.create_role(**ROLE).get_result()
    policy = policies.create_policy(**v1_policy() | {"roles": [{"role_id": role["crn"]}]}).get_result()
    policies.delete_policy(policy["id"])
    policies.delete_role(role["id"])
    tag = policies.get_policy(policy["id"]).get_headers()["ETag"]
    assert refused(policies.update_policy_state, policy["id"], tag, state="active") == (400, "role_not_found")
    policies.create_role(**ROLE)  # by the same CRN, and perhaps of other actions
    assert not victor_may_list()


def test_another_accounts_role_is_not_found(connect: Callable[..., Any], policies: Any) -> None:
    theirs = connect(IamPolicyManagementV1, MALLORY).create_role(**ROLE | {"account_id": OTHER_ACCOUNT}).get_result()
    body = v1_policy() | {"roles": [{"role_id": theirs["crn"]}]}
    assert refused(policies.create_policy, **body) == (400, "role_not_found")
    assert refused(policies.get_role, theirs["id"]) == (404, "role_not_found")
