"""Tokens that look like a good one and must not pass for it, made from the good one's claims.

A forger may know everything but our private keys; those it makes with them are good in form and say what is not so.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from controlplane.kernel import clock
from identity import key_cache, signing

UNPUBLISHED_KEY = rsa.generate_private_key(65537, 2048)
NOWHERE = "http://192.0.2.1/keys"
"""A documentation address (RFC 5737): a program that follows it is noticed."""


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(value: Any) -> str:
    return encoded(json.dumps(value).encode())


def seconds_from_now(seconds: int) -> int:
    return int((clock.now() + timedelta(seconds=seconds)).timestamp())


@dataclass(frozen=True)
class Forger:
    """Knows the claims of a good token of this purpose."""

    purpose: str
    claims: dict[str, Any]

    @property
    def kid(self) -> str:
        return key_cache.signer(self.purpose).kid

    @property
    def private_key(self) -> rsa.RSAPrivateKey:
        return key_cache.signer(self.purpose).private_key

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        return self.private_key.public_key()

    def good(self, **changes: Any) -> str:
        """Signed by our own key; None takes a claim out."""
        claims = {name: value for name, value in {**self.claims, **changes}.items() if value is not None}
        return signing.sign(claims, purpose=self.purpose)[0]

    def made(self, *, key: Any = UNPUBLISHED_KEY, algorithm: str = "RS256", **header: Any) -> str:
        """Signed by a key that is not published, under our kid unless the header says otherwise."""
        token_header = {name: value for name, value in {"kid": self.kid, **header}.items() if value is not None}
        return jwt.encode(self.claims, key, algorithm=algorithm, headers=token_header)

    def unsigned(self, algorithm: str, signature: str = "") -> str:
        return f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': self.kid})}.{part(self.claims)}.{signature}"

    def headed(self, header: Any) -> str:
        """The good claims behind any header, text for what no JSON encoder would write."""
        text = header if isinstance(header, str) else json.dumps(header)
        return f"{encoded(text.encode())}.{part(self.claims)}.AAAA"

    def hs256(self, secret: bytes, algorithm: str = "HS256") -> str:
        head_and_claims = self.unsigned(algorithm).rstrip(".")
        return f"{head_and_claims}.{encoded(hmac.new(secret, head_and_claims.encode(), hashlib.sha256).digest())}"

    def resigned(self, text: str, **header: Any) -> str:
        """Exactly this text as payload, signed by our own key: only its form is at fault. Signed by hand, for
        a library minds what it signs."""
        head = part({"alg": "RS256", "typ": "JWT", "kid": self.kid, **header})
        signing_input = f"{head}.{encoded(text.encode())}"
        return f"{signing_input}.{encoded(self.private_key.sign(signing_input.encode(), PKCS1v15(), SHA256()))}"

    def own(self, **header: Any) -> str:
        """The good claims, signed by our own key, under a header that we would not write."""
        return self.resigned(json.dumps(self.claims), **header)

    def public(self, encoding: Encoding, form: PublicFormat) -> bytes:
        return self.public_key.public_bytes(encoding, form)

    def tampered(self, **changes: Any) -> str:
        """Other claims under the signature of the good ones."""
        head, _, signature = self.good().split(".")
        return f"{head}.{part({**self.claims, **changes})}.{signature}"

    def malleable(self) -> str:
        """The same signature in other letters: the last one carries bits that mean nothing."""
        head, _, signature = self.good().rpartition(".")
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return f"{head}.{signature[:-1]}{alphabet[alphabet.index(signature[-1]) + 1]}"


def _jwk(forger: Forger) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(forger.public_key, as_dict=True), "kid": forger.kid, "alg": "RS256", "use": "sig"}


Forgery = Callable[[Forger], str]

SPKI, PKCS1 = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1
ALGORITHMS: dict[str, Forgery] = {
    **{f"alg-{name}": lambda f, name=name: f.unsigned(name) for name in ("none", "None", "NONE", "nOnE", "")},
    **{
        f"alg-{name}-with-a-signature": lambda f, name=name: f.unsigned(name, "AAAA")
        for name in ("none", "None", "NONE")
    },
    "alg-none-under-a-true-signature": lambda f: f.unsigned("none", f.good().rpartition(".")[2]),
    "hs256-with-the-pem": lambda f: f.hs256(f.public(Encoding.PEM, SPKI)),
    "hs256-with-the-pem-without-its-last-newline": lambda f: f.hs256(f.public(Encoding.PEM, SPKI).strip()),
    "hs256-with-the-pkcs1-pem": lambda f: f.hs256(f.public(Encoding.PEM, PKCS1)),
    "hs256-with-the-der": lambda f: f.hs256(f.public(Encoding.DER, SPKI)),
    "hs256-with-the-pkcs1-der": lambda f: f.hs256(f.public(Encoding.DER, PKCS1)),
    "hs256-with-the-jwk": lambda f: f.hs256(json.dumps(_jwk(f)).encode()),
    "hs256-with-the-compact-jwk": lambda f: f.hs256(json.dumps(_jwk(f), separators=(",", ":")).encode()),
    "hs256-with-the-modulus": lambda f: f.hs256(_jwk(f)["n"].encode()),
    "hs256-with-nothing": lambda f: f.hs256(b""),
    "hs256-called-rs256": lambda f: f.hs256(f.public(Encoding.PEM, SPKI), "RS256"),
    "rs384": lambda f: f.made(key=f.private_key, algorithm="RS384"),
    "rs512": lambda f: f.made(key=f.private_key, algorithm="RS512"),
    "ps256": lambda f: f.made(key=f.private_key, algorithm="PS256"),
    "es256": lambda f: f.made(key=ec.generate_private_key(ec.SECP256R1()), algorithm="ES256"),
    "eddsa": lambda f: f.made(key=ed25519.Ed25519PrivateKey.generate(), algorithm="EdDSA"),
    "alg-in-small-letters": lambda f: f.own(alg="rs256"),
    "no-alg": lambda f: f.headed({"typ": "JWT", "kid": f.kid}),
    "alg-is-a-list": lambda f: f.headed({"alg": ["RS256"], "kid": f.kid}),
}

KEY_IDS: dict[str, Forgery] = {
    "an-unpublished-key-under-our-kid": lambda f: f.made(),
    "no-kid": lambda f: f.made(kid=None),
    "no-kid-but-our-signature": lambda f: jwt.encode(f.claims, f.private_key, "RS256"),
    "an-unknown-kid": lambda f: f.made(kid="202601010000"),
    "kid-with-a-path": lambda f: f.made(kid="../../../etc/passwd"),
    "kid-with-sql": lambda f: f.made(kid="' OR '1'='1"),
    "kid-with-nul": lambda f: f.made(kid=f"{f.kid}\0"),
    "kid-with-white-space": lambda f: f.made(kid=f" {f.kid}", key=f.private_key),
    "kid-in-other-letters": lambda f: f.made(kid=f.kid.swapcase() + "x", key=f.private_key),
    "kid-of-ten-kilobytes": lambda f: f.made(kid="k" * 10_000),
    "kid-of-five-kilobytes": lambda f: f.made(kid="k" * 5_000),
    "kid-with-emoji": lambda f: f.made(kid="\U0001f511"),
    "kid-is-a-url": lambda f: f.made(kid=NOWHERE),
    "kid-is-a-number": lambda f: f.headed({"alg": "RS256", "kid": 1}),
    "kid-is-a-list": lambda f: f.headed({"alg": "RS256", "kid": [f.kid]}),
    "kid-of-the-root-ca": lambda f: f.made(kid=_kid_of("root")),
    "kid-of-the-intermediate-ca": lambda f: f.made(kid=_kid_of("intermediate")),
    "kid-of-the-other-purpose": lambda f: f.made(kid=key_cache.signer(_other(f.purpose)).kid, key=f.private_key),
    "signed-for-the-other-purpose": lambda f: signing.sign(f.claims, purpose=_other(f.purpose))[0],
}


def _other(purpose: str) -> str:
    return "iam" if purpose == "identity" else "identity"


def _kid_of(purpose: str) -> str:
    from identity.models import KeyPair

    return KeyPair.objects.get(purpose=purpose, state="active").kid


HEADERS: dict[str, Forgery] = {
    "jku": lambda f: f.made(jku=NOWHERE),
    "x5u": lambda f: f.made(x5u=NOWHERE),
    "x5c": lambda f: f.made(x5c=["AAAA"]),
    "x5t": lambda f: f.made(x5t="AAAA"),
    "jwk-of-an-unpublished-key": lambda f: f.made(jwk=RSAAlgorithm.to_jwk(UNPUBLISHED_KEY.public_key(), as_dict=True)),
    "jku-over-our-signature": lambda f: f.own(jku=NOWHERE),
    "x5u-over-our-signature": lambda f: f.own(x5u=NOWHERE),
    "x5c-over-our-signature": lambda f: f.own(x5c=["AAAA"]),
    "jwk-over-our-signature": lambda f: f.own(jwk=_jwk(f)),
    "crit": lambda f: f.own(crit=["exp"], exp=1),
    "crit-is-empty": lambda f: f.own(crit=[]),
    "b64-false": lambda f: f.headed({"alg": "RS256", "kid": f.kid, "b64": False, "crit": ["b64"]}),
    "zip": lambda f: f.own(zip="DEF"),
    "enc": lambda f: f.own(enc="A256GCM"),
    "cty": lambda f: f.own(cty="JWT"),
    "another-typ": lambda f: f.own(typ="at+jwt"),
    "typ-is-a-number": lambda f: f.headed({"alg": "RS256", "typ": 1, "kid": f.kid}),
    "alg-twice": lambda f: f.headed(f'{{"alg": "none", "kid": "{f.kid}", "alg": "RS256"}}'),
    "header-is-a-list": lambda f: f.headed(["RS256"]),
}

CLAIMS: dict[str, Forgery] = {
    "another-subject-under-a-true-signature": lambda f: f.tampered(iam_id="IBMid-MALLORY01", sub="mallory"),
    "wrong-issuer": lambda f: f.good(iss="https://iam.example.com/identity"),
    "issuer-is-a-list": lambda f: f.resigned(json.dumps({**f.claims, "iss": [f.claims["iss"]]})),
    "no-issuer": lambda f: f.good(iss=None),
    "an-audience-of-another-service": lambda f: f.good(aud=["another-service"]),
    "an-audience-among-others": lambda f: f.good(aud=[*f.claims.get("aud", []), "more"]),
    "not-valid-yet": lambda f: f.good(nbf=seconds_from_now(120)),
    "issued-in-the-future": lambda f: f.good(iat=seconds_from_now(120)),
    "exp-as-text": lambda f: f.resigned(json.dumps({**f.claims, "exp": str(seconds_from_now(300))})),
    "exp-as-a-boolean": lambda f: f.resigned(json.dumps({**f.claims, "exp": True})),
    "exp-with-a-fraction": lambda f: f.resigned(json.dumps({**f.claims, "exp": seconds_from_now(300) + 0.5})),
    "exp-is-huge": lambda f: f.resigned(json.dumps({**f.claims, "exp": 10**30})),
    "exp-is-negative": lambda f: f.resigned(json.dumps({**f.claims, "exp": -1})),
    "exp-is-infinite": lambda f: f.resigned(json.dumps({**f.claims, "exp": float("inf")})),
    "exp-is-null": lambda f: f.resigned(json.dumps({**f.claims, "exp": None})),
    "no-exp": lambda f: f.good(exp=None),
    "no-iat": lambda f: f.good(iat=None),
    "iat-is-negative": lambda f: f.resigned(json.dumps({**f.claims, "iat": -1})),
    "iat-as-a-boolean": lambda f: f.resigned(json.dumps({**f.claims, "iat": True})),
    "nbf-as-text": lambda f: f.resigned(json.dumps({**f.claims, "nbf": "1"})),
    "exp-twice": lambda f: f.resigned(json.dumps(f.claims)[:-1] + f', "exp": {seconds_from_now(9999)}}}'),
    "a-member-within-twice": lambda f: f.resigned(json.dumps({**f.claims, "more": 0})[:-2] + '{"a": 1, "a": 2}}'),
    "payload-is-a-list": lambda f: f.resigned("[]"),
    "payload-is-a-text": lambda f: f.resigned('"text"'),
    "payload-is-nothing": lambda f: f.resigned(" "),
    "payload-is-not-utf-8": lambda f: f"{part({'alg': 'RS256', 'kid': f.kid})}.{encoded(bytes([123, 255, 125]))}.AAAA",
    "payload-is-deep": lambda f: f.resigned('{"a":' * 900 + "1" + "}" * 900),
}

FORMS: dict[str, Forgery] = {
    "truncated": lambda f: f.good()[:-5],
    "truncated-in-the-payload": lambda f: f.good()[: len(f.good()) // 2],
    "one-part": lambda f: f.good().partition(".")[0],
    "two-parts": lambda f: f.good().rpartition(".")[0],
    "no-signature": lambda f: f"{f.good().rpartition('.')[0]}.",
    "four-parts": lambda f: f"{f.good()}.AAAA",
    "five-parts": lambda f: f"{f.good()}.AAAA.AAAA",
    "a-padded-signature": lambda f: f"{f.good()}==",
    "other-letters-of-the-same-signature": lambda f: f.malleable(),
    "standard-base64-alphabet": lambda f: f.good().replace("-", "+").replace("_", "/") + "+",
    "percent-encoded": lambda f: f.good().replace(".", "%2E"),
    "json-serialization": lambda f: json.dumps(
        dict(zip(("protected", "payload", "signature"), f.good().split("."), strict=True)), separators=(",", ":")
    ),
    "long": lambda f: f.good(more="x" * 8192),
    "a-megabyte": lambda f: "a" * 1_000_000,
    "a-megabyte-in-three-parts": lambda f: f"{f.good().rpartition('.')[0]}.{'A' * 1_000_000}",
    "dots": lambda f: "...",
    "words": lambda f: "not-a-token",
}

FORGERIES: dict[str, Forgery] = {**ALGORITHMS, **KEY_IDS, **HEADERS, **CLAIMS, **FORMS}
"""All are refused with 401 as not valid, wherever a token is asked for."""


def expired(forger: Forger) -> str:
    return forger.good(iat=seconds_from_now(-7200), exp=seconds_from_now(0))


def retired(forger: Forger) -> str:
    """Signed by a key that verified until a moment ago."""
    from identity.models import KeyPair
    from identity.services import key_rotation

    token, kid = signing.sign(forger.claims, purpose=forger.purpose)
    key_rotation.rotate_now(KeyPair.Purpose(forger.purpose), now=clock.now())
    KeyPair.objects.filter(kid=kid).update(state=KeyPair.State.RETIRED)
    key_cache.forget()
    return token
