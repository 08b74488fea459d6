"""A server's certificates: the switch of their renewal, and revocation."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from controlplane.console.access import CERTIFICATE, ROTATION, Person, server_party
from controlplane.console.confirmed_changes import sentence_about
from controlplane.console.pages import SWITCH, page, return_path, success_response
from controlplane.console.views.server import ask, find_server
from controlplane.kernel import clock
from controlplane.kernel.errors import InvalidValue, existing
from controlplane.kernel.form_snapshot import FIELD, require_as_shown
from identity.api.certificates import RevocationBody
from identity.crl import REASONS
from identity.events import CERTIFICATE_REVOKE, CERTIFICATE_ROTATION_UPDATE
from identity.form_snapshot import certificate_shown, renewal_shown
from identity.live_credentials import ended_by_revoking
from identity.models import CertificateRotation, IssuedCertificate
from identity.services import certificate_renewal_switch, revocation
from servers.models import BareMetalServer
from servers.services.row_locks import lock_row


@page("POST", subject=find_server)
def rotation(request: HttpRequest, person: Person, server: BareMetalServer) -> HttpResponse:
    """Switch the renewal on or off, effective at once."""
    enabled = SWITCH.get(request.POST.get("enabled", ""))
    with person.recording(CERTIFICATE_ROTATION_UPDATE, server_party(server)):
        person.require(f"{ROTATION}.update", server.policy_attributes)
        if enabled is None:
            raise InvalidValue("Say whether to renew: enabled is true or false.")
        with transaction.atomic():
            lock_row(server)
            rotating = CertificateRotation.objects.filter(server=server).exists()
            if rotating != enabled:
                require_as_shown([renewal_shown(server, rotating=rotating)], request.POST.getlist(FIELD))
            certificate_renewal_switch.switch_certificate_rotation(
                server, enabled=enabled, by=person.by, now=clock.now()
            )
    predicate = "are renewed from now on" if enabled else "are no longer renewed"
    return success_response(
        request, f"The certificates of {server.name} {predicate}.", back=return_path(request, f"/servers/{server.id}")
    )


@page("POST", subject=find_server)
def revoke(request: HttpRequest, person: Person, server: BareMetalServer) -> HttpResponse:
    """Revoke a certificate, after a confirmation with the reason: it is final."""
    back, now = return_path(request, f"/servers/{server.id}"), clock.now()
    with person.recording(CERTIFICATE_REVOKE, server_party(server)):
        person.require(f"{CERTIFICATE}.update", server.policy_attributes)
        certificate_id = request.POST.get("certificate", "")
        certificate = existing(
            IssuedCertificate.objects.filter(instance_id=server.id, id=certificate_id).first(),
            "The server has no certificate of this id.",
        )
        with transaction.atomic():
            certificate = IssuedCertificate.objects.select_for_update().get(pk=certificate.pk)
            present = certificate_shown(certificate)
            require_as_shown([present], request.POST.getlist(FIELD))
            alike = IssuedCertificate.objects.filter(pk=certificate.pk)
            of_its_key = ended_by_revoking(alike, now=now, key_is_known=True)
            if "confirmed" not in request.POST:
                context = {"server": server, "certificate": certificate, "reasons": REASONS, "back": back}
                context |= {"marks": [present.mark], "of_its_key": of_its_key}
                return ask(request, person, "console/server/confirm_revoke.html", context)
            reason = RevocationBody.check({"reason": request.POST.get("reason", "")})["reason"]
            row = revocation.revoke(certificate, reason=reason, by=person.by, now=now)
            credentials = of_its_key - ended_by_revoking(alike, now=now, key_is_known=True)
    sentence = f"Revoked for {row.revocation_reason}: {row.serial_number}."
    return success_response(request, f"{sentence}{sentence_about(credentials)}", back=back)
