"""The progress of learners in the lessons, as seen in activity events."""

from django.conf import settings
from django.db import models


class LessonProgress(models.Model):
    """The progress of one user in one lesson."""

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="lessons")
    lesson = models.CharField(max_length=64, help_text="Its slug.")
    instance_id = models.CharField(
        "server id", max_length=64, db_column="server_id", help_text="The server it is done with."
    )
    after_event = models.PositiveBigIntegerField(
        help_text="The last activity event when it was begun. A number, not a time: lessons move the clock."
    )
    begun_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "lesson progress"
        constraints = [models.UniqueConstraint(fields=["learner", "lesson"], name="one_progress_of_a_lesson")]

    def __str__(self) -> str:
        return f"{self.learner} at {self.lesson}"


class FinishedCheck(models.Model):
    """A check of a lesson that is finished; it stays finished."""

    progress = models.ForeignKey(LessonProgress, on_delete=models.CASCADE, related_name="finished")
    check_key = models.CharField(max_length=64)
    event_number = models.PositiveBigIntegerField(help_text="The activity event that it was seen by.")
    seen = models.CharField(max_length=512, help_text="What was seen, in a sentence.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["progress", "check_key"], name="a_check_is_finished_once")]

    def __str__(self) -> str:
        return f"{self.check_key}: {self.seen}"
