"""Keys, certificates and API keys in the admin: what is public of them, to read.

Certificates are revoked here, and their rotation is switched, through the functions that the REST API uses.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from identity.crl import REASONS, Reason
from identity.models import ApiKey, IssuedCertificate, KeyPair, RenewalProgress, RevocationList
from identity.services import revocation
from identity.services.certificate_rotation import switch_certificate_rotation
from servers.admin import BareMetalServerAdmin, person
from servers.models import BareMetalServer


@admin.register(KeyPair)
class KeyPairAdmin(ReadOnlyAdmin):
    list_display = [
        "kid",
        "purpose",
        "region",
        "state",
        "published_at",
        "activated_at",
        "demoted_at",
        "retired_at",
    ]
    list_filter = ["purpose", "state"]
    exclude = ["kek_id", "nonce", "ciphertext"]
    ordering = ["purpose", "-generation"]


def _revoking(reason: Reason) -> Any:
    """An admin action: revoke what is selected, for this reason."""

    @admin.action(description=f"Revoke: {reason}", permissions=["revoke"])
    def act(model_admin: "IssuedCertificateAdmin", request: HttpRequest, chosen: QuerySet[IssuedCertificate]) -> None:
        model_admin.revoke(request, chosen, reason=reason)

    act.__name__ = f"revoke_for_{reason}"
    return act


@admin.register(IssuedCertificate)
class IssuedCertificateAdmin(ReadOnlyAdmin):
    list_display = [
        "serial_number",
        "server_id",
        "created_at",
        "not_after",
        "renew_at",
        "revoked_at",
        "revocation_reason",
        "issuer",
    ]
    list_filter = ["revocation_reason"]
    list_select_related = ["issuer"]
    search_fields = ["=serial_number", "=server_id", "=id"]
    raw_id_fields = ["renewal_of"]
    ordering = ["-created_at"]
    show_full_result_count = False
    actions = [_revoking(reason) for reason in REASONS]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("identity.change_issuedcertificate")

    def revoke(self, request: HttpRequest, chosen: QuerySet[IssuedCertificate], *, reason: Reason) -> None:
        """A refusal is told to the person and keeps no other certificate from its turn."""
        revoked = 0
        for certificate in chosen:
            try:
                revocation.revoke(certificate, reason=reason, by=person(request), now=clock.now())
                revoked += 1
            except ApiError as refusal:
                self.message_user(request, f"{refusal.message} ({certificate})", messages.ERROR)
        self.message_user(request, f"Revoked {revoked} certificates.")


@admin.register(RevocationList)
class RevocationListAdmin(ReadOnlyAdmin):
    list_display = ["issuer", "number", "this_update", "next_update"]
    list_select_related = ["issuer"]
    exclude = ["der"]


@admin.register(RenewalProgress)
class RenewalProgressAdmin(ReadOnlyAdmin):
    list_display = ["begun_at", "ended_at", "due", "renewed", "stopped", "failed"]


class CertifiedServerAdmin(BareMetalServerAdmin):
    """Servers, with the switch that is kept here."""

    list_display = [*BareMetalServerAdmin.list_display, "rotates_certificates"]
    actions = [*BareMetalServerAdmin.actions, "rotate_certificates", "leave_certificates"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BareMetalServer]:
        return super().get_queryset(request).select_related("certificate_rotation")

    @admin.display(description="certificate rotation", boolean=True)
    def rotates_certificates(self, server: BareMetalServer) -> bool:
        return hasattr(server, "certificate_rotation")

    @admin.action(description="Certificate rotation: on", permissions=["change"])
    def rotate_certificates(self, request: HttpRequest, servers: QuerySet[BareMetalServer]) -> None:
        self._switch_rotation(request, servers, enabled=True)

    @admin.action(description="Certificate rotation: off", permissions=["change"])
    def leave_certificates(self, request: HttpRequest, servers: QuerySet[BareMetalServer]) -> None:
        self._switch_rotation(request, servers, enabled=False)

    def _switch_rotation(self, request: HttpRequest, servers: QuerySet[BareMetalServer], *, enabled: bool) -> None:
        switched = 0
        for server in servers:
            try:
                switch_certificate_rotation(server, enabled=enabled, by=person(request), now=clock.now())
                switched += 1
            except ApiError as refusal:
                self.message_user(request, f"{refusal.message} ({server.name})", messages.ERROR)
        self.message_user(request, f"Switched the certificate rotation of {switched} servers.")


admin.site.unregister(BareMetalServer)
admin.site.register(BareMetalServer, CertifiedServerAdmin)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "id", "iam_id", "locked", "disabled", "created_at"]
    exclude = ["sha256"]
