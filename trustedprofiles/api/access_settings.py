"""``/v1/accounts/{id}/settings/access_management``: how identities of other accounts may act in this one. They are
stored and returned (D-77)."""

from typing import Any, ClassVar, Literal, TypedDict

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from controlplane.kernel.operation import Operation
from trustedprofiles import events
from trustedprofiles.api.identity_settings import SettingsView
from trustedprofiles.api.policy_errors import policy_envelope
from trustedprofiles.models import AccountWideSettings

STATES = ("enabled", "limited", "monitor")
TYPES = ("user", "service_id", "service")
MOST_ACCOUNTS = 100


class IdentityTypesBasePatch(StrictSerializer):
    state = serializers.ChoiceField(choices=STATES)
    external_allowed_accounts = serializers.ListField(child=StrictCharField(max_length=64), max_length=MOST_ACCOUNTS)


class IdentityTypesPatch(StrictSerializer):
    user = IdentityTypesBasePatch(required=False)
    service_id = IdentityTypesBasePatch(required=False)
    service = IdentityTypesBasePatch(required=False)


class InteractionPatch(StrictSerializer):
    identity_types = IdentityTypesPatch(required=False)


class AccessSettingsUpdate(StrictSerializer):
    external_account_identity_interaction = InteractionPatch(required=False)


class IdentityTypesBase(TypedDict):
    state: Literal["enabled", "limited", "monitor"]
    external_allowed_accounts: list[str]


class IdentityTypes(TypedDict):
    user: IdentityTypesBase
    service_id: IdentityTypesBase
    service: IdentityTypesBase


class ExternalAccountIdentityInteraction(TypedDict):
    identity_types: IdentityTypes


class AccountSettingsAccessManagement(TypedDict):
    external_account_identity_interaction: ExternalAccountIdentityInteraction


class AccessSettings(SettingsView):
    kind = AccountWideSettings.Kind.ACCESS
    envelope = staticmethod(policy_envelope)
    service_name: ClassVar[str] = "iam-access-management"
    body_first: ClassVar[bool] = False
    operations = {
        "GET": Operation(
            "get_settings",
            "iam-access-management.policy.read",
            f"{events.ACCESS_SETTINGS}.read",
            answer=AccountSettingsAccessManagement,
            etag=True,
        ),
        "PATCH": Operation(
            "update_settings",
            "iam-access-management.policy.update",
            f"{events.ACCESS_SETTINGS}.update",
            recorded_by_service=True,
            body=AccessSettingsUpdate,
            answer=AccountSettingsAccessManagement,
            etag=True,
            if_match="required",
        ),
    }

    def patch(self, request: Request, account_id: str) -> Response:
        changes = self.body.get("external_account_identity_interaction", {}).get("identity_types", {})
        for type, value in changes.items():
            if value["state"] == "enabled" and value["external_allowed_accounts"]:
                name = f"external_account_identity_interaction.identity_types.{type}.external_allowed_accounts"
                raise InvalidValue("The state enabled is for every account: name none.", target=Target(name))
        return self.change(changes)

    def render(self, row: AccountWideSettings) -> dict[str, Any]:
        enabled = {"state": "enabled", "external_allowed_accounts": []}
        types = {type: row.values.get(type, enabled) for type in TYPES}
        return {"external_account_identity_interaction": {"identity_types": types}}
