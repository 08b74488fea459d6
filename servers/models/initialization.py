"""What a server was last initialized from."""

from django.db import models

from servers.models.catalog import Image
from servers.models.key import Key


class Initialization(models.Model):
    """Image, keys, user data and default trusted profile (VPC API, initialization).

    The trusted profile is known by id only: it may be deleted later, and the server remembers what it was given.
    """

    server = models.OneToOneField(
        "servers.BareMetalServer", on_delete=models.CASCADE, related_name="initialization", primary_key=True
    )
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="+")
    keys = models.ManyToManyField(Key, related_name="+")
    user_data = models.TextField(blank=True)
    default_trusted_profile_id = models.CharField(max_length=64, blank=True)
    auto_link = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"initialization of {self.server_id}"
