"""The settings of an account, and the number of its servers."""

from django.db import models

from servers.models.vpc import VPC
from trustedprofiles.models import Account, ResourceGroup


class AccountSettings(models.Model):
    """An account's own switches; an account without a row has the defaults."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="+")
    metadata_service = models.BooleanField(
        "metadata service",
        default=True,
        help_text="Off: no server of the account has it, whatever its own switch says.",
    )

    class Meta:
        verbose_name = "account settings"
        verbose_name_plural = "account settings"

    def __str__(self) -> str:
        return f"settings of {self.account_id}"


class ServerTally(models.Model):
    """How many servers an account has in a region, VPC and resource group.

    Database triggers (migration 0003) update it, so that list pages and quotas need no count.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    region = models.CharField(max_length=16)
    vpc = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="+")
    resource_group = models.ForeignKey(ResourceGroup, on_delete=models.CASCADE, related_name="+")
    count = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "server tallies"
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "vpc", "resource_group"], name="one_tally_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.count} servers"
