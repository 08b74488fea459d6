"""SSH keys."""

from django.db import models

from servers.models.base import RegionalResource


class Key(RegionalResource):
    """A public key (VPC API, keys)."""

    crn_type = "key"

    type = models.CharField(max_length=8)
    length = models.PositiveIntegerField(help_text="bits")
    fingerprint = models.CharField(max_length=64, help_text="SHA256:<base64>, as OpenSSH prints it")
    public_key = models.TextField(help_text="Algorithm and base64, without a comment.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "name"], name="key_name_per_region"),
            models.UniqueConstraint(fields=["account", "region", "fingerprint"], name="key_once_per_region"),
        ]
