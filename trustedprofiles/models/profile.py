"""Trusted profiles."""

from django.db import models

from trustedprofiles.models.account import Account
from trustedprofiles.models.resource import IamResource
from trustedprofiles.models.revision import Revisioned


class TrustedProfile(Revisioned, IamResource):
    """An identity that a compute resource may use when a link or a claim rule trusts it."""

    crn_type = "profile"

    id = models.CharField(primary_key=True, max_length=64, help_text="Profile-<uuid>")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="trusted_profiles")
    name = models.CharField(max_length=255)
    description = models.CharField(max_length=1000, blank=True)
    email = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="profile_name_per_account"),
        ]
        indexes = [models.Index(fields=["account", "created_at", "id"], name="profile_oldest")]

    @property
    def iam_id(self) -> str:
        return f"iam-{self.id}"
