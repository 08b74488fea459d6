"""IBM's SDK creates, restores and loses service instances of a running product, whose clock removes them."""

from collections.abc import Callable

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_platform_services.resource_controller_v2 import ResourceInstance

from tests.live.operator import eventually
from tests.live.product import Product
from tests.live.service_instances import client_of, instances_of

pytestmark = pytest.mark.live


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
