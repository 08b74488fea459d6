"""Tokens that open a server's console."""

from django.db import models

from servers.models.server import BareMetalServer


class ConsoleAccessToken(models.Model):
    """The one valid token of a server; only its hash is kept."""

    server = models.OneToOneField(BareMetalServer, on_delete=models.CASCADE, primary_key=True, related_name="+")
    sha256 = models.CharField(max_length=64)
    console_type = models.CharField(max_length=6, help_text="serial or vnc")
    force = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"console of {self.server_id}"
