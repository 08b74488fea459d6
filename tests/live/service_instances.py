"""Service instances, made with IBM's client of the resource controller."""

import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import GlobalCatalogV1, ResourceControllerV2

from tests.live.operator import Operator
from tests.live.product import Product


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

    @cache
    def target_of(service: str, location: str) -> tuple[str, str]:
        """The ids of a deployment and of its plan."""
        [entry] = catalog.list_catalog_entries(q=service, include="*").get_result()["resources"]
        plan = catalog.get_child_objects(entry["id"], "plan").get_result()["resources"][0]
        deployments = catalog.get_child_objects(plan["id"], "deployment").get_result()["resources"]
        [target] = [
            each["catalog_crn"] for each in deployments if each["metadata"]["deployment"]["location"] == location
        ]
        return target, plan["id"]

    def make(service: str, location: str) -> Any:
        target, plan = target_of(service, location)
        name = f"sdk-{uuid.uuid4().hex[:8]}"
        return client.create_resource_instance(name, target, group, plan, parameters={}).get_result()

    return make
