"""Access policies: one store, rendered as v1 or v2."""

from django.db import models

from trustedprofiles.models.access_group import AccessGroup
from trustedprofiles.models.account import Account
from trustedprofiles.models.revision import Revisioned
from trustedprofiles.policy_columns import Columns


class Policy(Revisioned):
    """Grants roles on matching resources to a subject.

    ``subject`` and ``resource`` contain the v2 form, ``[{"key", "operator", "value"}, ...]``; ``roles`` a list of role
    CRNs; ``api_version`` the API that created it, which its ``href`` names.
    """

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="policies")
    type = models.CharField(max_length=16, default="access")
    description = models.CharField(max_length=300, blank=True)
    subject = models.JSONField()
    resource = models.JSONField()
    resource_tags = models.JSONField(default=list)
    roles = models.JSONField()
    rule = models.JSONField(null=True)
    pattern = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, default="active")
    api_version = models.CharField(max_length=2, default="v1")
    subject_iam_id = models.CharField(
        max_length=128, db_index=True, help_text="Lower case, for look-ups; of a group, its id."
    )
    access_group = models.ForeignKey(
        AccessGroup,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="policies",
        help_text="The subject, when it is a group that has a row.",
    )
    created_at = models.DateTimeField()
    created_by_id = models.CharField(max_length=128)
    last_modified_at = models.DateTimeField()
    last_modified_by_id = models.CharField(max_length=128)

    class Meta:
        verbose_name_plural = "policies"
        indexes = [models.Index(fields=["account", "state", "created_at", "id"], name="policy_oldest")]

    @classmethod
    def policy_columns(cls) -> Columns:
        """No attributes: a caller who may read one policy may read all."""
        return {}

    def __str__(self) -> str:
        return f"{self.subject_iam_id}: {', '.join(role.rpartition(':')[2] for role in self.roles)}"
