"""The last initialization of a server."""

from django.db import models


class Initialization(models.Model):
    """Image, keys, user data and default trusted profile (VPC API, initialization).

    It is a copy from that time: when the image, the keys or the trusted profile are deleted later, it does not change.
    """

    server = models.OneToOneField(
        "servers.BareMetalServer", on_delete=models.CASCADE, related_name="initialization", primary_key=True
    )
    image = models.JSONField(help_text='{"id", "crn", "name", "allowed_use", "allowed_use_version"}')
    keys = models.JSONField(default=list, blank=True, help_text='[{"id", "crn", "name", "fingerprint"}]')
    user_data = models.TextField(blank=True)
    default_trusted_profile_id = models.CharField(max_length=64, blank=True)
    auto_link = models.BooleanField(default=False)
    user_accounts = models.JSONField(
        default=list, blank=True, help_text='[{"username", "encrypted_password", "encryption_key": a key as above}]'
    )

    def __str__(self) -> str:
        return f"initialization of {self.server_id}"
