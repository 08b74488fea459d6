"""Only a token of this deployment, of the right purpose, for the right server, in time, is worth anything."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from controlplane.kernel import clock
from controlplane.kernel.errors import Unauthenticated
from identity import claims, key_cache, signing
from identity.models import KeyPair
from identity.services.iam_tokens import verify_iam_token
from identity.services.identity_tokens import verify_identity_token
from tests.build import make_facts
from tests.tables import alone, check_each

pytestmark = pytest.mark.usefixtures("keys")

FACTS = make_facts()
ISSUER = "BMS-CR_us-south"
UNPUBLISHED_KEY = rsa.generate_private_key(65537, 2048)


def identity_claims(**changes: Any) -> dict[str, Any]:
    new_claims = claims.identity_claims(
        FACTS, issuer=ISSUER, now=clock.now(), lifetime=timedelta(seconds=300), nonce=None
    )
    return {name: value for name, value in {**new_claims, **changes}.items() if value is not None}


def identity_token(**changes: Any) -> str:
    return signing.sign(identity_claims(**changes), purpose=KeyPair.Purpose.IDENTITY)[0]


def iam_token(**changes: Any) -> str:
    subject = claims.Subject("IBMid-ALICE00001", "IBMid-ALICE00001", "Alice", "a" * 32)
    iam_claims = claims.iam_claims(
        subject,
        issuer="https://iam.cloud.ibm.com/identity",
        now=clock.now(),
        lifetime=timedelta(seconds=3600),
        grant_type=claims.APIKEY_GRANT,
        authn={"sub": "alice"},
    )
    return signing.sign({**iam_claims, **changes}, purpose=KeyPair.Purpose.IAM)[0]


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forge(header: dict[str, Any], *, key: Any = UNPUBLISHED_KEY, algorithm: str | None = "RS256") -> str:
    return jwt.encode(identity_claims(), key, algorithm=algorithm, headers=header)


def kid() -> str:
    return key_cache.signer(KeyPair.Purpose.IDENTITY).kid


def public_pem() -> bytes:
    return (
        key_cache.signer(KeyPair.Purpose.IDENTITY)
        .private_key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def hs256_with_the_public_key() -> str:
    import hashlib
    import hmac

    signing_input = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': kid()})}.{part(identity_claims())}"
    mac = hmac.new(public_pem(), signing_input.encode(), hashlib.sha256).digest()
    return f"{signing_input}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def resigned(text: str) -> str:
    """Sign exactly this payload text with the true key: only the form of the claims is at fault."""
    signer = key_cache.signer(KeyPair.Purpose.IDENTITY)
    return jwt.api_jws.encode(text.encode(), signer.private_key, algorithm="RS256", headers={"kid": signer.kid})


def now_in(seconds: int) -> int:
    return int((datetime.now(UTC) + timedelta(seconds=seconds)).timestamp())


REFUSED: dict[str, Callable[[], str]] = {
    "alg-none": lambda: f"{part({'alg': 'none', 'kid': kid()})}.{part(identity_claims())}.",
    "alg-none-with-a-signature": lambda: f"{part({'alg': 'None', 'kid': kid()})}.{part(identity_claims())}.AAAA",
    "hs256-with-the-public-key": hs256_with_the_public_key,
    "rs512": lambda: forge(
        {"kid": kid()}, key=key_cache.signer(KeyPair.Purpose.IDENTITY).private_key, algorithm="RS512"
    ),
    "ps256": lambda: forge(
        {"kid": kid()}, key=key_cache.signer(KeyPair.Purpose.IDENTITY).private_key, algorithm="PS256"
    ),
    "an-unpublished-key-under-our-kid": lambda: forge({"kid": kid()}),
    "no-kid": lambda: forge({}),
    "unknown-kid": lambda: forge({"kid": "unknown"}),
    "kid-with-a-path": lambda: forge({"kid": "../../etc/passwd"}),
    "kid-with-sql": lambda: forge({"kid": "' OR 1=1 --"}),
    "kid-of-ten-kilobytes": lambda: forge({"kid": "k" * 10_000}),
    "kid-of-the-iam-key": lambda: forge({"kid": key_cache.signer(KeyPair.Purpose.IAM).kid}),
    "jku": lambda: forge({"kid": kid(), "jku": "http://127.0.0.1:1/keys"}),
    "x5u": lambda: forge({"kid": kid(), "x5u": "http://127.0.0.1:1/chain"}),
    "embedded-jwk": lambda: forge({"kid": kid(), "jwk": {"kty": "RSA"}}),
    "crit": lambda: forge({"kid": kid(), "crit": ["exp"], "exp": 1}),
    "expired": lambda: identity_token(exp=now_in(0)),
    "not-valid-yet": lambda: identity_token(nbf=now_in(120)),
    "issued-in-the-future": lambda: identity_token(iat=now_in(120)),
    "exp-as-a-string": lambda: identity_token(exp=str(now_in(300))),
    "exp-as-a-boolean": lambda: resigned(json.dumps({**identity_claims(), "exp": True})),
    "exp-missing": lambda: identity_token(exp=None),
    "iat-negative": lambda: identity_token(iat=-1),
    "a-claim-twice": lambda: resigned(json.dumps(identity_claims())[:-1] + f', "exp": {now_in(9999)}}}'),
    "wrong-issuer": lambda: identity_token(iss="VSI-CR_us-south"),
    "wrong-audience": lambda: identity_token(aud=[ISSUER, "another-service"]),
    "audience-among-others": lambda: identity_token(aud=[*claims.identity_audience(ISSUER, FACTS), "more"]),
    "no-audience": lambda: identity_token(aud=None),
    "of-another-server": lambda: identity_token(iaas={**identity_claims()["iaas"], "instanceID": "0717-other"}),
    "no-iaas": lambda: identity_token(iaas=None),
    "an-iam-token": iam_token,
    "padding": lambda: identity_token() + "==",
    "truncated": lambda: identity_token()[:-5],
    "two-parts": lambda: identity_token().rpartition(".")[0],
    "four-parts": lambda: identity_token() + ".AAAA",
    "white-space": lambda: identity_token().replace(".", " .", 1),
    "standard-base64-alphabet": lambda: identity_token().replace("-", "+").replace("_", "/") + "+",
    "empty": lambda: "",
    "a-megabyte": lambda: "a" * 1_000_000,
    "payload-is-a-list": lambda: resigned("[]"),
    "payload-is-not-utf-8": lambda: (
        f"{part({'alg': 'RS256', 'kid': kid()})}.{base64.urlsafe_b64encode(b'{xff}').decode().rstrip('=')}.AAAA"
    ),
}


def test_an_identity_token_is_accepted_from_its_own_server() -> None:
    assert verify_identity_token(identity_token(), facts=FACTS, now=clock.now())["iaas"]["instanceID"] == FACTS.id


def test_a_token_is_refused() -> None:
    def check(name: str) -> None:
        make = REFUSED[name]
        with pytest.raises(Unauthenticated):
            verify_identity_token(make(), facts=FACTS, now=clock.now())

    check_each(REFUSED, alone(check))


def test_a_token_from_before_the_service_was_switched_off_is_refused() -> None:
    later = make_facts(metadata_session="11111111-1111-4111-8111-111111111111_2")
    with pytest.raises(Unauthenticated, match="switched off"):
        verify_identity_token(identity_token(), facts=later, now=clock.now())


@pytest.mark.parametrize(("ahead", "accepted"), [(59, True), (60, True), (61, False)])
def test_a_minute_of_clock_skew_is_granted_to_the_time_of_issue(ahead: int, accepted: bool) -> None:
    now = clock.now().replace(microsecond=0)
    token = identity_token(iat=int(now.timestamp()) + ahead)
    if accepted:
        assert verify_identity_token(token, facts=FACTS, now=now)
    else:
        with pytest.raises(Unauthenticated, match="not valid yet"):
            verify_identity_token(token, facts=FACTS, now=now)


def test_expiry_is_exact_for_this_service_is_the_issuer() -> None:
    now = clock.now().replace(microsecond=0)
    token = identity_token(exp=int(now.timestamp()))
    assert verify_identity_token(token, facts=FACTS, now=now - timedelta(seconds=1))


def test_an_iam_token_names_its_subject_and_account() -> None:
    caller = verify_iam_token(iam_token(), now=clock.now())
    assert (caller.iam_id, caller.account_id) == ("IBMid-ALICE00001", "a" * 32)


def test_an_identity_token_is_no_iam_token() -> None:
    with pytest.raises(Unauthenticated):
        verify_iam_token(identity_token(), now=clock.now())


def test_an_iam_token_from_another_issuer_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        verify_iam_token(iam_token(iss="https://example.com"), now=clock.now())
