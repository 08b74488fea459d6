"""Whether nothing was lost: the record of the clients' calls against the product's own records, and everything that was
answered against the keys that are published now.

L1 every answer has exactly one record; L2 records without an answer are no more than requests were cut off; L3 one
active key of each purpose, at most one successor; L4 everything that was answered and has not expired verifies; L5
records cannot be changed; L6 no fault of the product outside of what was broken on purpose.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import DatabaseError, transaction
from django.db.models import Max

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from identity.models import IssuedCertificate, KeyPair
from identity.models.key import STATES_THAT_VERIFY
from tests.faults.call_record import CallRecord, Entry
from tests.faults.load import request

EVENTS = {
    "identity_token": "is.metadata.identity-token.create",
    "iam_token": "is.metadata.computeresource-token.read",
    "certificate": "is.metadata.certificate.create",
}


@dataclass(frozen=True)
class Counted:
    """What a check looked at, for who reads how much it was."""

    answers: int
    surplus: int
    verified: int


def last_event() -> int:
    """To tell later what happened since."""
    return ActivityEvent.objects.aggregate(last=Max("pk"))["last"] or 0


def check(
    call_record: CallRecord, *, since: int, cut_off: int, control_plane: str, now: datetime | None = None
) -> Counted:
    """All of it. ``since``: ``last_event()`` before the load; ``cut_off``: requests that may have lost their answer;
    ``now``: the domain's time, when it is not the machine's."""
    answered = call_record.issued
    records = _records(since)
    missing = [entry for entry in answered if records[entry.kind, entry.sha256] != 1]
    assert missing == [], f"L1: {len(missing)} of {len(answered)} answers without exactly one record"
    surplus = sum(records.values()) - len(answered)
    assert 0 <= surplus <= cut_off, f"L2: {surplus} records without an answer; {cut_off} requests were cut off"
    certificates = {entry.sha256 for entry in answered if entry.kind == "certificate"}
    assert IssuedCertificate.objects.filter(sha256__in=certificates).count() == len(certificates), "L1: certificates"
    check_keys()
    verified = _verify(answered, published_keys(control_plane), now or clock.wall_clock())
    check_append_only()
    faults = call_record.faults()
    assert faults == [], f"L6: {Counter((entry.kind, entry.status) for entry in faults)}"
    return Counted(len(answered), surplus, verified)


def _records(since: int) -> Counter[tuple[str, str]]:
    kinds = {event: kind for kind, event in EVENTS.items()}
    rows = ActivityEvent.objects.filter(pk__gt=since, action__in=kinds, outcome="success")
    return Counter((kinds[action], data["sha256"]) for action, data in rows.values_list("action", "data"))


def check_keys() -> None:
    """L3."""
    states = Counter(KeyPair.objects.values_list("purpose", "region", "state"))
    assert states, "L3: there are no keys"
    for purpose, region in {label[:2] for label in states}:
        assert states[purpose, region, "active"] == 1, f"L3: {purpose} in {region}"
        assert states[purpose, region, "prepared"] <= 1, f"L3: {purpose} in {region}"


def check_append_only() -> None:
    """L5: the database itself refuses to change what happened."""
    event = ActivityEvent.objects.order_by("-pk")[:1]
    for change in (lambda rows: rows.update(message="x"), lambda rows: rows.delete()):
        try:
            with transaction.atomic():
                change(ActivityEvent.objects.filter(pk__in=list(event.values_list("pk", flat=True))))
        except DatabaseError:
            continue
        raise AssertionError("L5: an activity event was changed")


def published_keys(control_plane: str) -> dict[str, Any]:
    """Public keys by kid: those of IAM as any client fetches them, those of identity tokens as the product has them."""
    _, body = request(control_plane, "GET", "/identity/keys")
    keys = {key["kid"]: jwt.PyJWK(key).key for key in json.loads(body)["keys"]}
    own = KeyPair.objects.filter(purpose="identity", state__in=STATES_THAT_VERIFY)
    return keys | {row.kid: load_pem_public_key(row.public_key.encode()) for row in own}


def _verify(answered: list[Entry], keys: dict[str, Any], now: datetime) -> int:
    """L4."""
    issuers = {row.subject: row for row in _authorities()}
    verified = 0
    for entry in answered:
        verified += (
            _verify_chain(entry, issuers, now) if entry.kind == "certificate" else _verify_token(entry, keys, now)
        )
    return verified


def _verify_token(entry: Entry, keys: dict[str, Any], now: datetime) -> bool:
    claims = jwt.decode(entry.document, options={"verify_signature": False})
    if not claims["iat"] <= now.timestamp() < claims["exp"]:
        return False
    kid = jwt.get_unverified_header(entry.document)["kid"]
    assert kid in keys, f"L4: {entry.kind} signed by {kid}, which is not published"
    skipped = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    jwt.decode(entry.document, keys[kid], algorithms=["RS256"], options=skipped)
    return True


def _verify_chain(entry: Entry, issuers: dict[x509.Name, x509.Certificate], now: datetime) -> bool:
    leaf, *rest = x509.load_pem_x509_certificates(entry.document.encode())
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        return False
    for certificate, issuer in zip([leaf, *rest], [*rest, issuers[rest[-1].issuer]], strict=True):
        certificate.verify_directly_issued_by(issuer)
        assert issuer.not_valid_before_utc <= now < issuer.not_valid_after_utc, "L4: an authority is not valid now"
    return True


def _authorities() -> list[x509.Certificate]:
    roots = KeyPair.objects.filter(purpose="root", state__in=STATES_THAT_VERIFY)
    return [x509.load_pem_x509_certificate(row.certificate.encode()) for row in roots]
