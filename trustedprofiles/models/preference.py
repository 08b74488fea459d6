"""Preferences that IBM's console stores for an identity of an account."""

from django.db import models

from trustedprofiles.models.profile import TrustedProfile


class Preference(models.Model):
    """One preference of one trusted profile."""

    profile = models.ForeignKey(TrustedProfile, on_delete=models.CASCADE, related_name="preferences")
    service = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    value = models.JSONField(help_text="A text, or a list of texts.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "service", "name"], name="preference_once_per_profile"),
        ]

    def __str__(self) -> str:
        return f"{self.service}/{self.name}"
