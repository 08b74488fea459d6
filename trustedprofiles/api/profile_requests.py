"""Request bodies about trusted profiles and their links."""

from rest_framework import serializers

from controlplane.kernel.fields import DescriptionField, StrictBooleanField, StrictCharField, StrictSerializer
from trustedprofiles.models import ProfileLink

LONGEST_NAME = 255
LONGEST_DESCRIPTION = 1000
LONGEST_EMAIL = 254


class ProfileCreation(StrictSerializer):
    name = StrictCharField(max_length=LONGEST_NAME)
    account_id = StrictCharField(max_length=64)
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)
    email = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_EMAIL)


class ProfileUpdate(StrictSerializer):
    name = StrictCharField(required=False, max_length=LONGEST_NAME)
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)
    email = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_EMAIL)


class LinkTarget(StrictSerializer):
    crn = StrictCharField(max_length=255)
    namespace = StrictCharField(required=False, allow_blank=True, max_length=255)
    name = StrictCharField(required=False, allow_blank=True, max_length=255)
    component_type = StrictCharField(required=False, allow_blank=True, max_length=255)
    component_name = StrictCharField(required=False, allow_blank=True, max_length=255)


class LinkCreation(StrictSerializer):
    cr_type = serializers.ChoiceField(choices=ProfileLink.CrType.choices)
    link = LinkTarget()
    name = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_NAME)
    is_cross_account = StrictBooleanField(required=False)
