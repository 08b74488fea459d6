"""API keys: shown once, kept as a hash."""

from django.db import models

from trustedprofiles.models import Account


class ApiKey(models.Model):
    """A long random value that stands for a person. SHA-256 suffices: there is nothing to guess in 256 random bits."""

    id = models.CharField(primary_key=True, max_length=64, help_text="ApiKey-<uuid>")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys")
    iam_id = models.CharField(max_length=128)
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, unique=True)
    locked = models.BooleanField(default=False)
    disabled = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name
