"""Bodies of the identity API, in and out."""

from rest_framework import serializers

from controlplane.kernel import timestamps
from controlplane.kernel.fields import DescriptionField, StrictBooleanField, StrictCharField, StrictSerializer
from trustedprofiles.api import responses
from trustedprofiles.models import ProfileLink, TrustedProfile

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


def profile_body(profile: TrustedProfile) -> responses.TrustedProfile:
    """Optional members without a value are left out."""
    body: responses.TrustedProfile = {
        "id": profile.id,
        "entity_tag": profile.entity_tag,
        "crn": profile.crn,
        "name": profile.name,
        "created_at": timestamps.minutes(profile.created_at),
        "modified_at": timestamps.minutes(profile.modified_at),
        "iam_id": profile.iam_id,
        "account_id": profile.account_id,
    }
    if profile.description:
        body["description"] = profile.description
    if profile.email:
        body["email"] = profile.email
    return body


def link_body(link: ProfileLink) -> responses.ProfileLink:
    body: responses.ProfileLink = {
        "id": link.id,
        "entity_tag": link.entity_tag,
        "created_at": timestamps.minutes(link.created_at),
        "modified_at": timestamps.minutes(link.modified_at),
        "cr_type": link.cr_type,
        "is_cross_account": link.is_cross_account,
        "link": _target_body(link),
    }
    if link.name:
        body["name"] = link.name
    return body


def _target_body(link: ProfileLink) -> responses.ProfileLinkLink:
    body: responses.ProfileLinkLink = {"crn": link.crn}
    if link.namespace:
        body["namespace"] = link.namespace
    if link.resource_name:
        body["name"] = link.resource_name
    if link.component_type:
        body["component_type"] = link.component_type
    if link.component_name:
        body["component_name"] = link.component_name
    return body
