"""SSH keys: imported, measured and fingerprinted."""

import base64
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids, weak_rsa
from controlplane.kernel.errors import InvalidValue, NotUnique, Target
from servers import events
from servers.events import record_change
from servers.models import Key
from servers.services.naming import group_for, random_name, save_named
from servers.services.row_locks import lock_row, make_room
from trustedprofiles.models import Account
from trustedprofiles.services.tags import forget

ALGORITHMS = ("ssh-ed25519", "ssh-rsa")
RSA_LENGTHS = (2048, 4096)
ENCODED_LENGTH = "AAAA"
"""The beginning of the base64 of every key: the length of a short algorithm name, in four bytes."""


def create_key(
    account: Account,
    *,
    region: str,
    public_key: str,
    name: str = "",
    type: str = "",
    resource_group: str = "",
    by: Party,
) -> Key:
    """Import an OpenSSH public key.

    ``resource_group`` is an id; without it, the key is in the default group. Raises InvalidValue for other text,
    another type, or a key that can be factored; BadField, NotUnique for an existing name or key, OverQuota.
    """
    kind, length, algorithm, blob = _read(public_key)  # before the database is locked, because it takes a while
    if type not in ("", kind):
        raise InvalidValue(f"The public key is of type {kind}. Say so, or leave type out.", target=Target("type"))
    with transaction.atomic():
        group = group_for(account, resource_group)
        others = Key.objects.filter(account=account, region=region)
        make_room("keys", within=account, beside=others)
        key = Key(
            id=ids.regional_id(region),
            name=name or random_name(),
            account=account,
            resource_group=group,
            region=region,
            type=kind,
            length=length,
            fingerprint=_fingerprint(blob),
            public_key=f"{algorithm} {blob}",
            created_at=clock.now(),
        )
        if others.filter(fingerprint=key.fingerprint).exists():
            raise NotUnique("The account has this public key in this region already.", target=Target("public_key"))
        save_named(key)
        record_change(f"{events.KEY}.create", key, by=by, status=201)
    return key


@transaction.atomic
def delete_key(key: Key, *, by: Party) -> None:
    """Delete a key; servers that were initialized with it keep their copy of its data."""
    key = lock_row(key)
    record_change(f"{events.KEY}.delete", key, by=by, status=204)
    forget(key.crn)
    key.delete()


def _read(text: str) -> tuple[str, int, str, str]:
    """Return the type, length in bits, algorithm and base64 of an OpenSSH public key.

    Only the key field counts (VPC API, ``public_key``): the algorithm before it may be omitted, because the key
    contains it; a comment may follow. Raises InvalidValue.
    """
    target = Target("public_key")
    try:
        blob = _key_field(text)
        algorithm = _algorithm(blob)
        encoded = base64.b64encode(blob).decode()
        parsed = load_ssh_public_key(f"{algorithm} {encoded}".encode())
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidValue("public_key must be an OpenSSH public key: ssh-rsa or ssh-ed25519.", target=target) from None
    if isinstance(parsed, ed25519.Ed25519PublicKey):
        return "ed25519", 256, algorithm, encoded
    if isinstance(parsed, rsa.RSAPublicKey) and parsed.key_size in RSA_LENGTHS:
        if weakness := weak_rsa.weakness(parsed.public_numbers().n):
            raise InvalidValue(
                f"The modulus of the public_key {weakness}. Make a new key, such as with ssh-keygen.", target=target
            )
        return "rsa", parsed.key_size, algorithm, encoded
    raise InvalidValue("public_key must be RSA of 2048 or 4096 bits, or Ed25519.", target=target)


def _key_field(text: str) -> bytes:
    """Return the decoded first or second word of the only line. Raises ValueError."""
    [line] = text.strip().splitlines()
    words = line.split()
    position = 0 if words[0].startswith(ENCODED_LENGTH) else 1
    return base64.b64decode("".join(words[position : position + 1]), validate=True)


def _algorithm(blob: bytes) -> str:
    """Return the algorithm that the key names: a length in four bytes, then as many characters (RFC 4253).

    Raises ValueError.
    """
    algorithm = blob[4 : 4 + int.from_bytes(blob[:4])].decode("ascii")
    if algorithm not in ALGORITHMS:
        raise ValueError(f"{algorithm} is none of {ALGORITHMS}.")
    return algorithm


def _fingerprint(blob: str) -> str:
    """Return ``SHA256:<base64 without padding>``, as ``ssh-keygen -l`` prints it."""
    digest = hashlib.sha256(base64.b64decode(blob)).digest()
    return "SHA256:" + base64.b64encode(digest).rstrip(b"=").decode()
