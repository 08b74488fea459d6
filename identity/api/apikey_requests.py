"""Request bodies about API keys."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import DescriptionField, StrictBooleanField, StrictCharField, StrictSerializer
from identity.models import ApiKey
from identity.services.apikeys import LONGEST_VALUE, SHORTEST_VALUE
from trustedprofiles.api.profile_requests import LONGEST_DESCRIPTION, LONGEST_NAME

LONGEST_IAM_ID = 128


class ExpiryField(StrictCharField):
    """An instant with its zone, ``2026-12-24T18:00+0000``; empty for none."""

    default_error_messages = {"instant": "Send an instant with its zone, such as 2026-12-24T18:00+0000."}

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                self.fail("instant")
            return instant.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("instant")


class ApiKeyDescription(StrictSerializer):
    """An API key of a service ID that is created with it."""

    name = StrictCharField(max_length=LONGEST_NAME)
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)
    apikey = StrictCharField(required=False, min_length=SHORTEST_VALUE, max_length=LONGEST_VALUE)
    store_value = StrictBooleanField(required=False)
    action_when_leaked = serializers.ChoiceField(required=False, choices=ApiKey.LeakAction.choices)
    expires_at = ExpiryField(required=False, allow_blank=True)


class ApiKeyCreation(ApiKeyDescription):
    """``iam_id`` is your own, or that of a service ID. It is used exactly as sent: the decision is about it."""

    iam_id = StrictCharField(max_length=LONGEST_IAM_ID, trim_whitespace=False)
    account_id = StrictCharField(required=False, max_length=64)
    support_sessions = StrictBooleanField(required=False)


class ApiKeyUpdate(StrictSerializer):
    name = StrictCharField(required=False, max_length=LONGEST_NAME)
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)
    support_sessions = StrictBooleanField(required=False)
    action_when_leaked = serializers.ChoiceField(required=False, choices=ApiKey.LeakAction.choices)
    expires_at = ExpiryField(required=False, allow_blank=True)


def api_key_content(body: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a body as arguments of ``create_api_key`` and ``update_api_key``."""
    content = dict(body)
    if "apikey" in content:
        content["value"] = content.pop("apikey")
    if "expires_at" in content:
        content["expires_at"] = content["expires_at"] or None
    return content
