"""What verifiers fetch: the discovery document and the keys."""

import re
from typing import Any

import pytest
from django.test import Client

from controlplane.kernel import clock
from identity import key_cache
from identity.claims import CLAIMS
from identity.models import KeyPair
from identity.services import key_rotation
from tests.iam.asking import API_KEY, ask, claims

KEYS = "/identity/keys"
CONFIGURATION = "/identity/.well-known/openid-configuration"

pytestmark = pytest.mark.usefixtures("keys")


def get(path: str, **headers: str) -> Any:
    return Client().get(path, headers=dict(headers))


def published() -> list[dict[str, str]]:
    keys: list[dict[str, str]] = get(KEYS).json()["keys"]
    assert keys
    return keys


# --- keys ------------------------------------------------------------------------------------------------------


def test_a_key_has_its_public_members_and_no_other() -> None:
    for key in published():
        assert key.keys() == {"kty", "n", "e", "alg", "kid", "use"}
        assert (key["kty"], key["alg"], key["use"], key["e"]) == ("RSA", "RS256", "sig", "AQAB")
        assert len(key["n"]) == 342  # 2048 bits, base64url without padding


def test_the_key_that_signs_comes_first_and_its_successor_second() -> None:
    states = [KeyPair.objects.get(kid=key["kid"]).state for key in published()]
    assert states == ["active", "prepared"]


def test_after_a_rotation_the_old_key_stays_and_every_kid_is_there_once() -> None:
    old = published()
    key_rotation.rotate_now(KeyPair.Purpose.IAM, now=clock.now())
    kids = [key["kid"] for key in published()]
    assert kids[0] == old[1]["kid"]
    assert kids[2] == old[0]["kid"]
    assert len(set(kids)) == len(kids) == 3


def test_a_retired_key_is_published_no_more() -> None:
    retired = published()[0]["kid"]
    key_rotation.rotate_now(KeyPair.Purpose.IAM, now=clock.now())
    KeyPair.objects.filter(kid=retired).update(state="retired")
    assert retired not in {key["kid"] for key in published()}


def test_keys_of_other_purposes_and_regions_are_not_published() -> None:
    [other] = KeyPair.objects.filter(purpose="iam", state="prepared")
    KeyPair.objects.filter(pk=other.pk).update(region="eu-de")
    kids = {key["kid"] for key in published()}
    assert kids == set(KeyPair.objects.filter(purpose="iam", state="active").values_list("kid", flat=True))


def test_a_kid_of_iam_is_a_dated_number() -> None:
    assert [key["kid"] for key in published() if not re.fullmatch(r"\d{12}", key["kid"])] == []


def test_keys_may_be_cached_for_five_minutes_less_a_spread() -> None:
    ages = set()
    for _ in range(30):
        scope, _, age = get(KEYS)["Cache-Control"].partition(", max-age=")
        assert scope == "public"
        ages.add(int(age))
    assert min(ages) >= 240
    assert max(ages) <= 300
    assert len(ages) > 1


def test_keys_are_read_without_a_token_and_with_a_bad_one() -> None:
    assert get(KEYS, Authorization="Bearer junk").status_code == 200


@pytest.mark.parametrize("path", [KEYS, CONFIGURATION])
def test_published_keys_can_be_read_and_nothing_else(path: str) -> None:
    assert Client().head(path).status_code == 200
    assert {Client().generic(method, path).status_code for method in ("POST", "PUT", "DELETE")} == {405}


def test_keys_are_public_halves_of_those_in_use() -> None:
    import jwt

    signer = key_cache.signer(KeyPair.Purpose.IAM)
    [key] = [each for each in published() if each["kid"] == signer.kid]
    assert jwt.PyJWK(key).key.public_numbers() == signer.private_key.public_key().public_numbers()  # type: ignore[union-attr]


# --- configuration ---------------------------------------------------------------------------------------------


def test_the_configuration_has_what_openid_requires_but_an_authorization_endpoint() -> None:
    # D-66
    body = get(CONFIGURATION).json()
    assert body == {
        "issuer": "https://iam.cloud.ibm.com/identity",
        "token_endpoint": "http://testserver/identity/token",
        "userinfo_endpoint": "http://testserver/identity/userinfo",
        "introspection_endpoint": "http://testserver/identity/introspect",
        "jwks_uri": "http://testserver/identity/keys",
        "response_types_supported": ["cloud_iam"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "grant_types_supported": [
            "urn:ibm:params:oauth:grant-type:apikey",
            "urn:ibm:params:oauth:grant-type:cr-token",
            "urn:ibm:params:oauth:grant-type:assume",
            "refresh_token",
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        "scopes_supported": ["ibm", "openid"],
        "claims_supported": CLAIMS,
    }


def test_the_configuration_may_be_cached() -> None:
    assert get(CONFIGURATION)["Cache-Control"] == "public, max-age=300"


def test_the_endpoints_of_the_configuration_are_at_the_address_that_was_asked() -> None:
    body = Client().get(CONFIGURATION, headers={"Host": "127.0.0.1:8000"}).json()
    assert body["token_endpoint"] == "http://127.0.0.1:8000/identity/token"


def test_the_issuer_is_a_setting_and_the_tokens_issuer(alice_key: str, settings: Any) -> None:
    settings.BAREMINT_ISSUER = "https://iam.example.com/identity"
    token = claims(ask({**API_KEY, "apikey": alice_key}))
    assert get(CONFIGURATION).json()["issuer"] == token["iss"] == "https://iam.example.com/identity"


def test_every_claim_of_a_token_is_announced(alice_key: str) -> None:
    assert set(claims(ask({**API_KEY, "apikey": alice_key}))) <= set(get(CONFIGURATION).json()["claims_supported"])


@pytest.mark.parametrize(
    ("host", "base"),
    [("IAM.Cloud.IBM.com", "https://iam.cloud.ibm.com"), ("LOCALHOST:8170", "http://localhost:8170")],
)
def test_links_are_in_lower_case_however_the_host_is_written(host: str, base: str) -> None:
    assert get(CONFIGURATION, host=host).json()["jwks_uri"] == f"{base}/identity/keys"
