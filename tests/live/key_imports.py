"""Key material on its way to Key Protect under an import token, as IBM's documentation tells to encrypt it."""

import base64
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

ALGORITHMS: dict[str, HashAlgorithm] = {"RSAES_OAEP_SHA_256": SHA256(), "RSAES_OAEP_SHA_1": SHA1()}


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def public_key_of(token: dict[str, Any]) -> rsa.RSAPublicKey:
    """The public key of an import token, which is PEM in base64."""
    key = load_pem_public_key(base64.b64decode(token["payload"], validate=True))
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def encrypted_payload(token: dict[str, Any], material: bytes, algorithm: str = "RSAES_OAEP_SHA_256") -> str:
    """``payload``: the material, whatever its length, for the holder of the token's private key."""
    scheme = padding.OAEP(padding.MGF1(ALGORITHMS[algorithm]), ALGORITHMS[algorithm], None)
    return base64_of(public_key_of(token).encrypt(material, scheme))


def encrypted(
    token: dict[str, Any], material: bytes, *, nonce: bytes | None = None, algorithm: str = "RSAES_OAEP_SHA_256"
) -> dict[str, str]:
    """The members of a request that imports ``material`` (16, 24 or 32 bytes) under an import token.

    ``nonce`` is encrypted in place of that of the token.
    """
    iv = secrets.token_bytes(12)
    answer = base64.b64decode(token["nonce"], validate=True) if nonce is None else nonce
    return {
        "payload": encrypted_payload(token, material, algorithm),
        "encryptedNonce": base64_of(AESGCM(material).encrypt(iv, answer, None)),
        "iv": base64_of(iv),
        "encryptionAlgorithm": algorithm,
    }
