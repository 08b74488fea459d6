"""``/_baremint/bare_metal_servers/{server_id}/certificate_rotation``: whether its certificates are renewed."""

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import clock, timestamps
from controlplane.kernel.fields import StrictBooleanField, StrictSerializer
from controlplane.kernel.operation import Operation
from identity.api.base import CertifiedServerView
from identity.certificates import planned_renewals
from identity.events import CERTIFICATE_ROTATION_READ, CERTIFICATE_ROTATION_UPDATE
from identity.models import CertificateRotation
from identity.services.certificate_renewal_switch import switch_certificate_rotation

ACTION = "is.bare-metal-server.certificate-rotation"


class CertificateRotationBody(StrictSerializer):
    enabled = StrictBooleanField()


class ServerCertificateRotation(TypedDict):
    """The switch. ``next_renewal_at`` is null when nothing is to be renewed."""

    enabled: bool
    enabled_at: str | None
    next_renewal_at: str | None


class Rotation(CertifiedServerView):
    operations = {
        "GET": Operation(
            "get_server_certificate_rotation",
            f"{ACTION}.read",
            CERTIFICATE_ROTATION_READ,
            answer=ServerCertificateRotation,
        ),
        "PUT": Operation(
            "replace_server_certificate_rotation",
            f"{ACTION}.update",
            CERTIFICATE_ROTATION_UPDATE,
            recorded_by_service=True,
            body=CertificateRotationBody,
            answer=ServerCertificateRotation,
        ),
    }

    def get(self, request: Request, server_id: str) -> Response:
        return self.answer(self._shown(CertificateRotation.objects.filter(server=self.server).first()))

    def put(self, request: Request, server_id: str) -> Response:
        enabled = self.body["enabled"]
        return self.answer(
            self._shown(switch_certificate_rotation(self.server, enabled=enabled, by=self.by, now=clock.now()))
        )

    def _shown(self, rotation: CertificateRotation | None) -> ServerCertificateRotation:
        planned = planned_renewals().filter(instance_id=self.server.id).order_by("renew_at")
        first = planned.values_list("renew_at", flat=True).first()
        return {
            "enabled": rotation is not None,
            "enabled_at": timestamps.milliseconds(rotation.enabled_at) if rotation else None,
            "next_renewal_at": timestamps.milliseconds(first) if first else None,
        }
