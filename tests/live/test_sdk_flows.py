"""The whole chain with IBM's own SDKs, unmodified, against running processes."""

import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import BearerTokenAuthenticator, IAMAuthenticator, VPCInstanceAuthenticator
from ibm_platform_services import IamIdentityV1, IamPolicyManagementV1, ResourceManagerV2
from ibm_vpc import VpcV1

pytestmark = [pytest.mark.live]

NEW = "2025-08-26"
VIEWER = "crn:v1:bluemix:public:iam::::role:Viewer"


def eventually(look: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """The first truthy answer, or a failure after ``seconds``."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if found := look():
            return found
        time.sleep(0.1)
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

        found: dict[str, Any] = eventually(look)
        return found

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


@pytest.fixture(scope="module")
def operator(product: Any) -> Operator:
    return Operator(product.info)


@pytest.fixture(scope="module")
def chain(product: Any, operator: Operator) -> dict[str, Any]:
    """A server with the service on, linked to a Viewer profile that is its default."""
    profile = operator.create_profile()
    operator.grant_viewer(profile)
    server = operator.create_server(default_trusted_profile={"target": {"id": profile["id"]}, "auto_link": True})
    operator.switch(server["id"], enabled=True)
    return {"server": server, "profile": profile, "url": operator.metadata_url(server, product)}


def inside(url: str, **selector: str) -> VPCInstanceAuthenticator:
    authenticator = VPCInstanceAuthenticator(
        url=url, **{f"iam_profile_{kind}": value for kind, value in selector.items()}
    )
    authenticator.token_manager.set_service_version(NEW)
    return authenticator


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
    except ApiException as refused:
        return int(refused.status_code or 0)


def test_a_server_is_found_in_the_list_renamed_and_read_back(operator: Operator) -> None:
    server = operator.create_server()
    name = f"renamed-{uuid.uuid4().hex[:6]}"
    operator.vpc.update_bare_metal_server(server["id"], {"name": name})
    [found] = operator.vpc.list_bare_metal_servers(name=name).get_result()["bare_metal_servers"]
    assert found["id"] == server["id"]


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
    with pytest.raises(ApiException, match="Provided API key could not be found") as refused:
        IAMAuthenticator("wrong", url=product.info["iam_url"]).token_manager.get_token()
    assert refused.value.status_code == 400


def test_a_profile_is_updated_and_deleted_with_its_entity_tag(operator: Operator) -> None:
    profile = operator.create_profile()
    changed = operator.iam.update_profile(profile["id"], if_match=profile["entity_tag"], description="new").get_result()
    assert changed["description"] == "new"
    operator.iam.delete_profile(profile["id"])
    with pytest.raises(ApiException) as gone:
        operator.iam.get_profile(profile["id"])
    assert gone.value.status_code == 404


def test_policies_are_listed_by_their_subject(operator: Operator) -> None:
    profile = operator.create_profile()
    policy = operator.grant_viewer(profile)
    listed = operator.policies.list_policies(operator.info["account_id"], iam_id=profile["iam_id"]).get_result()
    assert [each["id"] for each in listed["policies"]] == [policy["id"]]


def test_a_v1_policy_is_readable_as_v2(operator: Operator) -> None:
    policy = operator.grant_viewer(operator.create_profile())
    v2 = operator.policies.get_v2_policy(policy["id"]).get_result()
    assert v2["control"]["grant"]["roles"][0]["role_id"] == VIEWER


def test_the_default_resource_group_is_found(operator: Operator) -> None:
    groups = operator.groups.list_resource_groups(account_id=operator.info["account_id"], default=True).get_result()
    assert [group["default"] for group in groups["resources"]] == [True]


# --- a program on the server ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["id", "crn", "name"])
def test_the_vpc_instance_authenticator_takes_on_a_profile(chain: dict[str, Any], kind: str) -> None:
    token = inside(chain["url"], **{kind: chain["profile"][kind]}).token_manager.get_token()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["iam_id"] == chain["profile"]["iam_id"]


def test_the_vpc_instance_authenticator_takes_on_the_default_profile(chain: dict[str, Any]) -> None:
    claims = jwt.decode(inside(chain["url"]).token_manager.get_token(), options={"verify_signature": False})
    assert claims["iam_id"] == chain["profile"]["iam_id"]


def test_the_sdk_at_its_default_version_is_told_what_to_set(chain: dict[str, Any]) -> None:
    with pytest.raises(ApiException, match="VPC_IMS_VERSION") as refused:
        VPCInstanceAuthenticator(url=chain["url"]).token_manager.get_token()
    assert refused.value.status_code == 404


@pytest.fixture
def viewer(product: Any, chain: dict[str, Any]) -> VpcV1:
    service = VpcV1(authenticator=inside(chain["url"]))
    service.set_service_url(product.info["vpc_url"])
    return service


def test_a_viewer_on_the_server_may_list_servers(viewer: VpcV1, chain: dict[str, Any]) -> None:
    listed = viewer.list_bare_metal_servers(name=chain["server"]["name"]).get_result()["bare_metal_servers"]
    assert [each["id"] for each in listed] == [chain["server"]["id"]]


def test_a_viewer_on_the_server_may_not_create_one(viewer: VpcV1, operator: Operator) -> None:
    with pytest.raises(ApiException) as refused:
        viewer.create_bare_metal_server(operator.prototype())
    assert refused.value.status_code == 403


def test_a_viewer_on_the_server_may_not_stop_one(viewer: VpcV1, chain: dict[str, Any]) -> None:
    with pytest.raises(ApiException) as refused:
        viewer.stop_bare_metal_server(chain["server"]["id"], type="hard")
    assert refused.value.status_code == 403


def test_a_profile_without_a_policy_may_do_nothing(product: Any, operator: Operator, chain: dict[str, Any]) -> None:
    profile = operator.create_profile()
    operator.iam.create_link(profile["id"], cr_type="BMS", link={"crn": chain["server"]["crn"]})
    service = VpcV1(authenticator=inside(chain["url"], id=profile["id"]))
    service.set_service_url(product.info["vpc_url"])
    with pytest.raises(ApiException) as refused:
        service.list_bare_metal_servers()
    assert refused.value.status_code == 403


def test_an_unlinked_profile_is_refused_with_its_code(operator: Operator, chain: dict[str, Any]) -> None:
    with pytest.raises(ApiException) as refused:
        inside(chain["url"], id=operator.create_profile()["id"]).token_manager.get_token()
    assert refused.value.http_response.json()["errors"][0]["code"] == "profile_not_linked"


def test_an_identity_token_is_refused_by_the_vpc_api(product: Any, chain: dict[str, Any]) -> None:
    identity = requests.put(
        f"{chain['url']}/identity/v1/token?version={NEW}", headers={"Metadata-Flavor": "ibm"}, timeout=10
    ).json()["access_token"]
    service = VpcV1(authenticator=BearerTokenAuthenticator(identity))
    service.set_service_url(product.info["vpc_url"])
    with pytest.raises(ApiException) as refused:
        service.list_bare_metal_servers()
    assert refused.value.status_code == 401


def test_iam_tokens_verify_through_the_jwks_as_any_stranger_would(product: Any, chain: dict[str, Any]) -> None:
    token = inside(chain["url"]).token_manager.get_token()
    key = jwt.PyJWKClient(f"{product.info['iam_url']}/identity/keys").get_signing_key_from_jwt(token)
    assert jwt.decode(token, key, algorithms=["RS256"], issuer="https://iam.cloud.ibm.com/identity")


def test_a_token_signed_before_a_rotation_still_works_after_it(product: Any, viewer: VpcV1) -> None:
    viewer.list_bare_metal_servers()
    product.run("rotate", "iam")
    product.run("rotate", "identity")
    assert viewer.list_bare_metal_servers().get_status_code() == 200


def test_after_a_rotation_a_new_token_is_issued_and_works(product: Any, chain: dict[str, Any]) -> None:
    before = jwt.get_unverified_header(inside(chain["url"]).token_manager.get_token())["kid"]
    product.run("rotate", "iam")

    def signed_anew() -> bool:
        token = inside(chain["url"]).token_manager.get_token()
        return bool(jwt.get_unverified_header(token)["kid"] != before)

    assert eventually(signed_anew, seconds=3)


# --- switches ---------------------------------------------------------------------------------------------------


def test_switching_off_is_effective_in_every_process_at_once(operator: Operator, chain: dict[str, Any]) -> None:
    def status() -> int:
        url = f"{chain['url']}/identity/v1/token?version={NEW}"
        return requests.put(url, headers={"Metadata-Flavor": "ibm"}, timeout=10).status_code

    try:
        assert {status() for _ in range(20)} == {200}
        operator.switch(chain["server"]["id"], enabled=False)
        assert {status() for _ in range(20)} == {403}
    finally:
        operator.switch(chain["server"]["id"], enabled=True)
    assert {status() for _ in range(20)} == {200}


# --- certificates -----------------------------------------------------------------------------------------------


def test_openssl_makes_the_request_and_verifies_the_chain(product: Any, chain: dict[str, Any], tmp_path: Path) -> None:
    request, key = tmp_path / "sslcert.csr", tmp_path / "file.key"
    subprocess.run(
        [
            "openssl",
            "req",
            "-sha256",
            "-newkey",
            "rsa:2048",
            "-subj",
            "/C=US",
            "-out",
            request,
            "-keyout",
            key,
            "-nodes",
        ],
        check=True,
        capture_output=True,
    )
    identity = requests.put(
        f"{chain['url']}/identity/v1/token?version={NEW}", headers={"Metadata-Flavor": "ibm"}, timeout=10
    ).json()["access_token"]
    answer = requests.post(
        f"{chain['url']}/identity/v1/certificates?version={NEW}",
        headers={"Authorization": f"Bearer {identity}"},
        json={"csr": request.read_text(), "expires_in": 300},
        timeout=10,
    ).json()
    for name, pem in zip(("leaf.pem", "intermediate.pem"), answer["certificates"], strict=True):
        (tmp_path / name).write_text(pem)
    verified = subprocess.run(
        [
            *("openssl", "verify", "-x509_strict", "-purpose", "sslclient"),
            *("-CAfile", product.info["ca_bundle"]),
            *("-untrusted", tmp_path / "intermediate.pem"),
            tmp_path / "leaf.pem",
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert verified.stdout.strip().endswith("OK"), verified.stderr
