"""Activity events, append-only: triggers on both databases refuse UPDATE and DELETE."""

from django.db import models


class ActivityEvent(models.Model):
    """One operation by one initiator on one target (IBM Activity Tracker's vocabulary)."""

    class Outcome(models.TextChoices):
        SUCCESS = "success"
        FAILURE = "failure"

    time = models.DateTimeField()
    action = models.CharField(max_length=128)
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason_code = models.PositiveSmallIntegerField(help_text="HTTP status of the answer.")
    reason_type = models.CharField(max_length=64, blank=True, help_text="Error code of a refusal.")
    message = models.CharField(max_length=512, blank=True)
    account_id = models.CharField(max_length=64, blank=True)
    initiator_id = models.CharField(max_length=255, blank=True)
    initiator_name = models.CharField(max_length=255, blank=True)
    initiator_type = models.CharField(max_length=32, blank=True)
    initiator_address = models.CharField(max_length=45, blank=True)
    initiator_agent = models.CharField(max_length=256, blank=True)
    target_id = models.CharField(max_length=255, blank=True, help_text="CRN, or id where there is none.")
    target_name = models.CharField(max_length=255, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict, help_text="Hashes and ids of what was issued; never a secret.")

    class Meta:
        indexes = [
            models.Index(fields=["target_id", "action", "-id"], name="activity_target_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.outcome}"
