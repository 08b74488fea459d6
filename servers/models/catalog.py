"""Images. Regions, zones, profiles and operating systems are IBM's published values: servers/catalog/*.json."""

from django.db import models

from controlplane.kernel.crn import Crn
from servers.catalog import PROVIDER_ACCOUNT
from servers.models.base import Resource
from trustedprofiles.models import Account, ResourceGroup

ALLOWED_USE_VERSION = "2026-01-01"
"""The version of the expressions of stock images."""


class Image(models.Model):
    """An image a server can be initialized from. Stock images belong to no account and are visible to all."""

    crn_type = "image"

    id = models.CharField(max_length=64, unique=True)
    number = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=63)
    region = models.CharField(max_length=16)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    resource_group = models.ForeignKey(
        ResourceGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Of an own image."
    )
    operating_system = models.CharField(max_length=63, help_text="Name in catalog/operating_systems.json.")
    user_data_format = models.CharField(max_length=16, default="cloud_init")
    status = models.CharField(max_length=20, default="available")
    file_size = models.PositiveIntegerField(help_text="GB")
    sha256 = models.CharField(max_length=64)
    minimum_provisioned_size = models.PositiveIntegerField(default=100, help_text="GB")
    allowed_use = models.CharField(
        max_length=256, default="true", help_text="For which bare metal servers: a CEL expression."
    )
    allowed_use_instance = models.CharField(
        max_length=256, default="true", help_text="For which virtual servers: a CEL expression, kept as it was sent."
    )
    allowed_use_version = models.CharField(
        max_length=10, default=ALLOWED_USE_VERSION, help_text="Version date that the expressions are evaluated with."
    )
    deprecation_at = models.DateTimeField(null=True, blank=True)
    obsolescence_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "account", "name"], name="image_name_per_region"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def visibility(self) -> str:
        return "private" if self.account_id else "public"

    @property
    def crn(self) -> str:
        return str(Crn("is", self.region, self.account_id or PROVIDER_ACCOUNT, self.crn_type, self.id))


class ImageExportJob(Resource):
    """A job that writes an image into a bucket. The object belongs to the bucket, not to the job."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="export_jobs")
    format = models.CharField(max_length=5, help_text="qcow2 or vhd")
    bucket_name = models.CharField(max_length=63)
    bucket_crn = models.CharField(max_length=255)
    bucket_region = models.CharField(max_length=64)
    object_name = models.CharField(max_length=255)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.QUEUED)
    status_reasons = models.JSONField(default=list, blank=True, help_text='[{"code", "message"}]')
    due_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="When the next step is due.")
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "image export job"
        constraints = [models.UniqueConstraint(fields=["image", "name"], name="export_job_name_per_image")]

    @property
    def storage_href(self) -> str:
        return f"cos://{self.bucket_region}/{self.bucket_name}/{self.object_name}"
