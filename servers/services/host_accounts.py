"""The administrator of a Windows or ESXi server, whose password only the holder of an SSH key can read."""

import base64
import secrets
import string
from collections.abc import Sequence
from typing import TypedDict

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from servers import catalog
from servers.models import Key

WINDOWS = "Windows Server"
ESXI = "VMware ESXi"
ADMINISTRATORS = {WINDOWS: "Administrator", ESXI: "root"}
PASSWORD_LENGTH = 24
SYMBOLS = "!#$%*+-=?@_"
"""Symbols that need no escape in XML or within single quotes."""
KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SYMBOLS)


class EncryptionKey(TypedDict):
    id: str
    crn: str
    name: str
    fingerprint: str


class HostAccount(TypedDict):
    username: str
    encrypted_password: str
    """Base64 of RSA PKCS#1 v1.5."""
    encryption_key: EncryptionKey


def administrator_of(operating_system: str, keys: Sequence[Key]) -> list[HostAccount]:
    """Return the accounts of a server that is initialized with these keys.

    ``operating_system`` is its name in the catalog. Windows and ESXi have one account. Its password is generated here
    and not stored: only the ciphertext is returned.
    """
    username = ADMINISTRATORS.get(_family(operating_system))
    key = next((key for key in keys if key.type == "rsa"), None)
    if key is None or username is None:
        return []
    public = load_ssh_public_key(key.public_key.encode())
    assert isinstance(public, rsa.RSAPublicKey)  # noqa: S101  what its type says
    encrypted = public.encrypt(_password().encode(), padding.PKCS1v15())
    return [
        {
            "username": username,
            "encrypted_password": base64.b64encode(encrypted).decode(),
            "encryption_key": {"id": key.id, "crn": key.crn, "name": key.name, "fingerprint": key.fingerprint},
        }
    ]


def key_problems(operating_system: str, key_types: Sequence[str]) -> list[str]:
    """Return the problems with installing keys of these types (``rsa``, ``ed25519``), each with its remedy.

    VPC API, ``initialization.keys``: Windows needs an RSA key to encrypt the administrator's password; an Ed25519 key
    cannot be used on Windows, and VMware ESXi does not accept it. Without any key, no user can read the password of
    ``root`` on ESXi.
    """
    family = _family(operating_system)
    if family == WINDOWS and "rsa" not in key_types:
        return ["A Windows image needs at least one key of type rsa. Ed25519 keys cannot be used with Windows."]
    if family == ESXI and "ed25519" in key_types:
        return ["Ed25519 keys cannot be used with VMware ESXi. Name keys of type rsa only, or none."]
    return []


def _family(operating_system: str) -> str:
    system = catalog.operating_systems().get(operating_system)
    return system.family if system else ""


def _password() -> str:
    """Return a random password with at least one character of each kind, which is all that Windows requires."""
    rest = PASSWORD_LENGTH - len(KINDS)
    characters = [secrets.choice(kind) for kind in KINDS] + [secrets.choice("".join(KINDS)) for _ in range(rest)]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
