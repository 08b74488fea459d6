"""Bodies of the identity API, in and out."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictSerializer
from trustedprofiles.models import ProfileLink, TrustedProfile

LONGEST_NAME = 255
LONGEST_DESCRIPTION = 1000
LONGEST_EMAIL = 254


class ProfileCreation(StrictSerializer):
    name = StrictCharField(max_length=LONGEST_NAME)
    account_id = StrictCharField(max_length=64)
    description = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_DESCRIPTION)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=LONGEST_EMAIL)


class ProfileUpdate(StrictSerializer):
    name = StrictCharField(required=False, max_length=LONGEST_NAME)
    description = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_DESCRIPTION)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=LONGEST_EMAIL)


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


def profile_body(profile: TrustedProfile) -> dict[str, Any]:
    """TrustedProfile. Optional members without a value are left out."""
    body: dict[str, Any] = {
        "id": profile.id,
        "entity_tag": profile.entity_tag,
        "crn": profile.crn,
        "name": profile.name,
        "created_at": timestamps.minutes(profile.created_at),
        "modified_at": timestamps.minutes(profile.modified_at),
        "iam_id": profile.iam_id,
        "account_id": profile.account_id,
    }
    optional = {"description": profile.description, "email": profile.email}
    return body | {name: value for name, value in optional.items() if value}


def link_body(link: ProfileLink) -> dict[str, Any]:
    """ProfileLink."""
    optional = {
        "namespace": link.namespace,
        "name": link.resource_name,
        "component_type": link.component_type,
        "component_name": link.component_name,
    }
    body = {
        "id": link.id,
        "entity_tag": link.entity_tag,
        "created_at": timestamps.minutes(link.created_at),
        "modified_at": timestamps.minutes(link.modified_at),
        "cr_type": link.cr_type,
        "is_cross_account": link.is_cross_account,
        "link": {"crn": link.crn, **{name: value for name, value in optional.items() if value}},
    }
    return body | ({"name": link.name} if link.name else {})
