"""Activity events, which are append-only (triggers on both databases refuse UPDATE and DELETE), and runs of jobs."""

from typing import Any

from django.db import models
from django.db.models import Func, Q

from controlplane.activity.events import PROFILE_LOGINS


class ProfileId(Func):
    """``profile_id`` in the data of an event, as text.

    Django's own transform writes the words of a set into its SQL for SQLite, in an order that differs from process to
    process; an index needs the same text each time.
    """

    template, output_field = "JSON_EXTRACT(%(expressions)s, '$.profile_id')", models.CharField()

    def __init__(self) -> None:
        super().__init__("data")

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="(%(expressions)s ->> 'profile_id')")


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
            models.Index(ProfileId(), name="activity_profile_logins", condition=Q(action__in=PROFILE_LOGINS)),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.outcome}"


class JobRun(models.Model):
    """One run of a job by a worker. Times are the machine's: the domain's clock may stand still meanwhile."""

    class Outcome(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        LOST = "lost", "lost: its worker was killed"

    job = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=1, help_text="Counts on while a job fails.")
    retry_at = models.DateTimeField(null=True, blank=True, help_text="Not before this, after a failure.")
    taken = models.PositiveIntegerField(default=0, help_text="Steps taken: servers moved on, keys handed over.")
    detail = models.CharField(max_length=512, blank=True)
    worker = models.CharField(max_length=255, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = "job run"
        indexes = [models.Index(fields=["job", "-id"], name="job_run_latest")]

    def __str__(self) -> str:
        return f"{self.job} {self.outcome}"


class Heartbeat(models.Model):
    """When a worker last took a tick of beat, by the machine's time: both were alive then."""

    worker = models.CharField(max_length=255, primary_key=True)
    ticked_at = models.DateTimeField()
    dropped_messages = models.PositiveBigIntegerField(default=0, help_text="Messages that it could not read.")
    dropped_at = models.DateTimeField(null=True, blank=True, help_text="When the last of them was told.")

    def __str__(self) -> str:
        return self.worker


class EventTally(models.Model):
    """How many events of a kind there are among those that are already counted (TallyMark)."""

    action = models.CharField(max_length=128)
    outcome = models.CharField(max_length=8)
    reason_type = models.CharField(max_length=64, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "event tallies"
        constraints = [models.UniqueConstraint(fields=["action", "outcome", "reason_type"], name="one_event_tally")]

    def __str__(self) -> str:
        return f"{self.action} {self.outcome} {self.reason_type}"


class TallyMark(models.Model):
    """The id up to which events are counted. One row."""

    counted_to = models.PositiveBigIntegerField(default=0)
    seen = models.PositiveBigIntegerField(default=0, help_text="The last one when the mark was set.")
    horizon = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="First transaction that began after that; empty on SQLite."
    )

    def __str__(self) -> str:
        return f"counted to {self.counted_to}"


class JobTally(models.Model):
    """How many runs of a job have been pruned, by outcome."""

    job = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "job tallies"
        constraints = [models.UniqueConstraint(fields=["job", "outcome"], name="one_job_tally")]

    def __str__(self) -> str:
        return f"{self.job} {self.outcome}"


class TimingTally(models.Model):
    """How often something took about so long: one bucket of a histogram."""

    kind = models.CharField(max_length=32)
    bucket = models.PositiveSmallIntegerField(
        help_text="Number of its upper bound in controlplane/activity/timings.py."
    )
    count = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)

    class Meta:
        verbose_name_plural = "timing tallies"
        constraints = [models.UniqueConstraint(fields=["kind", "bucket"], name="one_timing_tally")]

    def __str__(self) -> str:
        return f"{self.kind} {self.bucket}"
