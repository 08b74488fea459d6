"""Identity certificates, which are stored before they are returned."""

from django.db import models

from identity.crl import REASONS
from identity.models.key import KeyPair


class IssuedCertificate(models.Model):
    """A certificate of a server, its request, when its renewal is due, and whether it was revoked."""

    id = models.CharField(primary_key=True, max_length=64)
    issuer = models.ForeignKey(KeyPair, on_delete=models.PROTECT, related_name="issued_certificates")
    serial_number = models.CharField(max_length=40, help_text="hexadecimal, lower case")
    instance_id = models.CharField("server id", max_length=64, db_column="server_id")
    server_crn = models.CharField(max_length=255)
    account_id = models.CharField(max_length=64)
    metadata_epoch = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Of the server, then; empty for certificates from before it was kept."
    )
    csr = models.TextField(help_text="PEM")
    lifetime = models.PositiveIntegerField(help_text="Seconds asked for.")
    requested_at = models.DateTimeField(help_text="When the server sent the request.")
    certificate = models.TextField(help_text="PEM, the leaf")
    sha256 = models.CharField(max_length=64, help_text="of the leaf's DER")
    public_key_sha256 = models.CharField(max_length=64, help_text="of the key's SubjectPublicKeyInfo in DER")
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField(db_index=True)

    renew_at = models.DateTimeField(
        null=True, blank=True, help_text="When its renewal is due; empty when it was renewed, or never will be."
    )
    # Unique: no certificate is renewed twice, even when tasks run twice.
    renewal_of = models.OneToOneField("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="renewal")

    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation_reason = models.CharField(max_length=24, blank=True, choices=[(each, each) for each in REASONS])
    listed_in = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Number of the first revocation list that names it."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "serial_number"], name="serial_once_per_issuer"),
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, revocation_reason="")
                | models.Q(revoked_at__isnull=False) & ~models.Q(revocation_reason=""),
                name="revoked_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["instance_id", "-created_at", "-id"], name="certificate_newest_of_server"),
            models.Index(
                fields=["renew_at"], condition=models.Q(renew_at__isnull=False), name="certificate_renewal_due"
            ),
            models.Index(
                fields=["issuer", "not_after"], condition=models.Q(revoked_at__isnull=False), name="certificate_revoked"
            ),
            models.Index(
                fields=["public_key_sha256"],
                condition=models.Q(revocation_reason="keyCompromise"),
                name="key_compromised",
            ),
        ]

    def __str__(self) -> str:
        return self.serial_number
