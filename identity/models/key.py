"""Keys and certificate authorities, in one table with one life cycle, and known answers that prove a KEK right."""

from django.db import models

from controlplane.sealing.rows import SealedRow

STATES_THAT_VERIFY = ("prepared", "active", "retiring")


class KeyPair(SealedRow):
    """A private key, encrypted under the KEK, with its public key and certificate.

    Life cycle ``prepared -> active -> retiring -> retired``, forward only. The partial unique indexes, not the code
    that rotates, prove that a purpose never has two active or two prepared keys in a region; a trigger refuses every
    way back.
    """

    class Purpose(models.TextChoices):
        IDENTITY = "identity", "identity tokens"
        IAM = "iam", "IAM access tokens"
        ROOT = "root", "root CA"
        INTERMEDIATE = "intermediate", "intermediate CA"
        TLS = "tls", "metadata service TLS"

    class State(models.TextChoices):
        PREPARED = "prepared"
        ACTIVE = "active"
        RETIRING = "retiring"
        RETIRED = "retired"

    purpose = models.CharField(max_length=12, choices=Purpose)
    region = models.CharField(max_length=16)
    generation = models.PositiveIntegerField()
    kid = models.CharField(max_length=128, unique=True)
    state = models.CharField(max_length=8, choices=State)
    algorithm = models.CharField(max_length=8, default="RS256")
    public_key = models.TextField(help_text="PEM, SubjectPublicKeyInfo")
    certificate = models.TextField(blank=True, help_text="PEM, for certificate authorities")
    issuer = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="issued_keys")

    kek_id = models.CharField(max_length=16, blank=True, help_text="empty once the private key is wiped")

    published_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    demoted_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="end of the certificate")
    rotation_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="when an operator asked for a rotation of this key"
    )

    class Meta:
        verbose_name = "key"
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "region"], condition=models.Q(state="active"), name="one_active_key"
            ),
            models.UniqueConstraint(
                fields=["purpose", "region"], condition=models.Q(state="prepared"), name="one_prepared_key"
            ),
            models.UniqueConstraint(fields=["purpose", "region", "generation"], name="key_generation_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["prepared", "active", "retiring", "retired"]),
                name="key_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.kid

    @property
    def bound_to(self) -> str:
        return self.kid


class KnownAnswer(SealedRow):
    """A known text encrypted under a KEK, to check that the configured KEK is the one of this database."""

    kek_id = models.CharField(primary_key=True, max_length=16)
    first_used_at = models.DateTimeField()

    proves_kek = True

    def __str__(self) -> str:
        return self.kek_id

    @property
    def bound_to(self) -> str:
        return self.kek_id
