"""The switches for the renewal of servers' certificates, and the progress of the renewals that are due."""

from django.db import models

from servers.models import BareMetalServer


class CertificateRotation(models.Model):
    """The switch of one server: on while the row exists. It is deleted with the server."""

    server = models.OneToOneField(
        BareMetalServer, on_delete=models.CASCADE, primary_key=True, related_name="certificate_rotation"
    )
    enabled_at = models.DateTimeField(
        help_text="Certificates that had expired by then are not renewed.",
    )

    def __str__(self) -> str:
        return f"{self.server_id}"


class RenewalProgress(models.Model):
    """The last run of renewals: one row, which each run overwrites."""

    THE_ROW = 1

    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    due = models.PositiveIntegerField(help_text="Certificates that were due when it began.")
    renewed = models.PositiveIntegerField(default=0)
    stopped = models.PositiveIntegerField(default=0, help_text="No longer to be renewed.")
    failed = models.PositiveIntegerField(default=0, help_text="Requests that are no longer signed.")
    # Nothing reads it any more; the column stays for workers of an earlier build that run beside newer ones.
    quiet_ticks = models.PositiveIntegerField(default=0, help_text="Ticks since a chunk was last done.")

    class Meta:
        verbose_name_plural = "renewal progress"

    def __str__(self) -> str:
        return f"{self.renewed} of {self.due}"
