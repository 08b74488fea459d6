"""``/_baremint/bare_metal_servers/{server_id}/certificates``: the certificates of a server, and their revocation."""

from datetime import datetime
from typing import Literal, TypedDict

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import clock, timestamps
from controlplane.kernel.errors import existing
from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.operation import Operation
from controlplane.kernel.paging import LatestFirst, paginate
from identity.api.base import CertifiedServerView
from identity.crl import REASONS, Reason
from identity.events import CERTIFICATE_LIST, CERTIFICATE_READ, CERTIFICATE_REVOKE
from identity.models import IssuedCertificate
from identity.services import revocation
from servers.api.shared_responses import collection

ACTION = "is.bare-metal-server.certificate"


class RevocationBody(StrictSerializer):
    """The reason, as named in RFC 5280, section 5.3.1. ``keyCompromise`` revokes all certificates for the same key."""

    reason = serializers.ChoiceField(choices=REASONS, required=False, default="unspecified")


class ServerCertificate(TypedDict):
    """A certificate that a server was issued. ``renewal_of`` is the id of the certificate that it replaced; times of
    events that have not happened and are not planned are null."""

    id: str
    status: Literal["valid", "expired", "revoked"]
    serial_number: str
    sha256: str
    public_key_sha256: str
    issuer: str
    requested_at: str
    created_at: str
    expires_at: str
    renewal_of: str | None
    renewal_due_at: str | None
    revoked_at: str | None
    revocation_reason: Reason | None
    certificate: str


ServerCertificateCollection = collection("ServerCertificateCollection", "certificates", ServerCertificate)


class Certificates(CertifiedServerView):
    operations = {
        "GET": Operation(
            "list_server_certificates",
            f"{ACTION}.list",
            CERTIFICATE_LIST,
            answer=ServerCertificateCollection,
            paged=True,
        ),
    }

    def get(self, request: Request, server_id: str) -> Response:
        rows = IssuedCertificate.objects.filter(instance_id=self.server.id).select_related("issuer")
        scope = f"{self.caller.account_id}:{self.server.id}"
        page = paginate(request, rows, scope=scope, order=LatestFirst("created_at"))
        rotating = hasattr(self.server, "certificate_rotation")
        now = clock.now()
        return Response(page.as_json("certificates", [shown(each, rotating=rotating, now=now) for each in page.items]))


class CertificateView(CertifiedServerView):
    """A view of one certificate."""

    certificate: IssuedCertificate

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        rows = IssuedCertificate.objects.filter(instance_id=self.server.id, id=self.kwargs["certificate_id"])
        self.certificate = existing(
            rows.select_related("issuer").first(),
            "This server has no certificate of this id. List them: baremint certificates SERVER",
        )

    def answer_with(self, certificate: IssuedCertificate) -> Response:
        rotating = hasattr(self.server, "certificate_rotation")
        return self.answer(shown(certificate, rotating=rotating, now=clock.now()))


class OneCertificate(CertificateView):
    operations = {
        "GET": Operation("get_server_certificate", f"{ACTION}.read", CERTIFICATE_READ, answer=ServerCertificate),
    }

    def get(self, request: Request, server_id: str, certificate_id: str) -> Response:
        return self.answer_with(self.certificate)


class Revocation(CertificateView):
    """``POST .../revoke``, which cannot be undone. A repeated request gets the certificate as it was revoked before."""

    operations = {
        "POST": Operation(
            "revoke_server_certificate",
            f"{ACTION}.update",
            CERTIFICATE_REVOKE,
            recorded_by_service=True,
            body=RevocationBody,
            answer=ServerCertificate,
        ),
    }

    def post(self, request: Request, server_id: str, certificate_id: str) -> Response:
        revoked = revocation.revoke(self.certificate, reason=self.body["reason"], by=self.by, now=clock.now())
        return self.answer_with(revoked)


def shown(row: IssuedCertificate, *, rotating: bool, now: datetime) -> ServerCertificate:
    status: Literal["valid", "expired", "revoked"] = "valid" if row.not_after > now else "expired"
    return {
        "id": row.id,
        "status": "revoked" if row.revoked_at else status,
        "serial_number": row.serial_number,
        "sha256": row.sha256,
        "public_key_sha256": row.public_key_sha256,
        "issuer": row.issuer.kid,
        "requested_at": timestamps.milliseconds(row.requested_at),
        "created_at": timestamps.milliseconds(row.created_at),
        "expires_at": timestamps.milliseconds(row.not_after),
        "renewal_of": row.renewal_of_id,
        "renewal_due_at": _instant(row.renew_at if rotating else None),
        "revoked_at": _instant(row.revoked_at),
        "revocation_reason": row.revocation_reason or None,  # type: ignore[typeddict-item]
        "certificate": row.certificate,
    }


def _instant(instant: datetime | None) -> str | None:
    return timestamps.milliseconds(instant) if instant else None
