"""What a program on a server does with IBM's SDKs, unmodified, against running processes."""

import subprocess
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import BearerTokenAuthenticator, VPCInstanceAuthenticator
from ibm_vpc import VpcV1

from tests.live.operator import NEW, Operator, eventually

pytestmark = pytest.mark.live


def inside(url: str, **selector: str) -> VPCInstanceAuthenticator:
    authenticator = VPCInstanceAuthenticator(
        url=url, **{f"iam_profile_{kind}": value for kind, value in selector.items()}
    )
    authenticator.token_manager.set_service_version(NEW)
    return authenticator


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
    with pytest.raises(ApiException, match="VPC_IMS_VERSION") as error:
        VPCInstanceAuthenticator(url=chain["url"]).token_manager.get_token()
    assert error.value.status_code == 404


@pytest.fixture
def viewer(product: Any, chain: dict[str, Any]) -> VpcV1:
    service = VpcV1(authenticator=inside(chain["url"]))
    service.set_service_url(product.info["vpc_url"])
    return service


def test_a_viewer_on_the_server_may_list_servers(viewer: VpcV1, chain: dict[str, Any]) -> None:
    servers = viewer.list_bare_metal_servers(name=chain["server"]["name"]).get_result()["bare_metal_servers"]
    assert [each["id"] for each in servers] == [chain["server"]["id"]]


def test_a_viewer_on_the_server_may_not_create_one(viewer: VpcV1, operator: Operator) -> None:
    with pytest.raises(ApiException) as error:
        viewer.create_bare_metal_server(operator.prototype())
    assert error.value.status_code == 403


def test_a_viewer_on_the_server_may_not_stop_one(viewer: VpcV1, chain: dict[str, Any]) -> None:
    with pytest.raises(ApiException) as error:
        viewer.stop_bare_metal_server(chain["server"]["id"], type="hard")
    assert error.value.status_code == 403


def test_a_profile_without_a_policy_may_do_nothing(product: Any, operator: Operator, chain: dict[str, Any]) -> None:
    profile = operator.create_profile()
    operator.iam.create_link(profile["id"], cr_type="BMS", link={"crn": chain["server"]["crn"]})
    service = VpcV1(authenticator=inside(chain["url"], id=profile["id"]))
    service.set_service_url(product.info["vpc_url"])
    with pytest.raises(ApiException) as error:
        service.list_bare_metal_servers()
    assert error.value.status_code == 403


def test_an_unlinked_profile_is_refused_with_its_code(operator: Operator, chain: dict[str, Any]) -> None:
    with pytest.raises(ApiException) as error:
        inside(chain["url"], id=operator.create_profile()["id"]).token_manager.get_token()
    assert error.value.http_response.json()["errors"][0]["code"] == "profile_not_linked"


def test_an_identity_token_is_refused_by_the_vpc_api(product: Any, chain: dict[str, Any]) -> None:
    identity = requests.put(
        f"{chain['url']}/identity/v1/token?version={NEW}", headers={"Metadata-Flavor": "ibm"}, timeout=10
    ).json()["access_token"]
    service = VpcV1(authenticator=BearerTokenAuthenticator(identity))
    service.set_service_url(product.info["vpc_url"])
    with pytest.raises(ApiException) as error:
        service.list_bare_metal_servers()
    assert error.value.status_code == 401


def test_iam_tokens_verify_through_the_jwks_as_any_relying_party_would(product: Any, chain: dict[str, Any]) -> None:
    token = inside(chain["url"]).token_manager.get_token()
    key = jwt.PyJWKClient(f"{product.info['iam_url']}/identity/keys").get_signing_key_from_jwt(token)
    assert jwt.decode(token, key, algorithms=["RS256"], issuer="https://iam.cloud.ibm.com/identity")


def test_a_token_signed_before_a_rotation_still_works_after_it(product: Any, viewer: VpcV1) -> None:
    viewer.list_bare_metal_servers()
    product.run("rotate", "iam", "--at-once")
    product.run("rotate", "identity", "--at-once")
    assert viewer.list_bare_metal_servers().get_status_code() == 200


def test_after_a_rotation_a_new_token_is_issued_and_works(product: Any, chain: dict[str, Any]) -> None:
    before = jwt.get_unverified_header(inside(chain["url"]).token_manager.get_token())["kid"]
    product.run("rotate", "iam", "--at-once")

    def signed_again() -> bool:
        token = inside(chain["url"]).token_manager.get_token()
        return bool(jwt.get_unverified_header(token)["kid"] != before)

    assert eventually(signed_again, seconds=3)


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
