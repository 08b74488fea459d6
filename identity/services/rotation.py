"""Keys come and go here: one repeatable step at a time, each a transaction, each decided by row counts.

Two workers, two beats, a task delivered twice or killed half-way: the conditional UPDATE of the second one finds no row
to change, and the partial unique indexes refuse what would make two keys active.
"""

import secrets
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from controlplane.activity.record import SYSTEM, Party, record
from identity import ca, keychain, keystore
from identity.claims import identity_issuer
from identity.keyring import HandOver, KeyFacts, Prepare, Retire, Step, next_step
from identity.models import KeyPair

TOKEN_KEY_BITS = 2048
ROOT_KEY_BITS = 3072
PUBLIC_EXPONENT = 65537
MOST_STEPS = 4

State = KeyPair.State
Purpose = KeyPair.Purpose


def ensure_keys(*, now: datetime) -> None:
    """At first start: an active and a prepared key for each token purpose, a root CA and an intermediate CA.

    Raises ImproperlyConfigured when stored keys do not decrypt under the configured KEK.
    """
    for row in KeyPair.objects.filter(state__in=[State.PREPARED, State.ACTIVE]):
        keychain.load_private_key(row)
    for purpose in keychain.TOKEN_PURPOSES:
        _run_steps(purpose, now=now)
    _ensure_authorities(now=now)


def run_due_steps(*, now: datetime) -> int:
    """Take every step that is due for the token keys. Returns how many were taken."""
    return sum(_run_steps(purpose, now=now) for purpose in keychain.TOKEN_PURPOSES)


def rotate_now(purpose: str, *, now: datetime, by: Party = SYSTEM) -> KeyPair:
    """Hand over to the prepared key whether or not it is due, and prepare the next. Returns the new active key."""
    _run_steps(purpose, now=now)
    keys = {key.state: key.kid for key in _keys(purpose) if key.state in ("active", "prepared")}
    _take(purpose, HandOver(keys["active"], keys["prepared"]), now=now, by=by)
    _run_steps(purpose, now=now)
    return KeyPair.objects.get(purpose=purpose, region=settings.BAREMINT_REGION, state=State.ACTIVE)


def _run_steps(purpose: str, *, now: datetime) -> int:
    period = timedelta(hours=settings.BAREMINT_SIGNING_KEY_HOURS)
    taken = 0
    while taken < MOST_STEPS and (step := next_step(_keys(purpose), now=now, period=period)):
        if not _take(purpose, step, now=now, by=SYSTEM):
            break  # somebody else took it; the next tick sees what is left
        taken += 1
    return taken


def _keys(purpose: str) -> list[KeyFacts]:
    rows = KeyPair.objects.filter(purpose=purpose, region=settings.BAREMINT_REGION).exclude(state=State.RETIRED)
    return [
        KeyFacts(row.kid, row.state, row.published_at, row.activated_at, row.demoted_at)  # type: ignore[arg-type]
        for row in rows.defer("ciphertext", "nonce").order_by("generation")
    ]


def _take(purpose: str, step: Step, *, now: datetime, by: Party) -> bool:
    match step:
        case Prepare():
            taken = _prepare(purpose, now=now)
        case HandOver(old, heir):
            taken = _hand_over(old, heir, now=now, by=by)
        case Retire(kid):
            taken = _move(kid, State.RETIRING, State.RETIRED, retired_at=now) == 1
    keychain.forget()
    return taken


def _move(kid: str, before: str, after: str, **changes: object) -> int:
    return KeyPair.objects.filter(kid=kid, state=before).update(state=after, **changes)


def _hand_over(old: str | None, heir: str, *, now: datetime, by: Party) -> bool:
    """Demote first, then promote: the partial unique index never sees two active keys. Both halves or neither."""
    with transaction.atomic():
        # The private key of a retiring key can sign nothing any more, so it does not stay.
        wiped = {"demoted_at": now, "ciphertext": b"", "nonce": b""}
        if old is not None and _move(old, State.ACTIVE, State.RETIRING, **wiped) != 1:
            return False
        if _move(heir, State.PREPARED, State.ACTIVE, activated_at=now) != 1:
            transaction.set_rollback(True)
            return False
        record(
            "baremint.key.rotate",
            initiator=by,
            target=Party(heir, heir, "Key"),
            data={"old": old, "new": heir},
        )
    return True


def _prepare(purpose: str, *, now: datetime) -> bool:
    """Make a key and publish it. The key is generated outside any transaction: that takes a moment."""
    key = rsa.generate_private_key(PUBLIC_EXPONENT, TOKEN_KEY_BITS)
    try:
        with transaction.atomic():
            _store(purpose, _new_kid(purpose, now=now), key, state=State.PREPARED, now=now)
    except IntegrityError:
        return False  # another worker prepared one meanwhile; ours is forgotten
    return True


def _store(
    purpose: str,
    kid: str,
    key: RSAPrivateKey,
    *,
    state: str,
    now: datetime,
    certificate: x509.Certificate | None = None,
    issuer: KeyPair | None = None,
) -> KeyPair:
    sealed = keystore.seal(key, bound_to=kid)
    peers = KeyPair.objects.filter(purpose=purpose, region=settings.BAREMINT_REGION)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair.objects.create(
        purpose=purpose,
        region=settings.BAREMINT_REGION,
        generation=(peers.aggregate(last=Max("generation"))["last"] or 0) + 1,
        kid=kid,
        state=state,
        public_key=public.decode(),
        certificate=ca.pem(certificate) if certificate else "",
        issuer=issuer,
        kek_id=sealed.kek_id,
        nonce=sealed.nonce,
        ciphertext=sealed.ciphertext,
        published_at=now,
        activated_at=now if state == State.ACTIVE else None,
    )


def _new_kid(purpose: str, *, now: datetime) -> str:
    """Identity: ``BMS-CR_us-south_<suffix>``. IAM: the minute, ``202605110826``, or the next one not taken."""
    if purpose == Purpose.IDENTITY:
        issuer = identity_issuer(settings.BAREMINT_IDENTITY_ISSUER_PREFIX, settings.BAREMINT_REGION)
        return f"{issuer}_{secrets.token_hex(16)}"
    minute = now
    while KeyPair.objects.filter(kid=minute.strftime("%Y%m%d%H%M")).exists():
        minute += timedelta(minutes=1)
    return minute.strftime("%Y%m%d%H%M")


def _ensure_authorities(*, now: datetime) -> None:
    region = settings.BAREMINT_REGION
    authorities = KeyPair.objects.filter(region=region, state=State.ACTIVE)
    if authorities.filter(purpose=Purpose.INTERMEDIATE).exists():
        return
    root_key = rsa.generate_private_key(PUBLIC_EXPONENT, ROOT_KEY_BITS)
    root_certificate = ca.build_root(root_key, common_name=f"Baremint Root CA {region}", now=now)
    key = rsa.generate_private_key(PUBLIC_EXPONENT, TOKEN_KEY_BITS)
    certificate = ca.build_intermediate(
        key.public_key(),
        common_name=f"Baremint Identity CA {region} 1",
        issuer=root_certificate,
        issuer_key=root_key,
        now=now,
    )
    with transaction.atomic():
        root = _store(
            Purpose.ROOT,
            f"root_{secrets.token_hex(8)}",
            root_key,
            state=State.ACTIVE,
            now=now,
            certificate=root_certificate,
        )
        kid = f"intermediate_{secrets.token_hex(8)}"
        _store(Purpose.INTERMEDIATE, kid, key, state=State.ACTIVE, now=now, certificate=certificate, issuer=root)
