"""Request bodies about profile identities."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import DescriptionField, StrictCharField, StrictSerializer
from trustedprofiles.api.profile_requests import LONGEST_DESCRIPTION
from trustedprofiles.limits import IDENTITIES_PER_PROFILE
from trustedprofiles.models import ProfileIdentity

LONGEST_IDENTIFIER = 255
MOST_ACCOUNTS = 20
LONGEST_ACCOUNT = 64


class IdentityBody(StrictSerializer):
    identifier = StrictCharField(max_length=LONGEST_IDENTIFIER)
    type = serializers.ChoiceField(choices=ProfileIdentity.Type.choices)
    accounts = serializers.ListField(
        required=False, child=StrictCharField(max_length=LONGEST_ACCOUNT), max_length=MOST_ACCOUNTS
    )
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("accounts") and attrs["type"] != ProfileIdentity.Type.USER:
            raise serializers.ValidationError({"accounts": "Only users come from accounts."})
        return attrs


class IdentitiesBody(StrictSerializer):
    identities = serializers.ListField(required=False, child=IdentityBody(), max_length=IDENTITIES_PER_PROFILE)
