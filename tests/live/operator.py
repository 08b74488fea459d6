"""The account owner, with IBM's SDKs and the bootstrap API key."""

import time
import uuid
from collections.abc import Callable
from typing import Any

from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_platform_services import IamIdentityV1, IamPolicyManagementV1, ResourceManagerV2
from ibm_vpc import VpcV1

NEW = "2025-08-26"
VIEWER = "crn:v1:bluemix:public:iam::::role:Viewer"


def eventually(look: Callable[[], Any], *, seconds: float = 20.0, every: float = 0.1) -> Any:
    """The first truthy answer, or a failure after ``seconds``."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if server := look():
            return server
        time.sleep(every)
    raise AssertionError(f"nothing within {seconds} s")


class Operator:
    """The account owner, with the bootstrap API key and nothing else."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.info = info
        authenticator = IAMAuthenticator(info["api_key"], url=info["iam_url"])
        self.vpc = VpcV1(authenticator=authenticator)
        self.vpc.set_service_url(info["vpc_url"])
        self.iam = IamIdentityV1(authenticator=authenticator)
        self.iam.set_service_url(info["iam_url"])
        self.policies = IamPolicyManagementV1(authenticator=authenticator)
        self.policies.set_service_url(info["iam_url"])
        self.groups = ResourceManagerV2(authenticator=authenticator)
        self.groups.set_service_url(info["iam_url"])

    def prototype(self, **initialization: Any) -> dict[str, Any]:
        subnet = self.vpc.list_subnets().get_result()["subnets"][-1]
        image = self.vpc.list_images().get_result()["images"][0]
        key = self.vpc.list_keys().get_result()["keys"][0]
        return {
            "name": f"sdk-{uuid.uuid4().hex[:8]}",
            "profile": {"name": "bx2-metal-96x384"},
            "zone": {"name": subnet["zone"]["name"]},
            "initialization": {"image": {"id": image["id"]}, "keys": [{"id": key["id"]}], **initialization},
            "primary_network_interface": {"subnet": {"id": subnet["id"]}},
        }

    def create_server(self, **initialization: Any) -> dict[str, Any]:
        server = self.vpc.create_bare_metal_server(self.prototype(**initialization)).get_result()
        return self.await_status(server["id"], "running")

    def await_status(self, server_id: str, status: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            server: dict[str, Any] = self.vpc.get_bare_metal_server(server_id).get_result()
            return server if server["status"] == status else None

        state: dict[str, Any] = eventually(look)
        return state

    def switch(self, server_id: str, **metadata_service: Any) -> None:
        self.vpc.update_bare_metal_server(server_id, {"metadata_service": metadata_service})

    def create_profile(self) -> dict[str, Any]:
        profile: dict[str, Any] = self.iam.create_profile(
            name=f"p-{uuid.uuid4().hex[:8]}", account_id=self.info["account_id"]
        ).get_result()
        return profile

    def grant_viewer(self, profile: dict[str, Any]) -> dict[str, Any]:
        policy: dict[str, Any] = self.policies.create_policy(
            type="access",
            subjects=[{"attributes": [{"name": "iam_id", "value": profile["iam_id"]}]}],
            roles=[{"role_id": VIEWER}],
            resources=[
                {
                    "attributes": [
                        {"name": "accountId", "value": self.info["account_id"]},
                        {"name": "serviceName", "value": "is"},
                    ]
                }
            ],
        ).get_result()
        return policy

    def metadata_url(self, server: dict[str, Any], product: Any) -> str:
        return str(product.run("address", server["name"], "--url").strip())
