"""The clock's setting: the difference of the domain's time from the machines'."""

from datetime import timedelta

from django.db import models

THE_ROW = 1


class ClockSetting(models.Model):
    """The only row, which the first migration creates; a constraint prevents others."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ROW)
    offset = models.DurationField(default=timedelta(0), help_text="How far the domain's time is ahead.")
    frozen_at = models.DateTimeField(null=True, blank=True, help_text="Where it stands still; empty when it runs.")
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "clock"
        constraints = [models.CheckConstraint(condition=models.Q(id=THE_ROW), name="one_clock")]

    def __str__(self) -> str:
        return f"frozen at {self.frozen_at}" if self.frozen_at else f"ahead by {self.offset}"
