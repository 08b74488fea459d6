"""Revocation lists: signed on schedule, and at once when a certificate was revoked.

Two processes may sign at the same moment; a compare-and-set of the list's number decides whose list is published. The
certificates that a list names are marked in the transaction that publishes it, so a revocation that came too late for
one list is found unmarked, and causes the next list.
"""

from datetime import datetime, timedelta
from typing import cast

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from controlplane.kernel import clock
from identity import ca, crl, key_cache
from identity.certificates import has_unlisted, listable
from identity.models import STATES_THAT_VERIFY, IssuedCertificate, KeyPair, RevocationList

ROOT_LIFETIME = timedelta(days=7)
"""The root's list changes only when an intermediate authority is revoked, and its key should be used rarely."""
MOST_TRIES = 5
MARKED_AT_ONCE = 5_000
ENTRY = ("serial_number", "revoked_at", "revocation_reason")


def fresh_list(kid: str, *, now: datetime) -> RevocationList | None:
    """Return the current list of an authority, signed again if necessary.

    For a root, and for an authority that no longer signs, return its last list. None when there is no such authority.
    """
    signer = key_cache.authorities().get(kid)
    if signer is None:
        return RevocationList.objects.filter(issuer__kid=kid).first()
    return _sign_if_due(signer, now=now, lifetime=timedelta(seconds=settings.BAREMINT_CRL_SECONDS))


def publish_due(*, now: datetime) -> int:
    """Sign every list that is due, as part of the tick. Return how many were signed."""
    before = dict(RevocationList.objects.values_list("issuer_id", "number"))
    for signer in key_cache.authorities().values():
        _sign_if_due(signer, now=now, lifetime=timedelta(seconds=settings.BAREMINT_CRL_SECONDS))
    for root in _roots_due(now=now):
        _sign_if_due(key_cache.signer_of(root), now=now, lifetime=ROOT_LIFETIME)
    after = dict(RevocationList.objects.values_list("issuer_id", "number"))
    return sum(number - before.get(issuer, 0) for issuer, number in after.items())


def due_at(now: datetime) -> datetime | None:
    """Return when the next list is to be signed, or None while there is no authority."""
    instants = []
    for authority in _authorities():
        published = getattr(authority, "revocation_list", None)
        if published is None or _is_due(published, now=now) or has_unlisted(authority.pk):
            return now
        lifetime = published.next_update - published.this_update
        instants.append(min(published.this_update, published.scheduled_at) + lifetime / 2)
    return min(instants, default=None)


def publish_soon(issuer_id: int) -> None:
    """Sign a new list once the present transaction is committed. If that fails, the next reader or tick signs it."""
    transaction.on_commit(lambda: _publish(issuer_id), robust=True)


def _publish(issuer_id: int) -> None:
    signer = next((each for each in key_cache.authorities().values() if each.row_id == issuer_id), None)
    if signer is not None:
        _sign_if_due(signer, now=clock.now(), lifetime=timedelta(seconds=settings.BAREMINT_CRL_SECONDS))


def _roots_due(*, now: datetime) -> list[KeyPair]:
    """Return the roots whose list is due, so that the private key of a root is decrypted only to sign with it."""
    roots = _authorities().filter(purpose=KeyPair.Purpose.ROOT)
    return [root for root in roots if _is_due(getattr(root, "revocation_list", None), now=now)]


def _authorities() -> QuerySet[KeyPair]:
    """Return the authorities that can still sign, each with its list."""
    purposes = [KeyPair.Purpose.ROOT, KeyPair.Purpose.INTERMEDIATE]
    rows = KeyPair.objects.filter(
        purpose__in=purposes, region=settings.BAREMINT_REGION, state__in=STATES_THAT_VERIFY
    ).exclude(ciphertext=b"")
    return rows.select_related("revocation_list").defer("revocation_list__der")


def _is_due(published: RevocationList | None, *, now: datetime) -> bool:
    """Return whether a list is due by the schedule, which lists signed in between do not postpone."""
    if published is None:
        return True
    lifetime = published.next_update - published.this_update
    return any(crl.is_due(each, each + lifetime, now=now) for each in (published.this_update, published.scheduled_at))


def _sign_if_due(signer: key_cache.Signer, *, now: datetime, lifetime: timedelta) -> RevocationList:
    for _ in range(MOST_TRIES):
        published = RevocationList.objects.filter(issuer_id=signer.row_id).first()
        scheduled = _is_due(published, now=now)
        if published and not scheduled and not has_unlisted(signer.row_id):
            return published
        successor = _sign(signer, published, scheduled=scheduled, now=now, lifetime=lifetime)
        if successor is not None:
            return successor
    return RevocationList.objects.get(issuer_id=signer.row_id)  # other processes were faster in every try


def _sign(
    signer: key_cache.Signer, published: RevocationList | None, *, scheduled: bool, now: datetime, lifetime: timedelta
) -> RevocationList | None:
    """Sign and publish the next list. Return it, or None when another process published one meanwhile.

    It is signed outside the transaction.
    """
    number = published.number + 1 if published else 1
    scheduled_at = published.scheduled_at if published else now
    rows = list(listable(signer.row_id, scheduled_at=scheduled_at).only(*ENTRY, "listed_in"))
    this_update = now.replace(microsecond=0)
    signed_list = crl.build_list(
        map(_entry, rows),
        number=number,
        issuer=ca.load(signer.certificate),
        issuer_key=signer.private_key,
        now=this_update,
        lifetime=lifetime,
    )
    new = RevocationList(
        issuer_id=signer.row_id,
        number=number,
        this_update=this_update,
        next_update=this_update + lifetime,
        scheduled_at=now if scheduled or published is None else published.scheduled_at,
        der=signed_list.public_bytes(Encoding.DER),
    )
    return new if _replace(published, new, [row.pk for row in rows if row.listed_in is None]) else None


def _entry(row: IssuedCertificate) -> crl.Revoked:
    revoked_at, reason = row.revoked_at, cast(crl.Reason, row.revocation_reason)
    assert revoked_at is not None  # noqa: S101  ``listable`` finds no others
    return crl.Revoked(int(row.serial_number, 16), revoked_at, reason)


@transaction.atomic
def _replace(published: RevocationList | None, new: RevocationList, named: list[str]) -> bool:
    """Publish ``new`` and mark the certificates that no earlier list named. Return whether no other process was
    faster."""
    if published is None:
        try:
            with transaction.atomic():
                new.save(force_insert=True)
        except IntegrityError:
            return False
    else:
        values = {name: getattr(new, name) for name in ("number", "this_update", "next_update", "scheduled_at", "der")}
        if RevocationList.objects.filter(pk=published.pk, number=published.number).update(**values) != 1:
            return False
    for begin in range(0, len(named), MARKED_AT_ONCE):
        batch = named[begin : begin + MARKED_AT_ONCE]
        IssuedCertificate.objects.filter(pk__in=batch).update(listed_in=new.number)
    return True
