"""One script for four languages: what a program on a server, and its operator, do with IBM's SDK cores."""

import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conformance.sdks import LANGUAGES, Refused, Sdk, claims_of, on_the_server, tells
from tests.live.operator import NEW, Operator, eventually
from tests.live.product import Product

pytestmark = pytest.mark.conformance


# --- VPC instance authenticator ---------------------------------------------------------------------------------


@pytest.mark.operation("VPC instance authenticator, default trusted profile")
def test_a_program_becomes_the_default_trusted_profile(sdk: Sdk, chain: dict[str, Any]) -> None:
    assert claims_of(sdk.token(on_the_server(sdk, chain["url"])))["iam_id"] == chain["profile"]["iam_id"]


@pytest.mark.operation("VPC instance authenticator, trusted profile by id or CRN")
@pytest.mark.parametrize("kind", ["id", "crn"])
def test_a_program_becomes_the_profile_it_names(sdk: Sdk, chain: dict[str, Any], kind: str) -> None:
    properties = on_the_server(sdk, chain["url"], **{kind: chain["profile"][kind]})
    assert claims_of(sdk.token(properties))["iam_id"] == chain["profile"]["iam_id"]


@pytest.mark.operation("VPC instance authenticator, address with a closing slash")
def test_a_closing_slash_does_no_harm(sdk: Sdk, chain: dict[str, Any]) -> None:
    assert sdk.token(on_the_server(sdk, chain["url"] + "/"))


@pytest.mark.operation("VPC API, as a program on a server")
def test_a_program_lists_servers_with_what_it_became(sdk: Sdk, chain: dict[str, Any], product: Product) -> None:
    properties = on_the_server(sdk, chain["url"]) | {"URL": product.info["vpc_url"]}
    assert chain["server"]["name"] in sdk.ask("list_servers", properties)["servers"]


@pytest.mark.operation("default version of the SDK: refused, and told what to set")
def test_the_default_version_is_refused_with_what_to_set(sdk: Sdk, chain: dict[str, Any]) -> None:
    properties = on_the_server(sdk, chain["url"])
    del properties[sdk.language.version_property]
    with pytest.raises(Refused, match=sdk.language.version_property) as error:
        sdk.token(properties)
    assert error.value.status == 404


# --- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.operation("text of a refusal: metadata service off")
def test_a_service_that_is_off_is_told_apart(sdk: Sdk, chain: dict[str, Any], operator: Operator) -> None:
    operator.switch(chain["server"]["id"], enabled=False)
    try:
        with pytest.raises(Refused) as error:
            sdk.token(on_the_server(sdk, chain["url"]))
    finally:
        operator.switch(chain["server"]["id"], enabled=True)
    assert error.value.status == 403
    assert tells(sdk, error.value, "The metadata service is not enabled on this server")


@pytest.mark.operation("text of a refusal: trusted profile not linked")
def test_a_profile_that_is_not_linked_is_named(sdk: Sdk, chain: dict[str, Any], operator: Operator) -> None:
    profile = operator.create_profile()
    with pytest.raises(Refused, match=f"{profile['name']} does not trust this server") as error:
        sdk.token(on_the_server(sdk, chain["url"], id=profile["id"]))
    assert error.value.status == 400


@pytest.fixture(scope="module")
def expired(operator: Operator, product: Product, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an identity token that has expired, of a server that no test switches."""
    server = operator.create_server()
    operator.switch(server["id"], enabled=True)
    url = operator.metadata_url(server, product)
    path, token = write_identity_token(url, tmp_path_factory.mktemp("expired"), seconds=5)
    eventually(lambda: time.time() > claims_of(token)["exp"] + 1)
    return path


@pytest.mark.operation("text of a refusal: identity token expired")
def test_an_expired_identity_token_is_told_apart(
    sdk: Sdk, chain: dict[str, Any], product: Product, expired: Path
) -> None:
    with pytest.raises(Refused) as error:
        sdk.token(with_token_file(product, expired, id=chain["profile"]["id"]))
    assert error.value.status == 400
    assert tells(sdk, error.value, "Provided token is not supported")


# --- container authenticator ------------------------------------------------------------------------------------


def write_identity_token(url: str, folder: Path, *, seconds: int = 300) -> tuple[Path, str]:
    answer = requests.put(
        f"{url}/identity/v1/token?version={NEW}",
        headers={"Metadata-Flavor": "ibm"},
        json={"expires_in": seconds},
        timeout=10,
    )
    path = folder / "identity-token"
    path.write_text(answer.json()["access_token"] + "\n")  # as a shell leaves it
    return path, path.read_text().strip()


def with_token_file(product: Product, path: Path, **profile: str) -> dict[str, str]:
    selector = {f"IAM_PROFILE_{kind.upper()}": value for kind, value in profile.items()}
    return {
        "AUTH_TYPE": "container",
        "AUTH_URL": product.info["iam_url"],
        "CR_TOKEN_FILENAME": str(path),
        **selector,
    }


@pytest.mark.operation("container authenticator, identity token in a file")
@pytest.mark.parametrize("kind", ["id", "name"])
def test_an_identity_token_in_a_file_is_exchanged(
    sdk: Sdk, chain: dict[str, Any], product: Product, tmp_path: Path, kind: str
) -> None:
    path, _ = write_identity_token(chain["url"], tmp_path)
    token = sdk.token(with_token_file(product, path, **{kind: chain["profile"][kind]}))
    assert claims_of(token)["iam_id"] == chain["profile"]["iam_id"]


# --- IAM authenticator ------------------------------------------------------------------------------------------


def as_the_owner(product: Product) -> dict[str, str]:
    return {"AUTH_TYPE": "iam", "AUTH_URL": product.info["iam_url"], "APIKEY": product.info["api_key"]}


@pytest.mark.operation("IAM authenticator, API key")
def test_an_api_key_is_exchanged(sdk: Sdk, product: Product) -> None:
    assert claims_of(sdk.token(as_the_owner(product)))["account"]["bss"] == product.info["account_id"]


@pytest.mark.operation("IAM authenticator, client id and secret")
def test_a_client_id_goes_into_the_token(sdk: Sdk, product: Product) -> None:
    properties = as_the_owner(product) | {"CLIENT_ID": "bx", "CLIENT_SECRET": "bx"}
    assert claims_of(sdk.token(properties))["client_id"] == "bx"


@pytest.mark.operation("IAM authenticator, unknown API key: refused")
def test_an_unknown_api_key_is_refused(sdk: Sdk, product: Product) -> None:
    with pytest.raises(Refused) as error:
        sdk.token(as_the_owner(product) | {"APIKEY": "no-such-key"})
    assert error.value.status == 400


@pytest.mark.operation("IAM assume authenticator")
def test_an_owner_assumes_a_profile(sdk: Sdk, product: Product, operator: Operator) -> None:
    profile = operator.create_profile()
    owner = claims_of(sdk.token(as_the_owner(product)))["iam_id"]
    operator.iam.set_profile_identities(
        profile["id"], if_match="*", identities=[{"identifier": owner, "type": "user", "accounts": []}]
    )
    properties = as_the_owner(product) | {"AUTH_TYPE": "iamAssume", "IAM_PROFILE_ID": profile["id"]}
    assert claims_of(sdk.token(properties))["iam_id"] == profile["iam_id"]


@pytest.mark.operation("VPC API, as an operator")
def test_an_owner_lists_servers(sdk: Sdk, chain: dict[str, Any], product: Product) -> None:
    properties = as_the_owner(product) | {"URL": product.info["vpc_url"]}
    assert chain["server"]["name"] in sdk.ask("list_servers", properties)["servers"]


@pytest.mark.operation("IAM identity API, through platform-services")
@pytest.mark.parametrize("sdk", LANGUAGES[:2], indirect=True, ids=lambda language: language.name)
def test_an_owner_lists_trusted_profiles(sdk: Sdk, chain: dict[str, Any], product: Product) -> None:
    properties = as_the_owner(product) | {"URL": product.info["iam_url"]}
    profiles = sdk.ask("list_profiles", properties, account=product.info["account_id"])["profiles"]
    assert chain["profile"]["name"] in profiles
