"""Accounts, their resource groups and their users."""

from typing import Any
from unicodedata import normalize

from django.contrib.auth.models import AbstractUser
from django.db import models

from trustedprofiles.models.resource import IamResource
from trustedprofiles.policy_columns import Columns, Constant, crn_column
from trustedprofiles.tag_rules import CRN


class Account(models.Model):
    """An account. Resources of another account are never visible in it."""

    id = models.CharField(primary_key=True, max_length=32, help_text="32 hexadecimal digits.")
    name = models.CharField(max_length=128)
    owner_iam_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    is_first = models.BooleanField(
        default=False, editable=False, help_text="Its owner is the deployment administrator."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_first"], condition=models.Q(is_first=True), name="one_first_account"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, **options: Any) -> None:
        """Mark the first account. Its creation time cannot identify it, because the clock can be moved."""
        if self._state.adding and not Account.objects.exists():
            self.is_first = True
        super().save(**options)


class ResourceGroup(IamResource):
    crn_service = "resource-controller"
    crn_type = "resource-group"

    id = models.CharField(primary_key=True, max_length=32, help_text="32 hexadecimal digits.")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="resource_groups")
    name = models.CharField(max_length=64)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never changed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="resource_group_name_per_account"),
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(is_default=True), name="one_default_group_per_account"
            ),
        ]

    @property
    def policy_attributes(self) -> dict[str, str]:
        """Return the attributes that a policy may select it by, besides account and service."""
        return super().policy_attributes | {"resourceGroupId": self.id}

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the attributes of ``policy_attributes`` as columns of all rows."""
        crn = crn_column(cls.crn_service, cls.crn_type)
        return {"resourceType": Constant(cls.crn_type), "resource": "id", "resourceGroupId": "id", CRN: crn}


class User(AbstractUser):
    """A user, who signs in to the console and the admin, and has API keys under an IAM id."""

    iam_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="users")

    @property
    def policy_attributes(self) -> dict[str, str]:
        """Return the attributes that a policy may select a user by, besides account and service. IBM publishes none for
        users."""
        return {"resourceType": "user", "resource": str(self.iam_id)}

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the attributes of ``policy_attributes`` as columns of all rows."""
        return {"resourceType": Constant("user"), "resource": "iam_id"}

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return the spelling of a name that look-ups must use, as Django's form normalizes it."""
        return normalize("NFKC", username).strip()
