"""Bare metal servers and their disks."""

from django.db import models
from django.db.models import Q

from servers.models.base import Resource, ZonalResource
from servers.models.reservation import Reservation
from servers.models.vpc import VPC
from trustedprofiles.models import Account, ResourceGroup
from trustedprofiles.policy_columns import Columns, Through
from trustedprofiles.tag_rules import CRN


class BareMetalServer(ZonalResource):
    """A bare metal server. ``number`` also gives its loopback address (servers/addressing.py), kept for its life."""

    crn_type = "bare-metal-server"

    class Status(models.TextChoices):
        DELETING = "deleting"
        FAILED = "failed"
        MAINTENANCE = "maintenance"
        PENDING = "pending"
        REINITIALIZING = "reinitializing"
        RESTARTING = "restarting"
        RUNNING = "running"
        STARTING = "starting"
        STOPPED = "stopped"

    class Protocol(models.TextChoices):
        HTTP = "http"
        HTTPS = "https"

    # The indexes below begin with these columns; single-column indexes would only mislead the planner.
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    resource_group = models.ForeignKey(ResourceGroup, on_delete=models.PROTECT, related_name="+", db_index=False)
    vpc = models.ForeignKey(VPC, on_delete=models.PROTECT, related_name="bare_metal_servers", db_index=False)
    profile = models.CharField(max_length=63, help_text="Name in catalog/profiles.json.")
    bandwidth = models.PositiveIntegerField(help_text="Mbps")
    enable_secure_boot = models.BooleanField(default=False)
    tpm_mode = models.CharField(max_length=8, default="disabled")
    reservation_affinity_policy = models.CharField(max_length=10, default="automatic")
    # All new columns are nullable: SQLite adds those without copying the table, which would lose its triggers.
    reservation = models.ForeignKey(
        Reservation, on_delete=models.PROTECT, null=True, blank=True, related_name="servers", db_index=False
    )
    reservation_pool = models.ForeignKey(
        Reservation, on_delete=models.PROTECT, null=True, blank=True, related_name="pools", db_index=False
    )
    deleted_reservation = models.JSONField(
        null=True, blank=True, help_text='What was in the pool and is deleted: {"id", "crn", "name"}.'
    )
    firmware_update = models.CharField(max_length=8, default="none", help_text="none, optional or required")

    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    status_reasons = models.JSONField(default=list)
    transition = models.CharField(max_length=16, blank=True, help_text="Action under way; empty at rest.")
    transition_due_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="When the next step of a transition is due; empty at rest."
    )

    metadata_enabled = models.BooleanField("metadata service", default=False)
    metadata_protocol = models.CharField("protocol", max_length=5, choices=Protocol, default=Protocol.HTTP)
    metadata_epoch = models.PositiveBigIntegerField(
        default=1, help_text="Grows when the service is switched off: identity tokens from before stay dead."
    )
    revision = models.PositiveBigIntegerField(
        default=1, help_text="Grows with every change that a caller inside the server could notice."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "name"], name="server_name_per_region"),
        ]
        # One for each way to list servers, newest first: by account and region, VPC, resource group, VPC and resource
        # group, and reservation.
        indexes = [
            models.Index(fields=["account", "region", "-number"], name="server_newest"),
            models.Index(fields=["vpc", "-number"], name="server_newest_of_vpc"),
            models.Index(fields=["resource_group", "region", "-number"], name="server_newest_of_group"),
            models.Index(fields=["vpc", "resource_group", "-number"], name="server_newest_of_both"),
            *(
                models.Index(
                    fields=[column, "-number"], name=f"server_{column}", condition=Q((f"{column}__isnull", False))
                )
                for column in ("reservation", "reservation_pool")
            ),
        ]

    @property
    def policy_attributes(self) -> dict[str, str]:
        """The attributes by which a policy may select it, besides account and service. The VPC must be fetched."""
        return {
            "region": self.region,
            "bareMetalServerId": self.id,
            "vpcId": self.vpc.id,
            "resourceGroupId": self.resource_group_id,
            CRN: self.crn,
        }

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the same attributes as columns of all rows."""
        return {**super().policy_columns(), "vpcId": Through("vpc", VPC, cls)}


class Disk(Resource):
    server = models.ForeignKey(BareMetalServer, on_delete=models.CASCADE, related_name="disks")
    is_boot = models.BooleanField(default=False)
    interface_type = models.CharField(max_length=8)
    size = models.PositiveIntegerField(help_text="GB")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["server", "name"], name="disk_name_per_server")]
