"""Imported key material, plain or encrypted for an import token (Key Protect contract, sections 2.2 and 2.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from controlplane.keyprotect import base64_text, errors
from controlplane.keyprotect.errors import InvalidField

ROOT_BYTES = (16, 24, 32)
IV_BYTES = 12
NONCE_BYTES = range(17, 45)
"""Of an encrypted nonce: it has a tag of 16 bytes."""
DEFAULT_ALGORITHM = "RSAES_OAEP_SHA_256"
ALGORITHMS: Mapping[str, type[HashAlgorithm]] = {
    DEFAULT_ALGORITHM: SHA256,
    "RSAES_OAEP_SHA_1": SHA1,
}


@dataclass(frozen=True)
class ImportProof:
    """What proves that imported material was encrypted for the import token."""

    encrypted_nonce: bytes
    iv: bytes
    algorithm: str

    @property
    def padding(self) -> OAEP:
        digest = ALGORITHMS[self.algorithm]
        return OAEP(MGF1(digest()), digest(), label=None)

    @property
    def nonce_text(self) -> str:
        return base64_text.encode(self.encrypted_nonce)

    @property
    def iv_text(self) -> str:
        return base64_text.encode(self.iv)


@dataclass(frozen=True)
class Material:
    """Imported material of a key."""

    content: bytes = field(repr=False)
    """Encrypted with the public key of the import token if there is a proof."""
    proof: ImportProof | None = field(default=None, repr=False)


def check_root_bytes(content: bytes) -> None:
    """Raise InvalidField for material of another length than a root key has."""
    if len(content) not in ROOT_BYTES:
        raise InvalidField(
            "The field `payload` must be: 16, 24 or 32 bytes before encoding, for a root key",
            target=errors.field("payload"),
        )
