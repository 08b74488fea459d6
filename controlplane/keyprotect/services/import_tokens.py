"""Import tokens: pairs of RSA keys with which key material is imported (Key Protect contract, section 2.6; D-188).

Who imports a root key encrypts it with the public key of the token, and the nonce of the token with the root key.
"""

import os
import uuid
from datetime import datetime, timedelta
from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.errors import existing
from controlplane.keyprotect import errors, events
from controlplane.keyprotect.errors import (
    ImportTokenExpired,
    ImportTokenNotFound,
    IncorrectNonce,
    InvalidField,
    UnreadableNonce,
)
from controlplane.keyprotect.material import Material, check_root_bytes
from controlplane.keyprotect.models import ImportToken, token_bound_to
from controlplane.keyprotect.services.changes import changing
from controlplane.sealing.keks import unseal
from controlplane.sealing.rows import seal_new

BITS = 4096
PUBLIC_EXPONENT = 65537
NONCE_BYTES = 12
SHORTEST_LIFETIME, LONGEST_LIFETIME, DEFAULT_LIFETIME = 300, 86_400, 600
"""Seconds."""
MOST_RETRIEVALS = 500
CREATE_ANOTHER = "Create one with POST /api/v2/import_token."


def create_import_token(instance: ResourceInstance, *, lifetime: timedelta, retrievals: int, by: Party) -> ImportToken:
    """Make the import token of an instance, in place of the one before. It takes the time of making an RSA key."""
    private_key = generate_private_key(PUBLIC_EXPONENT, BITS)  # before the transaction, which others wait for
    with changing(instance):
        now, identifier = clock.now(), str(uuid.uuid4())
        secret = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        ImportToken.objects.filter(instance=instance).delete()
        token = ImportToken.objects.create(
            instance=instance,
            identifier=identifier,
            public_key=private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            challenge=os.urandom(NONCE_BYTES),
            most_retrievals=retrievals,
            created_at=now,
            created_by=by.id,
            expires_at=now + lifetime,
            **seal_new(secret, bound_to=token_bound_to(identifier)),
        )
        data = {"expirationDate": token.expires_at.isoformat(), "maxAllowedRetrievals": retrievals}
        events.record_instance_change(events.CREATE_IMPORT_TOKEN, instance, by=by, status=200, data=data)
    return token


def retrieve_import_token(instance: ResourceInstance, *, by: Party) -> ImportToken:
    """Return the import token of an instance, which can be retrieved once less after it.

    Raises ImportTokenNotFound, and ImportTokenExpired when it has expired or was retrieved as often as it may be.
    """
    with changing(instance):
        token = _current(instance, clock.now())
        if token.retrievals >= token.most_retrievals:
            raise ImportTokenExpired(f"The import token was retrieved as often as it may be. {CREATE_ANOTHER}")
        token.retrievals += 1
        token.save(update_fields=["retrievals"])
        data = {"remainingRetrievals": token.most_retrievals - token.retrievals}
        events.record_instance_change(events.READ_IMPORT_TOKEN, instance, by=by, status=200, data=data)
    return token


def _current(instance: ResourceInstance, now: datetime) -> ImportToken:
    token = existing(
        ImportToken.objects.filter(instance=instance).first(),
        f"The instance has no import token. {CREATE_ANOTHER}",
        refusal=ImportTokenNotFound,
    )
    if token.expires_at <= now or not token.kek_id:  # wiped, and the clock was moved back after that
        raise ImportTokenExpired(f"The import token expired at {token.expires_at:%Y-%m-%dT%H:%M:%SZ}. {CREATE_ANOTHER}")
    return token


def imported_bytes(instance: ResourceInstance, material: Material, *, now: datetime) -> bytes:
    """Return the material of a key, decrypted with the import token of the instance if it was encrypted for it.

    Raises ImportTokenNotFound, ImportTokenExpired, InvalidField for material that the token does not decrypt or that
    has another length than a root key, UnreadableNonce, and IncorrectNonce for the nonce of another token.
    """
    if material.proof is None:
        return material.content
    token = _current(instance, now)
    # What is sealed was made here: to check it again would take many times as long as the decryption.
    private_key = load_der_private_key(unseal(token), password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(private_key, RSAPrivateKey)  # noqa: S101  create_import_token makes no other
    try:
        content = private_key.decrypt(material.content, material.proof.padding)
    except ValueError:
        message = (
            "The field `payload` must be: key material that is encrypted with the public key of the import token, by "
            f"RSA OAEP with the algorithm {material.proof.algorithm}"
        )
        raise InvalidField(message, target=errors.field("payload")) from None
    check_root_bytes(content)
    try:
        nonce = AESGCM(content).decrypt(material.proof.iv, material.proof.encrypted_nonce, None)
    except InvalidTag:
        raise UnreadableNonce(
            "The encrypted nonce cannot be decrypted. Encrypt the nonce of the import token with AES-GCM under the key "
            "material, and send the initialization vector as `iv`.",
            target=errors.field("encryptedNonce"),
        ) from None
    if not compare_digest(nonce, bytes(token.challenge)):
        raise IncorrectNonce(
            "The nonce is not that of the import token. Decode the nonce that GET /api/v2/import_token answers with "
            "from base64, and encrypt those 12 bytes.",
            target=errors.field("encryptedNonce"),
        )
    return content
