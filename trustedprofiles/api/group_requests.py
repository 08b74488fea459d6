"""Request bodies about access groups, their members and rules."""

from rest_framework import serializers

from controlplane.kernel.fields import (
    DescriptionField,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from trustedprofiles.api.rule_requests import ConditionBody
from trustedprofiles.limits import CONDITIONS_PER_RULE, GROUPS_PER_MEMBER, MEMBERS_PER_CALL
from trustedprofiles.models import GroupMember

LONGEST_NAME = 100
LONGEST_DESCRIPTION = 250
LONGEST_IAM_ID = 128
LONGEST_REALM = 255
MOST_HOURS = 24


class AccessGroupCreation(StrictSerializer):
    name = StrictCharField(max_length=LONGEST_NAME)
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)


class AccessGroupUpdate(StrictSerializer):
    name = StrictCharField(required=False, max_length=LONGEST_NAME)
    description = DescriptionField(max_length=LONGEST_DESCRIPTION)


class NewMember(StrictSerializer):
    iam_id = StrictCharField(max_length=LONGEST_IAM_ID)
    type = serializers.ChoiceField(choices=GroupMember.Type.values)


class NewMembers(StrictSerializer):
    members = serializers.ListField(child=NewMember(), min_length=1, max_length=MEMBERS_PER_CALL)


class RemovedMembers(StrictSerializer):
    members = serializers.ListField(
        child=StrictCharField(max_length=LONGEST_IAM_ID), min_length=1, max_length=MEMBERS_PER_CALL
    )


class NewMemberships(StrictSerializer):
    type = serializers.ChoiceField(choices=GroupMember.Type.values)
    groups = serializers.ListField(child=StrictCharField(max_length=64), min_length=1, max_length=GROUPS_PER_MEMBER)


class RuleConditionBody(ConditionBody):
    """A condition of a dynamic rule."""


class GroupRuleBody(StrictSerializer):
    expiration = StrictIntegerField(min_value=1, max_value=MOST_HOURS)
    realm_name = StrictCharField(max_length=LONGEST_REALM)
    conditions = serializers.ListField(child=RuleConditionBody(), min_length=1, max_length=CONDITIONS_PER_RULE)
    name = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_REALM)


class GroupSettingsUpdate(StrictSerializer):
    public_access_enabled = StrictBooleanField(required=False)
