"""IBM's authenticators, unmodified, get their tokens from the token service of running processes."""

from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import ContainerAuthenticator, IAMAssumeAuthenticator, IAMAuthenticator
from ibm_vpc import VpcV1

from tests.live.operator import NEW, Operator
from tests.live.product import Product

pytestmark = pytest.mark.live


def claims(authenticator: Any) -> dict[str, Any]:
    """Of the token that the authenticator gets."""
    token_claims: dict[str, Any] = jwt.decode(
        authenticator.token_manager.get_token(), options={"verify_signature": False}
    )
    return token_claims


@pytest.fixture(scope="module")
def token_file(chain: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's identity token as something on it would leave it in a file: with a newline behind it."""
    url = f"{chain['url']}/identity/v1/token?version={NEW}"
    answer = requests.put(url, headers={"Metadata-Flavor": "ibm"}, json={"expires_in": 3600}, timeout=10).json()
    path = tmp_path_factory.mktemp("identity") / "token"
    path.write_text(f"{answer['access_token']}\n")
    return path


@pytest.fixture(scope="module")
def owner(operator: Operator) -> str:
    """IAM id of the account's owner."""
    return str(claims(IAMAuthenticator(operator.info["api_key"], url=operator.info["iam_url"]))["iam_id"])


@pytest.fixture(scope="module")
def assumable(operator: Operator, owner: str) -> dict[str, Any]:
    """A profile that trusts the owner, with a Viewer policy."""
    profile = operator.create_profile()
    operator.grant_viewer(profile)
    operator.iam.set_profile_identity(profile["id"], "user", identifier=owner, type="user")
    return profile


def vpc(product: Product, authenticator: Any) -> VpcV1:
    service = VpcV1(authenticator=authenticator)
    service.set_service_url(product.info["vpc_url"])
    return service


# --- IAMAuthenticator ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", ["bx", "kube", None])
def test_the_iam_authenticator_names_its_client(product: Product, client: str | None) -> None:
    pair = {"client_id": client, "client_secret": client} if client else {}
    token_claims = claims(IAMAuthenticator(product.info["api_key"], url=product.info["iam_url"], **pair))
    assert (token_claims["client_id"], token_claims["grant_type"].rpartition(":")[2]) == (client or "default", "apikey")


def test_the_iam_authenticator_asks_for_a_scope_and_gets_the_usual_one(product: Product) -> None:
    authenticator = IAMAuthenticator(product.info["api_key"], url=product.info["iam_url"], scope="a b")
    assert claims(authenticator)["scope"] == "ibm openid"


def test_an_unknown_client_is_told_which_are_known(product: Product) -> None:
    pair = {"client_id": "unknown", "client_secret": "unknown"}
    with pytest.raises(ApiException, match="bx:bx or kube:kube") as error:
        claims(IAMAuthenticator(product.info["api_key"], url=product.info["iam_url"], **pair))
    assert (error.value.status_code, error.value.http_response.json()["errorCode"]) == (401, "BXNIM0136E")


def test_the_token_manager_keeps_the_refresh_token_and_it_works(product: Product) -> None:
    manager = IAMAuthenticator(
        product.info["api_key"], url=product.info["iam_url"], client_id="bx", client_secret="bx"
    ).token_manager
    manager.get_token()
    form = {"grant_type": "refresh_token", "response_type": "cloud_iam", "refresh_token": manager.refresh_token}
    url = f"{product.info['iam_url']}/identity/token"
    answer = requests.post(url, data=form, auth=("bx", "bx"), timeout=10)
    assert (answer.status_code, answer.json()["refresh_token"]) == (200, manager.refresh_token)
    response = requests.post(url, data=form, auth=("kube", "kube"), timeout=10)
    assert (response.status_code, response.json()["errorCode"]) == (401, "BXNIM0407E")


# --- ContainerAuthenticator ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kinds", [("id",), ("name",), ("id", "name")], ids="-".join)
def test_the_container_authenticator_takes_on_a_profile(
    product: Product, chain: dict[str, Any], token_file: Path, kinds: tuple[str, ...]
) -> None:
    profile_form = {f"iam_profile_{kind}": chain["profile"][kind] for kind in kinds}
    token_claims = claims(
        ContainerAuthenticator(cr_token_filename=str(token_file), url=product.info["iam_url"], **profile_form)
    )
    assert (token_claims["iam_id"], token_claims["sub_type"]) == (chain["profile"]["iam_id"], "ComputeResource")
    assert token_claims["authn"]["sub"] == chain["server"]["crn"]


def test_a_program_with_the_token_of_a_profile_is_a_viewer(
    product: Product, chain: dict[str, Any], token_file: Path
) -> None:
    service = vpc(
        product,
        ContainerAuthenticator(
            cr_token_filename=str(token_file),
            iam_profile_id=chain["profile"]["id"],
            url=product.info["iam_url"],
            client_id="bx",
            client_secret="bx",
        ),
    )
    assert service.list_bare_metal_servers().get_status_code() == 200
    with pytest.raises(ApiException) as error:
        service.stop_bare_metal_server(chain["server"]["id"], type="hard")
    assert error.value.status_code == 403


def test_a_profile_that_does_not_trust_the_server_is_explained(
    product: Product, operator: Operator, token_file: Path
) -> None:
    unlinked = operator.create_profile()["id"]
    with pytest.raises(ApiException, match="Selected trusted profile not eligible") as error:
        claims(
            ContainerAuthenticator(
                cr_token_filename=str(token_file), iam_profile_id=unlinked, url=product.info["iam_url"]
            )
        )
    body = error.value.http_response.json()
    assert (error.value.status_code, body["errorCode"]) == (400, "BXNIM0398E")
    explained = product.run("explain", body["more_info"])
    assert explained.startswith("DENY")


def test_a_container_without_a_good_token_is_refused(product: Product, chain: dict[str, Any], tmp_path: Path) -> None:
    forged = tmp_path / "token"
    forged.write_text("a.b.c\n")
    with pytest.raises(ApiException, match="Provided token is malformed") as error:
        claims(
            ContainerAuthenticator(
                cr_token_filename=str(forged), iam_profile_id=chain["profile"]["id"], url=product.info["iam_url"]
            )
        )
    assert (error.value.status_code, error.value.http_response.json()["errorCode"]) == (400, "BXNIM0401E")


# --- IAMAssumeAuthenticator ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["id", "crn", "name"])
def test_the_assume_authenticator_takes_on_a_profile(
    product: Product, assumable: dict[str, Any], owner: str, kind: str
) -> None:
    form_fields = {f"iam_profile_{kind}": assumable[kind]}
    account = {"iam_account_id": product.info["account_id"]} if kind == "name" else {}
    token_claims = claims(
        IAMAssumeAuthenticator(product.info["api_key"], url=product.info["iam_url"], **form_fields, **account)
    )
    assert (token_claims["iam_id"], token_claims["sub_type"]) == (assumable["iam_id"], "Profile")
    assert token_claims["authn"]["iam_id"] == owner


def test_the_owner_as_a_viewer_may_only_look(product: Product, assumable: dict[str, Any], operator: Operator) -> None:
    authenticator = IAMAssumeAuthenticator(
        product.info["api_key"], iam_profile_id=assumable["id"], url=product.info["iam_url"]
    )
    service = vpc(product, authenticator)
    assert service.list_bare_metal_servers().get_status_code() == 200
    with pytest.raises(ApiException) as error:
        service.create_bare_metal_server(operator.prototype())
    assert error.value.status_code == 403


def test_a_profile_that_does_not_trust_the_owner_says_whom_to_add(product: Product, operator: Operator) -> None:
    unlinked = operator.create_profile()["id"]
    with pytest.raises(ApiException, match="Selected trusted profile not eligible") as error:
        claims(IAMAssumeAuthenticator(product.info["api_key"], iam_profile_id=unlinked, url=product.info["iam_url"]))
    body = error.value.http_response.json()
    assert body["errorCode"] == "BXNIM0398E"
    assert f"/v1/profiles/{unlinked}/identities/user" in body["errorDetails"]


# --- for verifiers ---------------------------------------------------------------------------------------------


def test_the_discovery_document_leads_to_keys_that_verify(product: Product) -> None:
    base = f"{product.info['iam_url']}/identity"
    configuration = requests.get(f"{base}/.well-known/openid-configuration", timeout=10).json()
    token = IAMAuthenticator(product.info["api_key"], url=product.info["iam_url"]).token_manager.get_token()
    key = jwt.PyJWKClient(configuration["jwks_uri"]).get_signing_key_from_jwt(token)
    assert jwt.decode(token, key, algorithms=["RS256"], issuer=configuration["issuer"])
    assert configuration["token_endpoint"] == f"{base}/token"


def test_a_megabyte_of_token_is_answered_and_leaves_the_service_well(product: Product) -> None:
    url = f"{product.info['iam_url']}/identity/token"
    form = {
        "grant_type": "urn:ibm:params:oauth:grant-type:cr-token",
        "profile_id": "Profile-1",
        "cr_token": "a" * 1_000_000,
    }
    answer = requests.post(url, data=form, timeout=10)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "BXNIM0109E")
    form["cr_token"] = "a" * 100_000
    answer = requests.post(url, data=form, timeout=10)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "BXNIM0401E")
