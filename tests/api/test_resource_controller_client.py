"""The unmodified ``ibm-platform-services`` clients of the resource controller and the global catalog, and the calls of
IBM's Terraform provider in their order. What comes back goes through the clients' own models."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_platform_services import GlobalCatalogV1, ResourceControllerV2
from ibm_platform_services.global_catalog_v1 import CatalogEntry, EntrySearchResult
from ibm_platform_services.resource_controller_v2 import (
    Reclamation,
    ReclamationsList,
    ResourceInstance,
    ResourceInstancesList,
    ResourceInstancesPager,
)

from tests.api.calling import call
from tests.api.official import URL
from tests.instances import COS, KMS, instance_body
from tests.world import ACCOUNT, World
from trustedprofiles.selectors import default_resource_group


@pytest.fixture
def controller(connect: Callable[[Any], Any]) -> Any:
    return connect(ResourceControllerV2)


@pytest.fixture
def catalog(connect: Callable[[Any], Any]) -> Any:
    client = connect(GlobalCatalogV1)
    client.set_service_url(f"{URL}/api/v1")
    return client


@pytest.fixture
def instance(controller: Any, world: World) -> dict[str, Any]:
    body: dict[str, Any] = controller.create_resource_instance(
        **instance_body(ACCOUNT), entity_lock="false"
    ).get_result()
    return body


def test_an_instance_is_created_read_and_changed_by_the_client(controller: Any, instance: dict[str, Any]) -> None:
    for word in (instance["guid"], instance["crn"]):
        answer = controller.get_resource_instance(word)
        assert ResourceInstance.from_dict(answer.get_result()) == ResourceInstance.from_dict(instance)
    update = controller.update_resource_instance(instance["id"], name="new", parameters={}, allow_cleanup=True)
    assert ResourceInstance.from_dict(update.get_result()).name == "new"


def test_an_instance_is_locked_and_unlocked_by_the_client(controller: Any, instance: dict[str, Any]) -> None:
    assert ResourceInstance.from_dict(controller.lock_resource_instance(instance["id"]).get_result()).locked
    with pytest.raises(ApiException, match="locked") as error:
        controller.delete_resource_instance(instance["id"])
    assert error.value.status_code == 422
    assert not ResourceInstance.from_dict(controller.unlock_resource_instance(instance["id"]).get_result()).locked


def test_a_deleted_instance_is_restored_and_reclaimed_by_the_client(controller: Any, instance: dict[str, Any]) -> None:
    for action, state in (("restore", "active"), ("reclaim", "removed")):
        assert controller.delete_resource_instance(instance["id"], recursive=True).get_status_code() == 204
        entries = controller.list_reclamations(account_id=ACCOUNT, resource_instance_id=instance["guid"]).get_result()
        [entry] = ReclamationsList.from_dict(entries).resources
        answer = controller.run_reclamation_action(entry.id, action, request_by="me", comment="c").get_result()
        assert Reclamation.from_dict(answer).entity_crn == instance["crn"]
        assert controller.get_resource_instance(instance["id"]).get_result()["state"] == state


def test_the_pager_of_the_client_reads_all_pages(controller: Any, world: World) -> None:
    for number in range(5):
        controller.create_resource_instance(**instance_body(ACCOUNT, name=f"kms-{number}"))
    controller.create_resource_instance(**instance_body(ACCOUNT, service=COS))
    rows = ResourceInstancesPager(client=controller, sub_type=KMS, limit=2).get_all()
    assert sorted(each["name"] for each in rows) == [f"kms-{number}" for number in range(5)]
    page = ResourceInstancesList.from_dict(controller.list_resource_instances(limit=2).get_result())
    assert (page.rows_count, len(page.resources)) == (2, 2)


def test_credentials_are_left_out_by_name(controller: Any, instance: dict[str, Any]) -> None:
    with pytest.raises(ApiException, match="/v2/resource_keys is not simulated") as error:
        controller.create_resource_key(name="key", source=instance["id"])
    assert error.value.status_code == 501


def test_the_catalog_is_read_by_the_client(catalog: Any, world: World) -> None:
    services = EntrySearchResult.from_dict(catalog.list_catalog_entries(q=KMS, include="*").get_result())
    [service] = services.resources
    assert CatalogEntry.from_dict(catalog.get_catalog_entry(service.id, complete=True).get_result()) == service
    plans = EntrySearchResult.from_dict(catalog.get_child_objects(service.id, "plan").get_result()).resources
    deployments = EntrySearchResult.from_dict(catalog.get_child_objects(plans[0].id, "*").get_result()).resources
    assert [each.metadata.deployment.location for each in deployments] == service.geo_tags
    with pytest.raises(ApiException) as error:
        catalog.get_catalog_entry("unknown")
    assert error.value.status_code == 404


# --- IBM's Terraform provider ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "plan", "location"), [(KMS, "tiered-pricing", "us-south"), (COS, "standard", "global")], ids=[KMS, COS]
)
def test_the_calls_of_a_resource_instance_are_answered_as_the_provider_needs_them(
    world: World, service: str, plan: str, location: str
) -> None:
    """``ibm_resource_instance``: look-ups in the catalog, creation, read-back, a change, deletion, and the polling that
    waits for each (Key Protect contract, sections 6 and 8.3)."""

    def get(path: str) -> Any:
        answer = call("GET", path)
        assert answer.status_code == 200, (path, answer.content)
        return answer.json()

    # Creation: the service by name, its plan, the deployment in the location, whose CRN is the target.
    [entry] = [each for each in get(f"/api/v1/?q={service}&include=*")["resources"] if each["name"] == service]
    assert entry["metadata"]["service"]["rc_provisionable"] is True
    kind = "plan" if entry["kind"] == "service" else "flavor"
    [plan_id] = [each["id"] for each in get(f"/api/v1/{entry['id']}/{kind}")["resources"] if each["name"] == plan]
    deployments = get(f"/api/v1/{plan_id}/deployment?include=*")["resources"]
    [deployment] = [
        each
        for each in deployments
        if each["metadata"]["rc_compatible"] and each["metadata"]["deployment"]["location"] == location
    ]
    group = default_resource_group(ACCOUNT)
    body = {
        "name": "tf",
        "target": deployment["catalog_crn"],
        "resource_group": group.id,
        "resource_plan_id": plan_id,
        "parameters": {},
    }
    answer = call("POST", "/v2/resource_instances", body)
    assert answer.status_code == 201, answer.content
    id = answer.json()["id"]
    one = f"/v2/resource_instances/{quote(id, safe='')}"
    assert get(one)["state"] == "active"

    # Read-back. The provider takes an id that differs for an instance that is gone, and asserts types unchecked.
    instance = get(one)
    assert (instance["id"], instance["resource_group_id"], id.split(":")[5]) == (id, group.id, location)
    assert len(id.split(":")) == 10
    service_entry, plan_entry = get(f"/api/v1/{instance['resource_id']}"), get(f"/api/v1/{plan_id}")
    assert (service_entry["name"], service_entry["kind"], plan_entry["name"]) == (service, "service", plan)
    assert instance["target_crn"] == deployment["catalog_crn"]
    if service == KMS:
        assert isinstance(instance["extensions"]["endpoints"]["public"], str)
        assert isinstance(instance["extensions"]["endpoints"]["private"], str)
    # D-177
    search = {"query": f'crn:"{id}"', "fields": ["tags"]}
    assert call("POST", "/v3/resources/search", search).status_code == 200

    # The data source.
    assert get(f"/api/v1?q={service}")["resource_count"] == 1
    assert get(f"/api/v1/{entry['id']}/*?q=")["resource_count"] >= 1
    page = get(f"/v2/resource_instances?name=tf&resource_id={instance['resource_id']}&limit=100")
    assert [each["id"] for each in page["resources"]] == [id]

    # A change, and the destruction: the polling ends at a state, and would go on after 404.
    assert call("PATCH", one, {"name": "tf-2", "parameters": {}}).status_code == 200
    assert (get(one)["name"], get(one)["last_operation"]["state"]) == ("tf-2", "succeeded")
    assert call("DELETE", f"{one}?recursive=true").status_code == 204
    assert get(one)["state"] == "pending_reclamation"
    assert get("/v2/resource_instances")["resources"] == []
