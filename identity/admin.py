"""Keys, certificates and API keys in the admin: their public parts, read-only.

Certificates are revoked, and their rotation is switched, through the functions that the REST API uses.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.activity.confirmation_admin import FORM, LIST, ConfirmationAdmin, Count
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from controlplane.kernel.form_snapshot import FormSnapshot
from identity.crl import REASONS, Reason
from identity.form_snapshot import certificate_shown, renewal_shown
from identity.live_credentials import ended_by_deactivating, ended_by_revoking, ended_by_switching_off
from identity.models import ApiKey, IssuedCertificate, KeyPair, RenewalProgress, RevocationList
from identity.services import revocation
from identity.services.certificate_renewal_switch import switch_each
from servers.admin import AccountSettingsAdmin, BareMetalServerAdmin, person
from servers.form_snapshot import switches_shown
from servers.models import AccountSettings, BareMetalServer
from trustedprofiles.admin import PersonAdmin
from trustedprofiles.models import User


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


REVOKING = "revoke_for_"


def _revoking(reason: Reason) -> Any:
    """An admin action that revokes the selected certificates for this reason."""

    @admin.action(description=f"Revoke: {reason}", permissions=["revoke"])
    def act(model_admin: "IssuedCertificateAdmin", request: HttpRequest, rows: QuerySet[IssuedCertificate]) -> None:
        model_admin.revoke(request, rows, reason=reason)

    act.__name__ = f"{REVOKING}{reason}"
    return act


@admin.register(IssuedCertificate)
class IssuedCertificateAdmin(ConfirmationAdmin, ReadOnlyAdmin):
    list_display = [
        "serial_number",
        "instance_id",
        "created_at",
        "not_after",
        "renew_at",
        "revoked_at",
        "revocation_reason",
        "issuer",
    ]
    list_filter = ["revocation_reason"]
    list_select_related = ["issuer"]
    search_fields = ["=serial_number", "=instance_id", "=id"]
    raw_id_fields = ["renewal_of"]
    ordering = ["-created_at"]
    show_full_result_count = False
    actions = [_revoking(reason) for reason in REASONS]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("identity.change_issuedcertificate")

    def shown(self, request: HttpRequest, row: Any, *, whole: bool) -> FormSnapshot:
        return certificate_shown(row)

    def ending(self, request: HttpRequest, rows: Sequence[Any], asked: str) -> Count | None:
        if not asked.startswith(REVOKING):
            return None
        certificates = IssuedCertificate.objects.filter(pk__in=[row.pk for row in rows])
        return partial(
            ended_by_revoking, certificates, now=clock.now(), key_is_known=asked == f"{REVOKING}keyCompromise"
        )

    def revoke(self, request: HttpRequest, certificates: QuerySet[IssuedCertificate], *, reason: Reason) -> None:
        """Revoke each of the certificates. The user sees a refusal, and the others are revoked nevertheless."""
        count = 0
        for certificate in certificates:
            try:
                revocation.revoke(certificate, reason=reason, by=person(request), now=clock.now())
                count += 1
            except ApiError as refusal:
                self.message_user(request, f"{refusal.message} ({certificate})", messages.ERROR)
        self.message_user(request, f"Revoked {count} certificates.")


@admin.register(RevocationList)
class RevocationListAdmin(ReadOnlyAdmin):
    list_display = ["issuer", "number", "this_update", "next_update"]
    list_select_related = ["issuer"]
    exclude = ["der"]


@admin.register(RenewalProgress)
class RenewalProgressAdmin(ReadOnlyAdmin):
    list_display = ["begun_at", "ended_at", "due", "renewed", "stopped", "failed"]


class CertifiedServerAdmin(BareMetalServerAdmin):
    """Servers, with the switch of certificate rotation."""

    list_display = [*BareMetalServerAdmin.list_display, "rotates_certificates"]
    actions = [*BareMetalServerAdmin.actions, "rotate_certificates", "leave_certificates"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BareMetalServer]:
        return super().get_queryset(request).select_related("certificate_rotation")

    def shown(self, request: HttpRequest, row: Any, *, whole: bool) -> FormSnapshot:
        return switches_shown(row).beside(renewal_shown(row, rotating=self.rotates_certificates(row)))

    def ending(self, request: HttpRequest, rows: Sequence[Any], asked: str) -> Count | None:
        if asked == LIST:
            off = [key for key, enabled in self.switched_in_list(request, "metadata_enabled").items() if not enabled]
        elif asked == FORM:
            off = [] if self.is_ticked(request, "metadata_enabled") else [row.pk for row in rows]
        else:
            off = [row.pk for row in rows if asked == "disable_metadata_service"]
        return partial(ended_by_switching_off, BareMetalServer.objects.filter(pk__in=off), now=clock.now())

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
        names = dict(servers.values_list("number", "name"))
        refusals = switch_each(list(names), enabled=enabled, by=person(request), now=clock.now())
        self.tell(request, names, refusals)
        self.message_user(request, f"Switched the certificate rotation of {len(names) - len(refusals)} servers.")


class CertifiedAccountAdmin(AccountSettingsAdmin):
    """The switch over all servers of an account, which asks before it ends their tokens and certificates."""

    def ending(self, request: HttpRequest, rows: Sequence[Any], asked: str) -> Count | None:
        if asked != FORM or self.is_ticked(request, "metadata_service"):
            return None
        accounts = [row.account_id for row in rows] or request.POST.getlist("account")
        servers = BareMetalServer.objects.filter(account_id__in=accounts)
        return partial(ended_by_switching_off, servers, now=clock.now())


class BearerAdmin(PersonAdmin):
    """Users, whose tokens are refused while they are not active."""

    def ending(self, request: HttpRequest, rows: Sequence[Any], asked: str) -> Count | None:
        if asked != FORM or self.is_ticked(request, "is_active"):
            return None
        return partial(ended_by_deactivating, User.objects.filter(pk__in=[row.pk for row in rows]), now=clock.now())


for model, model_admin in (
    (BareMetalServer, CertifiedServerAdmin),
    (AccountSettings, CertifiedAccountAdmin),
    (User, BearerAdmin),
):
    admin.site.unregister(model)
    admin.site.register(model, model_admin)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "id", "iam_id", "locked", "disabled", "created_at"]
    exclude = ["sha256"]
