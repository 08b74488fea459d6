"""Trusted profiles."""

from django.db import models

from controlplane.kernel.crn import Crn
from trustedprofiles.models.account import Account
from trustedprofiles.models.revision import Revisioned
from trustedprofiles.policy_columns import Columns, Constant, Own, crn_column
from trustedprofiles.tag_rules import CRN


class TrustedProfile(Revisioned):
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

    def __str__(self) -> str:
        return self.name

    @property
    def iam_id(self) -> str:
        return f"iam-{self.id}"

    @property
    def crn(self) -> str:
        return str(Crn("iam-identity", "", self.account_id, self.crn_type, self.id))

    @property
    def policy_attributes(self) -> dict[str, str]:
        """The attributes that a policy may select it by, besides account and service."""
        return {"resourceType": self.crn_type, "resource": self.id, CRN: self.crn}

    @classmethod
    def policy_columns(cls) -> Columns:
        """The same attributes as columns of all rows."""
        crn = crn_column("iam-identity", cls.crn_type)
        return {"resourceType": Constant(cls.crn_type), "resource": Own(cls), CRN: crn}
