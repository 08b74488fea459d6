"""Request bodies about service IDs."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel.crn import Crn
from controlplane.kernel.fields import DescriptionField, StrictCharField, StrictSerializer
from identity.api.apikey_requests import ApiKeyDescription
from trustedprofiles.api.profile_requests import LONGEST_DESCRIPTION, LONGEST_NAME

LONGEST_CRN = 255
MOST_CRNS = 100


class CrnField(StrictCharField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            Crn.parse(text)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        return text


class ServiceIdUpdate(StrictSerializer):
    name = StrictCharField(required=False, max_length=LONGEST_NAME)
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)
    unique_instance_crns = serializers.ListField(
        required=False, child=CrnField(max_length=LONGEST_CRN), max_length=MOST_CRNS
    )


class ServiceIdCreation(ServiceIdUpdate):
    name = StrictCharField(max_length=LONGEST_NAME)
    account_id = StrictCharField(max_length=64)
    group_id = StrictCharField(required=False, max_length=64)
    apikey = ApiKeyDescription(required=False)
