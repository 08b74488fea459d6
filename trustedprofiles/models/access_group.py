"""Access groups: identities that share one set of policies."""

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Lower

from trustedprofiles.models.account import Account
from trustedprofiles.models.resource import IamResource
from trustedprofiles.models.revision import Revisioned
from trustedprofiles.policy_columns import Columns, Constant, Joined
from trustedprofiles.tag_rules import CRN

SERVICE, PLACE, KIND = "iam-groups", "global", "groups"
ID_PREFIX = "AccessGroupId-"
PUBLIC_ACCESS = f"{ID_PREFIX}PublicAccess"
"""Id of the group that every account has and all its identities are members of. It has no row."""
PUBLIC_ACCESS_NAME = "Public Access"


class AccessGroup(Revisioned, IamResource):
    """A group of an account. Its policies apply to each of its members."""

    crn_service, crn_location, crn_type = SERVICE, PLACE, KIND

    id = models.CharField(primary_key=True, max_length=64, help_text="AccessGroupId-<uuid>")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="access_groups")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=250, blank=True)
    created_at = models.DateTimeField()
    created_by_id = models.CharField(max_length=128)
    last_modified_at = models.DateTimeField()
    last_modified_by_id = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(F("account"), Lower("name"), name="access_group_name_per_account"),
        ]

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the attributes of ``policy_attributes`` as columns of all rows."""
        head, tail = Value(f"crn:v1:bluemix:public:{SERVICE}:{PLACE}:a/"), Value(f"::{KIND}:")
        crn = Joined(head, F("account_id"), tail, F("id"))
        return {"resourceType": Constant(KIND), "resource": "id", CRN: crn}


class GroupMember(models.Model):
    """A user, service ID or trusted profile that was added to a group. ``iam_id`` is the IAM id in its token."""

    class Type(models.TextChoices):
        USER = "user"
        SERVICE = "service", "service ID"
        PROFILE = "profile", "trusted profile"

    group = models.ForeignKey(AccessGroup, on_delete=models.CASCADE, related_name="members")
    iam_id = models.CharField(max_length=128, db_index=True)
    type = models.CharField(max_length=8, choices=Type)
    created_at = models.DateTimeField()
    created_by_id = models.CharField(max_length=128)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "iam_id"], name="member_once_per_group")]

    def __str__(self) -> str:
        return self.iam_id


class GroupRule(Revisioned):
    """Conditions on the claims of an identity provider at login: a user who meets them all is in the group for some
    hours.

    ``conditions`` is ``[{"claim", "operator", "value"}, ...]``.
    """

    id = models.CharField(primary_key=True, max_length=64, help_text="ClaimRule-<uuid>")
    group = models.ForeignKey(AccessGroup, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=255, blank=True)
    realm_name = models.CharField(max_length=255, help_text="URL of the identity provider.")
    expiration = models.PositiveSmallIntegerField(help_text="Hours that a membership lasts after login.")
    conditions = models.JSONField()
    created_at = models.DateTimeField()
    created_by_id = models.CharField(max_length=128)
    last_modified_at = models.DateTimeField()
    last_modified_by_id = models.CharField(max_length=128)

    def __str__(self) -> str:
        return self.name or self.id
