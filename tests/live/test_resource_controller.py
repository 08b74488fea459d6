"""IBM's SDK creates, restores and loses service instances of a running product, whose clock removes them."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import GlobalCatalogV1, ResourceControllerV2
from ibm_platform_services.resource_controller_v2 import ResourceInstance

from tests.live.operator import Operator, eventually
from tests.live.product import Product

pytestmark = pytest.mark.live


def client_of(product: Product) -> Any:
    client = ResourceControllerV2(authenticator=IAMAuthenticator(product.info["api_key"], url=product.info["iam_url"]))
    client.set_service_url(product.info["control_plane_url"])
    return client


def instances_of(product: Product) -> Callable[[str, str], Any]:
    """Returns a function that creates an instance of a service in a location as the catalog says that it can be."""
    client = client_of(product)
    catalog = GlobalCatalogV1(authenticator=client.authenticator)
    catalog.set_service_url(f"{product.info['control_plane_url']}/api/v1")
    group = Operator(product.info).groups.list_resource_groups(default=True).get_result()["resources"][0]["id"]

    def make(service: str, location: str) -> Any:
        [entry] = catalog.list_catalog_entries(q=service, include="*").get_result()["resources"]
        plan = catalog.get_child_objects(entry["id"], "plan").get_result()["resources"][0]
        deployments = catalog.get_child_objects(plan["id"], "deployment").get_result()["resources"]
        [target] = [
            each["catalog_crn"] for each in deployments if each["metadata"]["deployment"]["location"] == location
        ]
        name = f"sdk-{uuid.uuid4().hex[:8]}"
        return client.create_resource_instance(name, target, group, plan["id"], parameters={}).get_result()

    return make


@pytest.mark.parametrize(("service", "location"), [("kms", "eu-de"), ("cloud-object-storage", "global")])
def test_an_instance_lives_through_ibms_client(product: Product, service: str, location: str) -> None:
    controller, instance = client_of(product), instances_of(product)(service, location)
    for word in (instance["guid"], instance["crn"]):  # the client encodes the slash of the CRN
        answer = controller.get_resource_instance(word).get_result()
        assert ResourceInstance.from_dict(answer) == ResourceInstance.from_dict(instance)
    if service == "kms":
        assert instance["extensions"]["endpoints"]["public"] == product.info["control_plane_url"].rstrip("/")
    assert controller.lock_resource_instance(instance["crn"]).get_result()["locked"] is True
    with pytest.raises(ApiException) as error:
        controller.delete_resource_instance(instance["crn"])
    assert error.value.status_code == 422
    controller.unlock_resource_instance(instance["crn"])
    assert controller.update_resource_instance(instance["crn"], name="new").get_result()["name"] == "new"
    assert controller.delete_resource_instance(instance["crn"], recursive=True).get_status_code() == 204
    assert controller.get_resource_instance(instance["crn"]).get_result()["state"] == "pending_reclamation"
    entries = controller.list_reclamations(resource_instance_id=instance["guid"]).get_result()["resources"]
    controller.run_reclamation_action(entries[0]["id"], "restore")
    assert controller.get_resource_instance(instance["guid"]).get_result()["state"] == "active"


def test_the_clock_of_the_deployment_removes_a_deleted_instance(new_product: Callable[..., Product]) -> None:
    """A product of its own: moving its clock affects every test that uses it."""
    product = new_product()
    product.start()
    instance = instances_of(product)("kms", "us-south")
    client_of(product).delete_resource_instance(instance["guid"])

    def state() -> str:
        """The state, read with a token of this time."""
        answer = client_of(product).get_resource_instance(instance["guid"])
        return str(answer.get_result()["state"])

    assert state() == "pending_reclamation"
    product.run("clock", "advance", "8d")
    assert eventually(lambda: state() == "removed")
    product.run("clock", "reset")
    assert eventually(lambda: state() == "removed")
