"""Servers in the admin, where the metadata service is switched through the function that the REST API uses."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.activity.confirmation_admin import ConfirmationAdmin
from controlplane.activity.events import IDENTITY_TOKEN_CREATE
from controlplane.activity.record import Party
from controlplane.activity.selectors import success_on
from controlplane.kernel.errors import ApiError
from controlplane.kernel.form_snapshot import FormSnapshot
from servers.form_snapshot import account_shown, switches_shown
from servers.models import (
    VPC,
    AccountSettings,
    BareMetalServer,
    FloatingIP,
    Image,
    Key,
    NetworkACL,
    NetworkAttachment,
    NetworkInterface,
    PublicGateway,
    Reservation,
    SecurityGroup,
    Subnet,
    VirtualNetworkInterface,
)
from servers.selectors import SWITCHED_OFF, crn_expression
from servers.services.metadata_service import switch_account, switch_each, switch_metadata_service
from trustedprofiles.models import TrustedProfile

SWITCHES = {"metadata_enabled": "enabled", "metadata_protocol": "protocol"}


@admin.register(BareMetalServer)
class BareMetalServerAdmin(ConfirmationAdmin):
    list_display = [
        "name",
        "status",
        "metadata_enabled",
        "account_switch",
        "metadata_protocol",
        "default_profile",
        "last_token",
        "zone",
        "profile",
    ]
    list_editable = ["metadata_enabled", "metadata_protocol"]
    list_filter = ["status", "metadata_enabled", "metadata_protocol", "zone"]
    search_fields = ["name", "=id"]
    ordering = ["-number"]
    list_per_page = 50
    actions = ["enable_metadata_service", "disable_metadata_service", "use_http", "use_https"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BareMetalServer]:
        profile = TrustedProfile.objects.filter(id=OuterRef("initialization__default_trusted_profile_id"))
        return (
            super()
            .get_queryset(request)
            .alias(admin_crn=crn_expression())
            .annotate(last_token_at=Subquery(success_on("admin_crn", IDENTITY_TOKEN_CREATE).values("time")[:1]))
            .annotate(default_profile_name=Subquery(profile.values("name")[:1]))
            .annotate(account_switched_off=Exists(SWITCHED_OFF))
        )

    def shown(self, request: HttpRequest, row: Any, *, whole: bool) -> FormSnapshot:
        return switches_shown(row)

    @admin.display(description="account switch", boolean=True)
    def account_switch(self, server: Any) -> bool:
        """Return whether the account has the metadata service.

        When it is off, the server's own switch has no effect.
        """
        return not server.account_switched_off

    @admin.display(description="default profile")
    def default_profile(self, server: Any) -> str:
        return server.default_profile_name or "-"

    @admin.display(description="last token", empty_value="-")
    def last_token(self, server: Any) -> Any:
        return server.last_token_at

    def get_readonly_fields(self, request: HttpRequest, obj: BareMetalServer | None = None) -> list[str]:
        return [*(field.name for field in self.opts.fields if field.name not in SWITCHES), "account_switch"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: BareMetalServer | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: BareMetalServer, form: Any, change: bool) -> None:
        """Switch the metadata service; both the form and the editable list call this method.

        The user sees a refusal, and the other servers of a list are switched nevertheless.
        """
        switches = {SWITCHES[name]: form.cleaned_data[name] for name in form.changed_data if name in SWITCHES}
        try:
            if switches:
                switch_metadata_service(obj, by=person(request), **switches)
        except ApiError as refusal:
            self.message_user(request, f"{refusal.message} ({obj.name})", messages.ERROR)

    def _switch(self, request: HttpRequest, servers: QuerySet[BareMetalServer], **switches: Any) -> None:
        names = dict(servers.values_list("number", "name"))
        refusals = switch_each(list(names), by=person(request), **switches)
        self.tell(request, names, refusals)
        self.message_user(request, f"Switched the metadata service of {len(names) - len(refusals)} servers.")

    def tell(self, request: HttpRequest, names: Mapping[int, str], refusals: Mapping[int, ApiError]) -> None:
        """Show the refusals, by number of server, with the servers' names."""
        for number, refusal in refusals.items():
            self.message_user(request, f"{refusal.message} ({names[number]})", messages.ERROR)

    @admin.action(description="Enable the metadata service", permissions=["change"])
    def enable_metadata_service(self, request: HttpRequest, servers: QuerySet[BareMetalServer]) -> None:
        self._switch(request, servers, enabled=True)

    @admin.action(description="Disable the metadata service", permissions=["change"])
    def disable_metadata_service(self, request: HttpRequest, servers: QuerySet[BareMetalServer]) -> None:
        self._switch(request, servers, enabled=False)

    @admin.action(description="Metadata service: answer http", permissions=["change"])
    def use_http(self, request: HttpRequest, servers: QuerySet[BareMetalServer]) -> None:
        self._switch(request, servers, protocol="http")

    @admin.action(description="Metadata service: answer https (secure access)", permissions=["change"])
    def use_https(self, request: HttpRequest, servers: QuerySet[BareMetalServer]) -> None:
        self._switch(request, servers, protocol="https")


def person(request: HttpRequest) -> Party:
    """Return the signed-in user, as events name them."""
    user: Any = request.user
    return Party(user.iam_id or f"admin-{user.pk}", user.get_username(), "User")


@admin.register(AccountSettings)
class AccountSettingsAdmin(ConfirmationAdmin):
    """The switch over all servers of an account."""

    list_display = ["account", "metadata_service"]
    fields = ["account", "metadata_service"]

    def get_readonly_fields(self, request: HttpRequest, obj: AccountSettings | None = None) -> list[str]:
        return ["account"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: AccountSettings | None = None) -> bool:
        return False

    def shown(self, request: HttpRequest, row: Any, *, whole: bool) -> FormSnapshot:
        return account_shown(row.account, enabled=row.metadata_service)

    def save_model(self, request: HttpRequest, obj: AccountSettings, form: Any, change: bool) -> None:
        switch_account(obj.account, enabled=obj.metadata_service, by=person(request))


READ_ONLY: Mapping[type[Model], Mapping[str, list[str]]] = {
    VPC: {"list_display": ["name", "id", "region", "created_at"]},
    Subnet: {"list_display": ["name", "id", "zone", "ipv4_cidr_block", "vpc"], "list_select_related": ["vpc"]},
    NetworkInterface: {
        "list_display": ["name", "server", "primary_ip", "subnet", "mac_address"],
        "list_select_related": ["server", "primary_ip", "subnet"],
    },
    Key: {"list_display": ["name", "id", "type", "length", "fingerprint"]},
    Image: {"list_display": ["name", "id", "operating_system", "status", "account"]},
    VirtualNetworkInterface: {
        "list_display": ["name", "id", "zone", "primary_ip", "subnet"],
        "list_select_related": ["primary_ip", "subnet"],
    },
    NetworkAttachment: {
        "list_display": ["name", "server", "virtual_network_interface", "interface_type"],
        "list_select_related": ["server", "virtual_network_interface"],
    },
    FloatingIP: {"list_display": ["name", "id", "zone", "address"]},
    PublicGateway: {
        "list_display": ["name", "id", "zone", "vpc", "floating_ip"],
        "list_select_related": ["vpc", "floating_ip"],
    },
    Reservation: {"list_display": ["name", "id", "status", "profile", "total", "zone", "expires_at"]},
    SecurityGroup: {"list_display": ["name", "id", "vpc", "created_at"], "list_select_related": ["vpc"]},
    NetworkACL: {"list_display": ["name", "id", "vpc", "created_at"], "list_select_related": ["vpc"]},
}
"""The columns of the lists that show a model and change nothing."""

for model, columns in READ_ONLY.items():
    admin.site.register(model, ReadOnlyAdmin, **columns)
