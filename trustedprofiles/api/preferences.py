"""``/v1/preferences/accounts/{id}/identities/{iam_id}``: what IBM's console stores for a trusted profile. It has no
effect here."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import InvalidValue, MissingField, NotFound, Target, existing
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from controlplane.kernel.operation import Operation, Parameter
from controlplane.kernel.verdict import Allowed
from trustedprofiles import events
from trustedprofiles.api.identity_settings import AccountView
from trustedprofiles.models import Preference, TrustedProfile
from trustedprofiles.selectors import authorize, find_profile
from trustedprofiles.services.preferences import clear_preference, set_preference

READ = "iam-identity.preferences.read"
UPDATE = "iam-identity.preferences.update"
LONGEST_PATH = 1000
PREFERENCES: Mapping[tuple[str, str], str] = {
    ("console", "landing_page"): "value_string",
    ("console", "global_left_navigation"): "value_list_of_strings",
}
"""The property that contains the value, by service and id (IAM identity API, "Update Identity Preference")."""
NAVIGATION = (
    *("slash", "projects", "rex", "containers", "databases", "is", "logmet", "automation", "complianceAndSecurity"),
    *("apis", "cp4d", "partner-center", "sap", "satellite", "vmWare", "watsonx"),
)
"""Entries of the console's navigation."""


class PreferenceUpdate(StrictSerializer):
    """The value of a preference. Each preference has one of the two properties."""

    value_string = StrictCharField(required=False, max_length=LONGEST_PATH)
    value_list_of_strings = serializers.ListField(
        required=False, child=serializers.ChoiceField(choices=NAVIGATION), max_length=len(NAVIGATION)
    )


class IdentityPreferenceResponse(TypedDict):
    service: str
    id: str
    account_id: str
    scope: str
    value_string: NotRequired[str]
    value_list_of_strings: NotRequired[list[str]]


class IdentityPreferencesResponse(TypedDict):
    preferences: list[IdentityPreferenceResponse]


class PreferencesView(AccountView):
    """A view of the preferences of one identity, ``iam_id`` in the path. Only trusted profiles have any."""

    profile: TrustedProfile

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        id = self.kwargs["iam_id"].removeprefix("iam-")
        profile = find_profile(account_id=self.caller.account_id, id=id)
        if profile is None or profile.iam_id != self.kwargs["iam_id"]:
            raise NotFound("There is no trusted profile of this IAM id in your account.")
        self.profile = profile

    def resource_attributes(self) -> dict[str, str]:
        return {"resourceType": "preferences"}

    def standing(self) -> Allowed | None:
        """Allow a trusted profile to read its own preferences."""
        if self.request.method in ("GET", "HEAD") and self.caller.iam_id == self.profile.iam_id:
            return Allowed("a trusted profile reads its own preferences", source=self.profile.id)
        return None

    def target(self) -> Party:
        if hasattr(self, "profile"):
            return events.party_of(self.profile)
        return Party(self.kwargs["iam_id"], type="TrustedProfile")


class Preferences(PreferencesView):
    operations = {
        "GET": Operation(
            "get_all_preferences_on_scope_account",
            READ,
            f"{events.PREFERENCE}.read",
            answer=IdentityPreferencesResponse,
            further=(UPDATE,),
        ),
    }

    def get(self, request: Request, account_id: str, iam_id: str) -> Response:
        """Answer with the preferences that the caller may read: others are left out, and the call does not fail."""
        rows = self.profile.preferences.order_by("service", "name")
        return self.answer({"preferences": [_body(row, account_id) for row in (rows if self._may_read() else ())]})

    def _may_read(self) -> bool:
        resource = {
            "accountId": self.caller.account_id,
            "serviceName": self.service_name,
            **self.resource_attributes(),
        }
        return bool(self.standing() or authorize(self.caller, action=UPDATE, resource=resource))


class OnePreference(PreferencesView):
    path_parameters = (Parameter("preference_id", "Id of the preference."),)
    operations = {
        "GET": Operation(
            "get_preferences_on_scope_account", UPDATE, f"{events.PREFERENCE}.read", answer=IdentityPreferenceResponse
        ),
        "PUT": Operation(
            "update_preference_on_scope_account",
            UPDATE,
            f"{events.PREFERENCE}.update",
            recorded_by_service=True,
            body=PreferenceUpdate,
            answer=IdentityPreferenceResponse,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_preferences_on_scope_account",
            UPDATE,
            f"{events.PREFERENCE}.delete",
            recorded_by_service=True,
            status=204,
            conflicts=False,
        ),
    }

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.key = (self.kwargs["service"], self.kwargs["preference_id"])
        if self.key not in PREFERENCES:
            names = ", ".join("/".join(each) for each in PREFERENCES)
            raise NotFound(f"There is no such preference. There are {names}.")

    def get(self, request: Request, account_id: str, iam_id: str, service: str, preference_id: str) -> Response:
        row = existing(
            self.profile.preferences.filter(service=service, name=preference_id).first(), "This preference is not set."
        )
        return self.answer(_body(row, account_id))

    def put(self, request: Request, account_id: str, iam_id: str, service: str, preference_id: str) -> Response:
        row = set_preference(
            self.profile, service=service, name=preference_id, value=self._value(), by=Party.of(self.caller)
        )
        return self.answer(_body(row, account_id))

    def _value(self) -> str | list[str]:
        """Return the value of the body. Raises MissingField without a value, InvalidValue for the wrong one."""
        body, name = self.body, PREFERENCES[self.key]
        for other in body.keys() - {name}:
            raise InvalidValue(f"The value of this preference is {name}.", target=Target(other))
        if name not in body:
            raise MissingField(f"The value of this preference is required: {name}.", target=Target(name))
        value: str | list[str] = body[name]
        if isinstance(value, str) and (not value.startswith("/") or value.startswith("//")):
            raise InvalidValue("A landing page is a path in the console, such as /iam.", target=Target(name))
        return value

    def delete(self, request: Request, account_id: str, iam_id: str, service: str, preference_id: str) -> Response:
        clear_preference(self.profile, service=service, name=preference_id, by=Party.of(self.caller))
        return self.answer()


def _body(row: Preference, account_id: str) -> dict[str, Any]:
    return {
        "service": row.service,
        "id": row.name,
        "account_id": account_id,
        "scope": "account",
        PREFERENCES[row.service, row.name]: row.value,
    }
