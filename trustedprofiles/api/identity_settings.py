"""``/v1/accounts/{id}/settings/identity`` and ``.../effective_settings/identity``. Restrictions have an effect
(trustedprofiles/restrictions.py); the rest is stored and returned (D-77)."""

from typing import Any, ClassVar, NotRequired, TypedDict

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotFound
from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictSerializer
from controlplane.kernel.operation import BOOLEAN, Operation, Parameter
from controlplane.kernel.query_parameters import boolean
from trustedprofiles import events
from trustedprofiles.api.base import IdentityView, ReadableRowView
from trustedprofiles.api.history import INCLUDE_HISTORY, EnityHistoryRecord, histories
from trustedprofiles.models import AccountWideSettings
from trustedprofiles.services.account_settings import change_settings, settings_of

READ = "iam-identity.account.read"
NOT_SET = "NOT_SET"
MFA = ("NONE", "NONE_NO_ROPC", "TOTP", "TOTP4ALL", "LEVEL1", "LEVEL2", "LEVEL3")
RESTRICTIONS = ("RESTRICTED", "NOT_RESTRICTED", NOT_SET)
MOST_ENTRIES = 100
DEFAULTS: dict[str, Any] = {
    "restrict_create_service_id": NOT_SET,
    "restrict_create_platform_apikey": NOT_SET,
    "restrict_user_list_visibility": "NOT_RESTRICTED",
    "allowed_ip_addresses": "",
    "mfa": "NONE",
    "user_mfa": [],
    "session_expiration_in_seconds": NOT_SET,
    "session_invalidation_in_seconds": NOT_SET,
    "max_sessions_per_identity": NOT_SET,
    "system_access_token_expiration_in_seconds": NOT_SET,
    "system_refresh_token_expiration_in_seconds": NOT_SET,
    "restrict_user_domains": [],
}
SERVICE_DEFAULTS = {
    "restrict_create_service_id": "NOT_RESTRICTED",
    "restrict_create_platform_apikey": "NOT_RESTRICTED",
    "session_expiration_in_seconds": "86400",
    "session_invalidation_in_seconds": "7200",
    "system_access_token_expiration_in_seconds": "3600",
    "system_refresh_token_expiration_in_seconds": "259200",
}
"""The effective values of NOT_SET (IAM identity API, "Update account configurations": the longest that each may be)."""


class SecondsField(StrictCharField):
    """A whole number within bounds, in a string, or ``NOT_SET``."""

    default_error_messages = {"number": "Send a whole number from {least} to {most} in a string, or NOT_SET."}

    def __init__(self, *, least: int, most: int, **options: Any) -> None:
        self.least, self.most = least, most
        super().__init__(max_length=10, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        whole = text.isascii() and text.isdigit() and self.least <= int(text) <= self.most
        if text != NOT_SET and not whole:
            self.fail("number", least=self.least, most=self.most)
        return text


class UserMfa(StrictSerializer):
    iam_id = StrictCharField(max_length=128)
    mfa = serializers.ChoiceField(choices=MFA)


class UserDomainRestriction(StrictSerializer):
    realm_id = StrictCharField(max_length=255)
    invitation_email_allow_patterns = serializers.ListField(
        required=False, child=StrictCharField(max_length=255), max_length=MOST_ENTRIES
    )
    restrict_invitation = StrictBooleanField(required=False)


class IdentitySettingsUpdate(StrictSerializer):
    restrict_create_service_id = serializers.ChoiceField(required=False, choices=RESTRICTIONS)
    restrict_create_platform_apikey = serializers.ChoiceField(required=False, choices=RESTRICTIONS)
    restrict_user_list_visibility = serializers.ChoiceField(required=False, choices=RESTRICTIONS[:2])
    allowed_ip_addresses = StrictCharField(required=False, allow_blank=True, max_length=4000)
    mfa = serializers.ChoiceField(required=False, choices=MFA)
    user_mfa = serializers.ListField(required=False, child=UserMfa(), max_length=MOST_ENTRIES)
    session_expiration_in_seconds = SecondsField(required=False, least=900, most=86400)
    session_invalidation_in_seconds = SecondsField(required=False, least=900, most=7200)
    max_sessions_per_identity = SecondsField(required=False, least=1, most=999_999_999)
    system_access_token_expiration_in_seconds = SecondsField(required=False, least=900, most=3600)
    system_refresh_token_expiration_in_seconds = SecondsField(required=False, least=900, most=259_200)
    restrict_user_domains = serializers.ListField(
        required=False, child=UserDomainRestriction(), max_length=MOST_ENTRIES
    )


class AccountSettingsUserMFAResponse(TypedDict):
    iam_id: str
    mfa: str


class AccountSettingsUserDomainRestriction(TypedDict):
    realm_id: str
    invitation_email_allow_patterns: NotRequired[list[str]]
    restrict_invitation: NotRequired[bool]


class AccountSettingsEffectiveSection(TypedDict):
    restrict_create_service_id: str
    restrict_create_platform_apikey: str
    restrict_user_list_visibility: str
    allowed_ip_addresses: str
    mfa: str
    user_mfa: list[AccountSettingsUserMFAResponse]
    session_expiration_in_seconds: str
    session_invalidation_in_seconds: str
    max_sessions_per_identity: str
    system_access_token_expiration_in_seconds: str
    system_refresh_token_expiration_in_seconds: str
    restrict_user_domains: list[AccountSettingsUserDomainRestriction]


class AccountSettingsResponse(AccountSettingsEffectiveSection):
    account_id: str
    entity_tag: str
    history: list[EnityHistoryRecord]


class EffectiveAccountSettingsResponse(TypedDict):
    account_id: str
    effective: AccountSettingsEffectiveSection
    account: AccountSettingsResponse
    assigned_templates: list[dict[str, Any]]


RESOLVE_USER_MFA = Parameter("resolve_user_mfa", "Changes nothing: nothing more is known of the users named.", BOOLEAN)


class AccountView(IdentityView):
    """A view of one account, ``account_id`` in the path. Another account looks as if it did not exist."""

    def prepare(self, request: Request) -> None:
        if self.kwargs["account_id"] != self.caller.account_id:
            raise NotFound("There is no such account, or your token is of another one.")

    def target(self) -> Party:
        return Party(self.kwargs["account_id"], type="Account")


class SettingsView(ReadableRowView, AccountView):
    """A view of the settings of one kind of one account."""

    kind: ClassVar[str]

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.row = settings_of(self.caller.account_id, self.kind)

    def change(self, changes: dict[str, Any]) -> Response:
        return self.answer_row(change_settings(self.row, changes=changes, event=self.event(), by=Party.of(self.caller)))


class IdentitySettings(SettingsView):
    kind = AccountWideSettings.Kind.IDENTITY
    operations = {
        "GET": Operation(
            "get_account_settings",
            READ,
            f"{events.SETTINGS}.read",
            answer=AccountSettingsResponse,
            query=(INCLUDE_HISTORY, RESOLVE_USER_MFA),
            etag=True,
        ),
        "PUT": Operation(
            "update_account_settings",
            "iam-identity.account.update",
            f"{events.SETTINGS}.update",
            recorded_by_service=True,
            body=IdentitySettingsUpdate,
            answer=AccountSettingsResponse,
            etag=True,
            if_match="required",
        ),
    }

    def put(self, request: Request, account_id: str) -> Response:
        return self.change(self.body)

    def render(self, row: AccountWideSettings) -> dict[str, Any]:
        return _body(row, history=self.request.method == "PUT" or boolean(self.request.GET, INCLUDE_HISTORY))


class EffectiveIdentitySettings(SettingsView):
    kind = AccountWideSettings.Kind.IDENTITY
    operations = {
        "GET": Operation(
            "get_effective_account_settings",
            READ,
            f"{events.SETTINGS}.read",
            answer=EffectiveAccountSettingsResponse,
            query=(INCLUDE_HISTORY, RESOLVE_USER_MFA),
        ),
    }

    def get(self, request: Request, account_id: str) -> Response:
        set_here = DEFAULTS | self.row.values
        effective = {
            name: SERVICE_DEFAULTS.get(name, value) if value == NOT_SET else value for name, value in set_here.items()
        }
        return self.answer(
            {
                "account_id": account_id,
                "effective": effective,
                "account": _body(self.row, history=boolean(request.GET, INCLUDE_HISTORY)),
                "assigned_templates": [],
            }
        )


def _body(settings: AccountWideSettings, *, history: bool) -> dict[str, Any]:
    """Return the response body. Without ``history`` its list is empty, not absent: IBM's Node suite and Terraform
    provider rely on it."""
    account_id = settings.account_id
    return {
        "account_id": account_id,
        "entity_tag": settings.entity_tag,
        **DEFAULTS,
        **settings.values,
        "history": histories({account_id: account_id}, (f"{events.SETTINGS}.update",))[account_id] if history else [],
    }
