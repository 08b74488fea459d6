"""The switch of a server's certificate rotation: the console, the API and the admin turn it here."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from controlplane.activity.record import Party, record_all
from controlplane.kernel.errors import ApiError
from identity.events import CERTIFICATE_ROTATION_UPDATE
from identity.models import CertificateRotation
from servers.events import compose_change
from servers.models import BareMetalServer
from servers.services.metadata_service import hold_changeable, in_portions


@transaction.atomic
def switch_certificate_rotation(
    server: BareMetalServer, *, enabled: bool, by: Party, now: datetime
) -> CertificateRotation | None:
    """Turn certificate rotation on, for present and future certificates of the server, or off, and record one event.

    Returns the switch, or None when it is off. Raises NotFound for a deleted server, Conflict for one that is being
    deleted.
    """
    refusals = _switch_some([server.number], enabled=enabled, by=by, now=now)
    if refusals:
        raise refusals[server.number]
    return CertificateRotation.objects.filter(server=server).first()


def switch_each(numbers: Sequence[int], *, enabled: bool, by: Party, now: datetime) -> dict[int, ApiError]:
    """Turn certificate rotation of many servers on or off. Return the refusals by server number.

    A refused server does not prevent the others from being switched. Many servers share one transaction, with a
    constant number of queries.
    """
    return in_portions(numbers, partial(_switch_some, enabled=enabled, by=by, now=now))


@transaction.atomic
def _switch_some(numbers: Sequence[int], *, enabled: bool, by: Party, now: datetime) -> dict[int, ApiError]:
    servers, refusals = hold_changeable(numbers)
    if enabled:
        rotations = (CertificateRotation(server=server, enabled_at=now) for server in servers.values())
        CertificateRotation.objects.bulk_create(rotations, ignore_conflicts=True)
    else:
        CertificateRotation.objects.filter(server__in=servers).delete()
    data: dict[str, object] = {"certificate_rotation": {"enabled": enabled}}
    record_all(compose_change(CERTIFICATE_ROTATION_UPDATE, server, by=by, data=data) for server in servers.values())
    return refusals
