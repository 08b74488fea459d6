"""Queries for certificates that are valid, due for renewal, to be revoked, or named by a revocation list."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from identity.models import CertificateRotation, IssuedCertificate, KeyPair
from servers.models import BareMetalServer
from servers.selectors import SWITCHED_OFF


def valid_certificates(instance_id: str, *, now: datetime) -> QuerySet[IssuedCertificate]:
    """Return the certificates that a server may use now: the latest of each of its keys, latest first."""
    usable = Q(not_after__gt=now, revoked_at=None)
    usable &= ~Q(pk__in=certificates_to_revoke(now=now).filter(instance_id=instance_id).values("pk"))
    valid = IssuedCertificate.objects.filter(usable, instance_id=instance_id)
    return valid.filter(~Exists(_later_of_the_same_key().filter(usable))).order_by("-created_at", "-pk")


def planned_renewals() -> QuerySet[IssuedCertificate]:
    """Return the certificates of servers under rotation that will be renewed, now or later.

    A certificate that expired before the rotation was switched on is not renewed.
    """
    rotating = CertificateRotation.objects.filter(
        server__id=OuterRef("instance_id"), enabled_at__lt=OuterRef("not_after")
    )
    return IssuedCertificate.objects.filter(Exists(rotating), renew_at__isnull=False)


def certificates_due(*, now: datetime) -> QuerySet[IssuedCertificate]:
    """Return the planned renewals that are due."""
    return planned_renewals().filter(renew_at__lte=now)


def abandoned_renewals(*, now: datetime) -> QuerySet[IssuedCertificate]:
    """Return certificates that will never be renewed: they have expired, and their servers are not under rotation."""
    rotating = CertificateRotation.objects.filter(server__id=OuterRef("instance_id"))
    return IssuedCertificate.objects.filter(~Exists(rotating), renew_at__lte=now, not_after__lte=now)


def with_renewal_facts(rows: QuerySet[IssuedCertificate]) -> QuerySet[IssuedCertificate]:
    """Return the rows with ``is_superseded`` and ``newer_keys`` (identity/renewal_schedule.py)."""
    newer = IssuedCertificate.objects.filter(
        instance_id=OuterRef("instance_id"), renew_at__isnull=False, requested_at__gt=OuterRef("requested_at")
    ).exclude(public_key_sha256=OuterRef("public_key_sha256"))
    keys = newer.values("instance_id").annotate(keys=Count("public_key_sha256", distinct=True)).values("keys")
    return rows.annotate(
        is_superseded=Exists(_later_of_the_same_key()),
        newer_keys=Coalesce(Subquery(keys), 0),
    )


def certified_servers(server_ids: Iterable[str]) -> QuerySet[BareMetalServer]:
    """Return the servers with these ids, with ``account_switched_off`` and without their network."""
    return BareMetalServer.objects.filter(id__in=server_ids).annotate(account_switched_off=Exists(SWITCHED_OFF))


def certificates_to_revoke(*, now: datetime) -> QuerySet[IssuedCertificate]:
    """Return valid certificates that must be revoked, with ``server_is_gone``.

    Their server was deleted or is being deleted; or, unless the setting says otherwise, its metadata service was
    switched off after they were issued. The epoch shows that even when it was switched on again since.
    """
    there = BareMetalServer.objects.filter(id=OuterRef("instance_id")).exclude(status=BareMetalServer.Status.DELETING)
    entitled = there
    if settings.BAREMINT_REVOKE_ON_DISABLE:
        entitled = there.filter(metadata_epoch=Coalesce(OuterRef("metadata_epoch"), F("metadata_epoch")))
    is_gone = ExpressionWrapper(~Exists(there), output_field=BooleanField())
    return IssuedCertificate.objects.filter(~Exists(entitled), not_after__gt=now, revoked_at=None).annotate(
        server_is_gone=is_gone
    )


def is_compromised(public_key_sha256: str) -> bool:
    """Return whether a certificate for this key was revoked because the key was compromised."""
    return IssuedCertificate.objects.filter(
        public_key_sha256=public_key_sha256, revocation_reason="keyCompromise"
    ).exists()


def _later_of_the_same_key() -> QuerySet[IssuedCertificate]:
    same = IssuedCertificate.objects.filter(
        instance_id=OuterRef("instance_id"), public_key_sha256=OuterRef("public_key_sha256")
    )
    return same.filter(
        Q(created_at__gt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__gt=OuterRef("pk"))
    )


def listable(issuer_id: int, *, scheduled_at: datetime) -> QuerySet[IssuedCertificate]:
    """Return the certificates that a revocation list of this issuer must name.

    An entry stays until it has been on one scheduled list that was issued after the certificate had expired (RFC 5280,
    section 5); ``scheduled_at`` is the time of the last scheduled list.
    """
    rows = IssuedCertificate.objects.filter(issuer_id=issuer_id, revoked_at__isnull=False)
    return rows.filter(Q(not_after__gt=scheduled_at) | Q(listed_in=None))


def has_unlisted(issuer_id: int) -> bool:
    """Return whether a revoked certificate of this issuer is on no list yet."""
    return IssuedCertificate.objects.filter(issuer_id=issuer_id, revoked_at__isnull=False, listed_in=None).exists()


def authority_certificate_of(kid: str) -> str:
    """Return the certificate of a root or intermediate authority in PEM; empty when there is none with this kid."""
    rows = KeyPair.objects.filter(kid=kid, purpose__in=[KeyPair.Purpose.ROOT, KeyPair.Purpose.INTERMEDIATE])
    return str(rows.values_list("certificate", flat=True).first() or "")
