"""Tags, and the resources that carry them."""

from django.db import models

from trustedprofiles import tag_rules
from trustedprofiles.models.account import Account


class Tag(models.Model):
    """A tag of an account. A user tag and an access tag with the same name are two tags."""

    class Type(models.TextChoices):
        USER = tag_rules.USER
        ACCESS = tag_rules.ACCESS

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tags")
    type = models.CharField(max_length=8, choices=Type)
    name = models.CharField(max_length=tag_rules.LONGEST_NAME, help_text="Lower case.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "type", "name"], name="tag_once_per_account")]

    def __str__(self) -> str:
        return self.name


class TagAttachment(models.Model):
    """One tag on one resource of the tag's account, which is identified by its CRN only."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="attachments")
    crn = models.CharField(max_length=tag_rules.LONGEST_CRN)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["crn"], name="attachment_crn")]
        constraints = [models.UniqueConstraint(fields=["tag", "crn"], name="tag_once_per_resource")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.crn}"
