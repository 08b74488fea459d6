"""Service instances. The resource controller creates and deletes them; a service finds its own among them."""

from datetime import timedelta

from django.db import models

from controlplane.kernel.crn import Crn

RECLAMATION_PERIOD = timedelta(days=7)
"""How long a deleted instance can be restored (IBM Cloud docs, "Working with resources and resource groups")."""
GLOBAL = "global"
"""The region of an instance that belongs to no region."""


class ResourceInstance(models.Model):
    """An instance of an IAM-enabled service. The row of a removed one stays, so that clients learn that it is gone."""

    class State(models.TextChoices):
        ACTIVE = "active"
        PENDING_RECLAMATION = "pending_reclamation"
        REMOVED = "removed"

    account_id = models.CharField(max_length=64)
    guid = models.CharField(max_length=64, help_text="Its id in CRNs. Unique in the account.")
    service = models.CharField(max_length=64, help_text="Name of the service: kms, cloud-object-storage.")
    plan = models.CharField(max_length=64, help_text="Id of the plan in the catalog.")
    region = models.CharField(max_length=32, help_text="Region, or global.")
    name = models.CharField(max_length=180)
    resource_group_id = models.CharField(max_length=64)
    state = models.CharField(max_length=32, choices=State.choices, default=State.ACTIVE)
    is_locked = models.BooleanField(default=False, help_text="A locked instance cannot be changed or deleted.")
    allow_cleanup = models.BooleanField(default=False)
    parameters = models.JSONField(default=dict)
    plan_history = models.JSONField(default=list, help_text="Objects with resource_plan_id, start_date, requestor_id.")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=255, help_text="IAM id.")
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=255)
    locked_at = models.DateTimeField(null=True)
    locked_by = models.CharField(max_length=255, blank=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.CharField(max_length=255, blank=True)
    restored_at = models.DateTimeField(null=True)
    restored_by = models.CharField(max_length=255, blank=True)
    reclamation_id = models.CharField(max_length=36, blank=True, help_text="Id of the last reclamation.")
    reclaim_at = models.DateTimeField(null=True, help_text="When a deleted instance is removed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_id", "guid"], name="instances_guid"),
        ]
        indexes = [
            models.Index(
                fields=["reclaim_at"],
                name="instances_to_reclaim",
                condition=models.Q(state="pending_reclamation"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def crn(self) -> str:
        return str(Crn(self.service, self.region, self.account_id, "", "", self.guid))
