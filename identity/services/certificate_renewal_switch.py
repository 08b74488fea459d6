"""The switch of a server's certificate rotation: one function, whoever turns it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from controlplane.activity.record import Party, record_all
from controlplane.kernel.errors import ApiError
from identity.events import CERTIFICATE_ROTATION_UPDATE
from identity.models import CertificateRotation
from servers.events import compose_change, record_change
from servers.models import BareMetalServer
from servers.services.metadata_service import hold_changeable, in_portions, refuse_deleting
from servers.services.row_locks import lock_row


@transaction.atomic
def switch_certificate_rotation(
    server: BareMetalServer, *, enabled: bool, by: Party, now: datetime
) -> CertificateRotation | None:
    """Turn it on, for the certificates that are valid now and those to come, or off. One event.

    Returns the switch, None when it is off. Raises NotFound for a deleted server, Conflict for one that is being
    deleted.
    """
    server = lock_row(server)
    refuse_deleting(server)
    rotation = None
    if enabled:
        rotation, _ = CertificateRotation.objects.get_or_create(server=server, defaults={"enabled_at": now})
    else:
        CertificateRotation.objects.filter(server=server).delete()
    record_change(CERTIFICATE_ROTATION_UPDATE, server, by=by, data=_said(enabled))
    return rotation


def switch_each(numbers: Sequence[int], *, enabled: bool, by: Party, now: datetime) -> dict[int, ApiError]:
    """The same of many servers: those that are refused, by number, keep no other from being switched.

    Many of them in one transaction, in a constant number of queries.
    """
    return in_portions(numbers, partial(_switch_some, enabled=enabled, by=by, now=now))


@transaction.atomic
def _switch_some(numbers: Sequence[int], *, enabled: bool, by: Party, now: datetime) -> dict[int, ApiError]:
    held, refused = hold_changeable(numbers)
    if enabled:
        rotations = (CertificateRotation(server=server, enabled_at=now) for server in held.values())
        CertificateRotation.objects.bulk_create(rotations, ignore_conflicts=True)
    else:
        CertificateRotation.objects.filter(server__in=held).delete()
    record_all(
        compose_change(CERTIFICATE_ROTATION_UPDATE, server, by=by, data=_said(enabled)) for server in held.values()
    )
    return refused


def _said(enabled: bool) -> dict[str, object]:
    return {"certificate_rotation": {"enabled": enabled}}
