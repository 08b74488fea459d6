"""A server's certificates: renewed or not, and revoked."""

from django.http import HttpRequest, HttpResponse

from controlplane.console.access import CERTIFICATE, ROTATION, Person, server_party
from controlplane.console.pages import came_from, done, page
from controlplane.console.views.server import ask, find_server
from controlplane.kernel import clock
from controlplane.kernel.errors import InvalidValue, NotFound
from identity.api.certificates import RevocationBody
from identity.crl import REASONS
from identity.models import IssuedCertificate
from identity.services import certificate_rotation, revocation

SWITCH = {"true": True, "false": False}


@page("POST")
def rotation(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    """The switch of renewal: applies at once, both ways."""
    server = find_server(person, server_id)
    enabled = SWITCH.get(request.POST.get("enabled", ""))
    with person.recording(certificate_rotation.EVENT, server_party(server)):
        person.require(f"{ROTATION}.update", server.policy_attributes)
        if enabled is None:
            raise InvalidValue("Say whether to renew: enabled is true or false.")
        certificate_rotation.switch_certificate_rotation(server, enabled=enabled, by=person.by, now=clock.now())
    said = "are renewed from now on" if enabled else "are no longer renewed"
    return done(request, f"The certificates of {server.name} {said}.", back=came_from(request, f"/servers/{server.id}"))


@page("POST")
def revoke(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    """Asks first, and for the reason: it is final."""
    server = find_server(person, server_id)
    back = came_from(request, f"/servers/{server.id}")
    with person.recording(revocation.EVENT, server_party(server)):
        person.require(f"{CERTIFICATE}.update", server.policy_attributes)
        asked = request.POST.get("certificate", "")
        certificate = IssuedCertificate.objects.filter(server_id=server.id, id=asked).first()
        if certificate is None:
            raise NotFound("The server has no certificate of this id.")
        if "confirmed" not in request.POST:
            context = {"server": server, "certificate": certificate, "reasons": REASONS, "back": back}
            return ask(request, person, "console/server/confirm_revoke.html", context)
        reason = RevocationBody.check({"reason": request.POST.get("reason", "")})["reason"]
        revoked = revocation.revoke(certificate, reason=reason, by=person.by, now=clock.now())
    return done(request, f"Revoked for {revoked.revocation_reason}: {revoked.serial_number}.", back=back)
