"""The latest revocation list of each authority."""

from django.db import models

from identity.models.key import KeyPair


class RevocationList(models.Model):
    issuer = models.OneToOneField(KeyPair, on_delete=models.PROTECT, primary_key=True, related_name="revocation_list")
    number = models.PositiveBigIntegerField(help_text="Grows by one with every list of this issuer.")
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()
    scheduled_at = models.DateTimeField(
        help_text="When a list was last signed because it was time, not because of a revocation in between."
    )
    der = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.issuer_id}: {self.number}"
