"""Reservations: capacity of a profile in a zone, for a term."""

from django.db import models

from servers import reserved_capacity as rules
from servers.models.base import ZonalResource


class Reservation(ZonalResource):
    """A reservation. Its used capacity is not stored: it is the number of servers that name the reservation."""

    crn_type = "reservation"

    profile = models.CharField(max_length=63)
    profile_type = models.CharField(max_length=32, help_text="bare_metal_server_profile or instance_profile")
    affinity_policy = models.CharField(max_length=10, help_text="automatic or restricted")
    total = models.PositiveIntegerField(help_text="How many servers of the profile.")
    term = models.CharField(max_length=10, help_text="one_year or three_year")
    expiration_policy = models.CharField(max_length=7, help_text="release or renew")
    status = models.CharField(max_length=12, default=rules.INACTIVE)
    status_reasons = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="End of the term; empty before activation.")
    transition_due_at = models.DateTimeField(
        null=True, blank=True, help_text="When activation or deactivation is over; empty at rest."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "name"], name="reservation_name_per_region"),
        ]
