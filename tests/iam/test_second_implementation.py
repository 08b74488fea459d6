"""joserfc, an independent implementation, verifies every kind of issued token: before, during and after a rotation."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from controlplane.kernel import clock
from identity.key_schedule import JWKS_MAX_AGE, LAG, LONGEST_TOKEN
from identity.models import KeyPair
from identity.services import key_rotation
from servers.models import BareMetalServer
from tests.iam.asking import API_KEY, ASSUME, CR_TOKEN, REFRESH, ask, token
from tests.iam.conftest import Robot, identity_token_of, trust
from tests.world import ACCOUNT, ALICE
from trustedprofiles.models import TrustedProfile

IAM_ISSUER = "https://iam.cloud.ibm.com/identity"


def keys_of_iam() -> KeySet:
    """As any client gets them."""
    return KeySet.import_key_set(Client().get("/identity/keys").json())


def keys_of_identity() -> KeySet:
    """Identity tokens are verified by the product alone; the public halves are in the database."""
    rows = KeyPair.objects.filter(purpose="identity").exclude(state="retired")
    return KeySet([RSAKey.import_key(row.public_key, {"kid": row.kid, "use": "sig", "alg": "RS256"}) for row in rows])


def verified(text: str, keys: KeySet, **expected: Any) -> dict[str, Any]:
    """The claims. Raises JoseError unless signature, issuer and times are right."""
    claims = jwt.decode(text, keys, algorithms=["RS256"])
    options: dict[str, Any] = {name: {"essential": True, "value": value} for name, value in expected.items()}
    registry = jwt.JWTClaimsRegistry(
        now=int(clock.now().timestamp()), exp={"essential": True}, iat={"essential": True}, **options
    )
    registry.validate(claims.claims)
    return claims.claims


@pytest.fixture
def issue(
    server: BareMetalServer, profile: TrustedProfile, alice_key: str, robot: Robot
) -> Callable[[], dict[str, tuple[str, str]]]:
    """Issues one token of each kind, with the subject it should name."""
    trust(profile, "user", ALICE.iam_id)

    def tokens() -> dict[str, tuple[str, str]]:
        login = ask({**API_KEY, "apikey": alice_key}, client="bx:bx")
        of_alice = token(login)
        session = login.json()["refresh_token"]  # type: ignore[attr-defined]
        with_profile = {"profile_id": profile.id}
        return {
            "person": (of_alice, ALICE.iam_id),
            "refreshed": (token(ask({**REFRESH, "refresh_token": session}, client="bx:bx")), ALICE.iam_id),
            "service-id": (token(ask({**API_KEY, "apikey": robot.key})), robot.service_id.iam_id),
            "server": (
                token(ask({**CR_TOKEN, "cr_token": identity_token_of(server), **with_profile})),
                profile.iam_id,
            ),
            "assumed": (token(ask({**ASSUME, "access_token": of_alice, **with_profile})), profile.iam_id),
        }

    return tokens


def assert_all_verify(tokens: dict[str, tuple[str, str]], keys: KeySet) -> None:
    for kind, (text, iam_id) in tokens.items():
        claims = verified(text, keys, iss=IAM_ISSUER, iam_id=iam_id)
        assert (kind, claims["account"]["bss"]) == (kind, ACCOUNT)


def test_every_kind_of_iam_token_verifies_through_the_published_keys(issue: Any) -> None:
    assert_all_verify(issue(), keys_of_iam())


def test_iam_tokens_verify_before_during_and_after_a_rotation(issue: Any) -> None:
    keys_before = keys_of_iam()
    before = issue()
    key_rotation.rotate_now(KeyPair.Purpose.IAM, now=clock.now())
    after = issue()
    assert jwt.decode(after["person"][0], keys_of_iam()).header["kid"] != _kid(before["person"][0])
    # A client that holds the old set, as caches do, verifies the new tokens: their key was published before it signed.
    for tokens in (before, after):
        assert_all_verify(tokens, keys_before)
        assert_all_verify(tokens, keys_of_iam())


def test_a_token_of_a_key_that_was_retired_verifies_no_more(issue: Any) -> None:
    before = issue()["person"][0]
    key_rotation.rotate_now(KeyPair.Purpose.IAM, now=clock.now())
    assert jwt.decode(before, keys_of_iam())
    key_rotation.run_due_steps(now=clock.now() + LONGEST_TOKEN + JWKS_MAX_AGE + LAG + timedelta(seconds=1))
    assert KeyPair.objects.get(kid=_kid(before)).state == "retired"
    with pytest.raises((JoseError, ValueError)):
        jwt.decode(before, keys_of_iam())


def test_an_identity_token_verifies_with_its_issuer_and_audience(server: BareMetalServer) -> None:
    claims = verified(identity_token_of(server), keys_of_identity(), iss="BMS-CR_us-south")
    assert (claims["aud"][0], claims["iaas"]["instanceID"]) == ("BMS-CR_us-south", server.id)


def test_identity_tokens_verify_before_during_and_after_a_rotation(server: BareMetalServer) -> None:
    keys_before, before = keys_of_identity(), identity_token_of(server)
    key_rotation.rotate_now(KeyPair.Purpose.IDENTITY, now=clock.now())
    after = identity_token_of(server)
    assert _kid(before) != _kid(after)
    for text in (before, after):
        for keys in (keys_before, keys_of_identity()):
            verified(text, keys, iss="BMS-CR_us-south")


@pytest.mark.parametrize("kind", ["person", "server", "assumed"])
def test_a_second_implementation_refuses_a_changed_token(issue: Any, kind: str) -> None:
    text = issue()[kind][0]
    head, payload, signature = text.split(".")
    with pytest.raises((JoseError, ValueError)):
        verified(f"{head}.{payload[:-2]}{'AB' if payload[-2:] != 'AB' else 'BA'}.{signature}", keys_of_iam())


def test_keys_of_iam_and_of_identity_tokens_do_not_verify_each_other(server: BareMetalServer, issue: Any) -> None:
    for text, keys in ((identity_token_of(server), keys_of_iam()), (issue()["person"][0], keys_of_identity())):
        with pytest.raises((JoseError, ValueError)):
            verified(text, keys)


def _kid(text: str) -> str:
    import jwt as pyjwt

    return str(pyjwt.get_unverified_header(text)["kid"])
