"""Identity certificates: recorded before they are answered."""

from django.db import models

from identity.models.key import KeyPair


class IssuedCertificate(models.Model):
    id = models.CharField(primary_key=True, max_length=64)
    issuer = models.ForeignKey(KeyPair, on_delete=models.PROTECT, related_name="issued_certificates")
    serial_number = models.CharField(max_length=40, help_text="hexadecimal, lower case")
    server_id = models.CharField(max_length=64, db_index=True)
    server_crn = models.CharField(max_length=255)
    account_id = models.CharField(max_length=64)
    csr = models.TextField(help_text="PEM")
    certificate = models.TextField(help_text="PEM, the leaf")
    sha256 = models.CharField(max_length=64, help_text="of the leaf's DER")
    not_before = models.DateTimeField()
    not_after = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "serial_number"], name="serial_once_per_issuer"),
        ]

    def __str__(self) -> str:
        return self.serial_number
