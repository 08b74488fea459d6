"""Profile identities: the users, service IDs and services that may assume a trusted profile by the assume grant."""

from django.db import models

from trustedprofiles.models.profile import TrustedProfile


class ProfileIdentity(models.Model):
    """One identity that a profile trusts. ``iam_id`` is the IAM id in its token."""

    class Type(models.TextChoices):
        USER = "user"
        SERVICE_ID = "serviceid"
        CRN = "crn"

    profile = models.ForeignKey(TrustedProfile, on_delete=models.CASCADE, related_name="identities")
    type = models.CharField(max_length=16, choices=Type)
    identifier = models.CharField(max_length=255, help_text="IAM id of a user, id of a service ID, or CRN.")
    iam_id = models.CharField(max_length=300, db_index=True)
    accounts = models.JSONField(default=list, help_text="Of a user: the accounts they may come from.")
    description = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "profile identities"
        constraints = [
            models.UniqueConstraint(fields=["profile", "type", "identifier"], name="identity_once_per_profile"),
        ]

    def __str__(self) -> str:
        return self.identifier
