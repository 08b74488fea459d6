"""Counts of the live tokens and certificates that a switch, a deletion or a deactivation would end.

Tokens are not stored; the events of their issue are counted. For more than MOST_NAMED servers, for users, and in
overviews, a token whose event is not among the latest SEARCHED_EVENTS is not counted.
"""

from datetime import datetime

from django.conf import settings
from django.db.models import BigIntegerField, Count, Exists, Max, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from controlplane.activity.events import ASSUME_LOGIN, COMPUTE_RESOURCE_LOGIN, IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.activity.selectors import SEARCHED_EVENTS
from controlplane.kernel.live_credentials import Alive
from identity.certificates import certificates_to_revoke
from identity.events import API_KEY_LOGIN, REFRESH_LOGIN
from identity.models import IssuedCertificate, RefreshToken
from servers.models import BareMetalServer
from servers.selectors import SWITCHED_OFF, crn_expression
from trustedprofiles.models import User

MOST_NAMED = 500
"""The most servers whose events are looked up by server."""


def tokens_of(servers: QuerySet[BareMetalServer], *, now: datetime) -> Alive:
    """Count the live tokens of these servers."""
    return Alive(*_tokens(servers, now=now))


def ended_by_switching_off(servers: QuerySet[BareMetalServer], *, now: datetime) -> Alive:
    """Count the credentials that end when the metadata service of these servers is switched off.

    IAM tokens stay valid until they expire.
    """
    identity, _ = _tokens(servers, now=now, all_of_them=True)
    undated = Q(metadata_epoch=None)  # certificates older than epochs
    certificates = (
        _certificates(servers, now=now).exclude(undated).count() if settings.BAREMINT_REVOKE_ON_DISABLE else 0
    )
    return Alive(identity_tokens=identity, certificates=certificates)


def ended_by_deleting(servers: QuerySet[BareMetalServer], *, now: datetime) -> Alive:
    """Count the credentials that end when these servers are deleted; servers that are being deleted do not count."""
    identity, iam = _tokens(servers, now=now, all_of_them=True)
    return Alive(identity, iam, _certificates(servers, now=now).count())


def ended_by_deactivating(users: QuerySet[User], *, now: datetime) -> Alive:
    """Count the tokens of the active users among these."""
    acting = users.filter(is_active=True).exclude(iam_id=None)
    logins = (API_KEY_LOGIN, REFRESH_LOGIN, ASSUME_LOGIN)
    ids = list(acting.values_list("iam_id", flat=True))
    return Alive(
        iam_tokens=_latest(_issued(logins, now=now)).filter(initiator_id__in=ids).count(),
        refresh_tokens=RefreshToken.objects.filter(api_key__iam_id__in=ids, expires_at__gt=now).count(),
    )


def ended_by_revoking(certificates: QuerySet[IssuedCertificate], *, now: datetime, key_is_known: bool = False) -> Alive:
    """Count the valid ones of these certificates; with ``key_is_known`` also the account's others for the same keys."""
    good = IssuedCertificate.objects.filter(revoked_at=None, not_after__gt=now)
    if not key_is_known:
        return Alive(certificates=good.filter(pk__in=certificates.values("pk")).count())
    pairs = set(certificates.values_list("account_id", "public_key_sha256"))
    same = good.filter(public_key_sha256__in={key for _, key in pairs}).values_list("account_id", "public_key_sha256")
    return Alive(certificates=sum(pair in pairs for pair in same))


def _certificates(servers: QuerySet[BareMetalServer], *, now: datetime) -> QuerySet[IssuedCertificate]:
    certificates = IssuedCertificate.objects.filter(
        instance_id__in=servers.values("id"), revoked_at=None, not_after__gt=now
    )
    return certificates.exclude(pk__in=certificates_to_revoke(now=now).values("pk"))


def _tokens(servers: QuerySet[BareMetalServer], *, now: datetime, all_of_them: bool = False) -> tuple[int, int]:
    """Count the identity tokens and IAM tokens of the servers that are not being deleted."""
    there = servers.exclude(status=BareMetalServer.Status.DELETING)
    rows = there.annotate(alive_crn=crn_expression(), alive_off=Exists(SWITCHED_OFF))
    epochs = {
        crn: epoch if enabled and not off else None
        for crn, epoch, enabled, off in rows.values_list("alive_crn", "metadata_epoch", "metadata_enabled", "alive_off")
    }
    events = _issued((IDENTITY_TOKEN_CREATE, METADATA_LOGIN, COMPUTE_RESOURCE_LOGIN), now=now)
    is_few = len(epochs) <= MOST_NAMED  # there is an index of targets
    events = events.filter(target_id__in=list(epochs)) if is_few else events
    events = events if is_few and all_of_them else _latest(events)
    counts = (
        events.annotate(epoch=Cast(KT("data__epoch"), BigIntegerField()))
        .values_list("action", "target_id", "epoch")
        .annotate(count=Count("id"))
        .order_by()
    )
    identity = iam = 0
    for action, crn, epoch, count in counts:
        if action != IDENTITY_TOKEN_CREATE and crn in epochs:
            iam += count
        elif action == IDENTITY_TOKEN_CREATE and epoch is not None and epochs.get(crn) == epoch:
            identity += count
    return identity, iam


def _issued(actions: tuple[str, ...], *, now: datetime) -> QuerySet[ActivityEvent]:
    """Return the events of tokens that have not expired."""
    return ActivityEvent.objects.filter(
        action__in=actions, outcome=ActivityEvent.Outcome.SUCCESS, data__exp__gt=int(now.timestamp())
    )


def _latest(events: QuerySet[ActivityEvent]) -> QuerySet[ActivityEvent]:
    newest = ActivityEvent.objects.aggregate(id=Max("id"))["id"] or 0
    return events.filter(id__gt=newest - SEARCHED_EVENTS)
