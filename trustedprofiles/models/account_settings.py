"""An account's settings for its identities and for access from other accounts."""

from django.db import models

from trustedprofiles.models.account import Account
from trustedprofiles.models.revision import Revisioned


class AccountWideSettings(Revisioned):
    """Settings of one kind of one account. Without a row, all have their defaults."""

    class Kind(models.TextChoices):
        IDENTITY = "identity", "identity settings"
        ACCESS = "access_management", "access management settings"
        GROUPS = "access_groups", "access group settings"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="account_wide_settings")
    kind = models.CharField(max_length=20, choices=Kind)
    values = models.JSONField(default=dict, help_text="What was set, by the names of the API.")

    class Meta:
        verbose_name = verbose_name_plural = "account settings"
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="settings_once_per_account")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_id}"
