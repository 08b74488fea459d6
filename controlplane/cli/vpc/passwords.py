"""Decrypt the passwords of a server's user accounts with a private SSH key."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from controlplane.cli.client import WrongOption

OPENSSH = "OPENSSH PRIVATE KEY"


class PrivateKey:
    """An RSA key in PEM or OpenSSH format. Raises WrongOption for any other text."""

    def __init__(self, text: str, passphrase: str | None) -> None:
        load = load_ssh_private_key if OPENSSH in text else load_pem_private_key
        try:
            key = load(text.encode(), passphrase.encode() if passphrase else None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise WrongOption(f"The private key cannot be read: {error}") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise WrongOption("This is no RSA key, and passwords are encrypted for RSA keys only.")
        self._key = key

    @property
    def fingerprint(self) -> str:
        """The fingerprint in the format of ``ssh-keygen -l``: SHA256 in base64 without padding."""
        public = self._key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
        digest = hashlib.sha256(base64.b64decode(public)).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"

    def password_of(self, account: Mapping[str, Any]) -> str:
        """Return the password of a ``user_accounts`` item. Raises WrongOption when it is encrypted for another key."""
        key = account["encryption_key"]
        if key["fingerprint"] != self.fingerprint:
            raise WrongOption(
                f"The password of {account['username']} is encrypted for the key {key['name']} "
                f"({key['fingerprint']}), not for this one ({self.fingerprint})."
            )
        return self._key.decrypt(base64.b64decode(account["encrypted_password"]), padding.PKCS1v15()).decode()
