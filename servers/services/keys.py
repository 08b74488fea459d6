"""SSH keys: read, measured, fingerprinted."""

import base64
import binascii
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from django.db import IntegrityError, transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import InvalidValue, NotUnique, Target
from servers.models import Key
from servers.services.naming import random_name
from trustedprofiles.models import Account, ResourceGroup

RSA_LENGTHS = (2048, 4096)


@transaction.atomic
def create_key(
    account: Account, *, resource_group: ResourceGroup, region: str, public_key: str, name: str = "", by: Party
) -> Key:
    """Import an OpenSSH public key. Raises InvalidValue for other text, NotUnique for a name or key that is there."""
    kind, length, algorithm, blob = _read(public_key)
    key = Key(
        id=ids.regional_id(region),
        name=name or random_name(),
        account=account,
        resource_group=resource_group,
        region=region,
        type=kind,
        length=length,
        fingerprint=_fingerprint(blob),
        public_key=f"{algorithm} {blob}",
        created_at=clock.now(),
    )
    try:
        with transaction.atomic():
            key.save(force_insert=True)
    except IntegrityError:
        raise NotUnique("A key of this name or with this content is there already.", target=Target("name")) from None
    target = Party(key.crn, key.name, "Key")
    record("is.key.key.create", initiator=by, target=target, account_id=account.id, status=201)
    return key


def _read(text: str) -> tuple[str, int, str, str]:
    """Type, length in bits, algorithm and base64 of an OpenSSH public key."""
    target = Target("public_key")
    try:
        algorithm, blob, *_ = text.split()
        parsed = load_ssh_public_key(f"{algorithm} {blob}".encode())
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        raise InvalidValue("public_key must be an OpenSSH public key: ssh-rsa or ssh-ed25519.", target=target) from None
    if isinstance(parsed, ed25519.Ed25519PublicKey):
        return "ed25519", 256, algorithm, blob
    if isinstance(parsed, rsa.RSAPublicKey) and parsed.key_size in RSA_LENGTHS:
        return "rsa", parsed.key_size, algorithm, blob
    raise InvalidValue("public_key must be RSA of 2048 or 4096 bits, or Ed25519.", target=target)


def _fingerprint(blob: str) -> str:
    """``SHA256:<base64 without padding>``, as ``ssh-keygen -l`` prints it."""
    digest = hashlib.sha256(base64.b64decode(blob)).digest()
    return "SHA256:" + base64.b64encode(digest).rstrip(b"=").decode()
