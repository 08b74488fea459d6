"""Service IDs: identities of programs."""

from django.db import models

from trustedprofiles.models.account import Account
from trustedprofiles.models.resource import IamResource
from trustedprofiles.models.revision import Revisioned
from trustedprofiles.policy_columns import Columns, Constant, crn_column
from trustedprofiles.tag_rules import CRN

IAM_ID_PREFIX = "iam-ServiceId-"


def is_service_id(iam_id: str) -> bool:
    """Return whether this is the IAM id of a service ID."""
    return iam_id.startswith(IAM_ID_PREFIX)


class ServiceIdGroup(Revisioned, IamResource):
    """A named group of service IDs. A service ID is in at most one group."""

    crn_type = "serviceid-group"

    id = models.CharField(primary_key=True, max_length=64, help_text="ServiceIdGroup-<uuid>")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="service_id_groups")
    name = models.CharField(max_length=255)
    description = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=128)
    modified_at = models.DateTimeField()

    class Meta:
        verbose_name = "service ID group"
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="service_id_group_name_per_account"),
        ]

    @property
    def policy_attributes(self) -> dict[str, str]:
        """Return the attributes that a policy may select it by, besides account and service: all service IDs, or its
        access tags."""
        return {"resourceType": "serviceid", CRN: self.crn}

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the attributes of ``policy_attributes`` as columns of all rows."""
        return {"resourceType": Constant("serviceid"), CRN: crn_column(cls.crn_service, cls.crn_type)}


class ServiceId(Revisioned, IamResource):
    """An identity of programs, which log in with its API keys."""

    crn_type = "serviceid"

    id = models.CharField(primary_key=True, max_length=64, help_text="ServiceId-<uuid>")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="service_ids")
    name = models.CharField(max_length=255)
    description = models.CharField(max_length=1000, blank=True)
    unique_instance_crns = models.JSONField(default=list)
    group = models.ForeignKey(
        ServiceIdGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="service_ids"
    )
    locked = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    class Meta:
        verbose_name = "service ID"
        indexes = [
            models.Index(fields=["account", "created_at", "id"], name="service_id_oldest"),
            models.Index(fields=["account", "name"], name="service_id_name"),
        ]

    @property
    def iam_id(self) -> str:
        return f"iam-{self.id}"
