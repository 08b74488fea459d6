"""What an operator does with IBM's SDKs, unmodified, against running processes."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_vpc import VpcV1

from tests.live.operator import VIEWER, Operator, eventually

pytestmark = pytest.mark.live

# --- the operator ----------------------------------------------------------------------------------------------


def test_a_created_server_is_pending_and_then_runs(operator: Operator) -> None:
    server = operator.vpc.create_bare_metal_server(operator.prototype()).get_result()
    assert server["status"] == "pending"
    assert operator.await_status(server["id"], "running")["lifecycle_state"] == "stable"


def test_a_server_walks_through_its_life(operator: Operator) -> None:
    server_id = operator.create_server()["id"]
    operator.vpc.stop_bare_metal_server(server_id, type="hard")
    operator.await_status(server_id, "stopped")
    operator.vpc.start_bare_metal_server(server_id)
    operator.await_status(server_id, "running")
    operator.vpc.restart_bare_metal_server(server_id)
    operator.await_status(server_id, "running")
    operator.vpc.stop_bare_metal_server(server_id, type="soft")
    operator.await_status(server_id, "stopped")
    assert operator.vpc.delete_bare_metal_server(server_id).get_status_code() == 202

    assert eventually(lambda: _status_of(operator, server_id) == 404)


def _status_of(operator: Operator, server_id: str) -> int:
    try:
        return int(operator.vpc.get_bare_metal_server(server_id).get_status_code())
    except ApiException as error:
        return int(error.status_code or 0)


def test_a_server_is_found_in_the_list_renamed_and_read_back(operator: Operator) -> None:
    server = operator.create_server()
    name = f"renamed-{uuid.uuid4().hex[:6]}"
    operator.vpc.update_bare_metal_server(server["id"], {"name": name})
    [actual_server] = operator.vpc.list_bare_metal_servers(name=name).get_result()["bare_metal_servers"]
    assert actual_server["id"] == server["id"]


def test_a_server_remembers_what_it_was_initialized_with(operator: Operator, chain: dict[str, Any]) -> None:
    initialization = operator.vpc.get_bare_metal_server_initialization(chain["server"]["id"]).get_result()
    assert initialization["default_trusted_profile"]["target"]["id"] == chain["profile"]["id"]


READS: dict[str, Callable[[VpcV1], Any]] = {
    "regions": lambda vpc: vpc.list_regions().get_result()["regions"],
    "region": lambda vpc: vpc.get_region("us-south").get_result()["name"],
    "zones": lambda vpc: vpc.list_region_zones("us-south").get_result()["zones"],
    "profiles": lambda vpc: vpc.list_bare_metal_server_profiles().get_result()["profiles"],
    "profile": lambda vpc: vpc.get_bare_metal_server_profile("bx2-metal-96x384").get_result()["name"],
    "images": lambda vpc: vpc.list_images().get_result()["images"],
    "vpcs": lambda vpc: vpc.list_vpcs().get_result()["vpcs"],
    "subnets": lambda vpc: vpc.list_subnets().get_result()["subnets"],
    "keys": lambda vpc: vpc.list_keys().get_result()["keys"],
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_seeded_data_is_readable(operator: Operator, read: Callable[[VpcV1], Any]) -> None:
    assert read(operator.vpc)


def test_a_wrong_api_key_is_refused_with_ibms_words(product: Any) -> None:
    with pytest.raises(ApiException, match="Provided API key could not be found") as error:
        IAMAuthenticator("wrong", url=product.info["iam_url"]).token_manager.get_token()
    assert error.value.status_code == 400


def test_a_profile_is_updated_and_deleted_with_its_entity_tag(operator: Operator) -> None:
    profile = operator.create_profile()
    updated_profile = operator.iam.update_profile(
        profile["id"], if_match=profile["entity_tag"], description="new"
    ).get_result()
    assert updated_profile["description"] == "new"
    operator.iam.delete_profile(profile["id"])
    with pytest.raises(ApiException) as error:
        operator.iam.get_profile(profile["id"])
    assert error.value.status_code == 404


def test_policies_are_listed_by_their_subject(operator: Operator) -> None:
    profile = operator.create_profile()
    policy = operator.grant_viewer(profile)
    page = operator.policies.list_policies(operator.info["account_id"], iam_id=profile["iam_id"]).get_result()
    assert [each["id"] for each in page["policies"]] == [policy["id"]]


def test_a_v1_policy_is_readable_as_v2(operator: Operator) -> None:
    policy = operator.grant_viewer(operator.create_profile())
    v2 = operator.policies.get_v2_policy(policy["id"]).get_result()
    assert v2["control"]["grant"]["roles"][0]["role_id"] == VIEWER


def test_the_default_resource_group_is_found(operator: Operator) -> None:
    groups = operator.groups.list_resource_groups(account_id=operator.info["account_id"], default=True).get_result()
    assert [group["default"] for group in groups["resources"]] == [True]
