"""What Key Protect stores: keys, their versions, aliases and policies, key rings, and what an instance has.

Each belongs to a service instance.
"""

from datetime import datetime

from django.db import models

from controlplane.instances.models import ResourceInstance
from controlplane.kernel.crn import Crn
from controlplane.keyprotect.policies import INSTANCE_POLICIES, KEY_POLICIES
from controlplane.keyprotect.states import State, state_at
from controlplane.sealing.rows import SealedRow

SERVICE = "kms"
DEFAULT_RING = "default"
STATES = [(state.value, state.word) for state in State]


class KeyRing(models.Model):
    """A key ring that was created. The ring ``default`` is in every instance and has no row."""

    instance = models.ForeignKey(ResourceInstance, on_delete=models.PROTECT, related_name="key_rings")
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=255, help_text="IAM id.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "name"], name="keyprotect_ring_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Key(models.Model):
    """A root key or a standard key. The row of a destroyed one stays until it is purged."""

    instance = models.ForeignKey(ResourceInstance, on_delete=models.PROTECT, related_name="keys")
    identifier = models.CharField(max_length=36, unique=True, help_text="UUID, also of its first version.")
    name = models.CharField(max_length=90)
    folded_name = models.CharField(max_length=270, help_text="The name for searches, without upper case.")
    description = models.CharField(max_length=240, blank=True)
    tags = models.JSONField(default=list)
    extractable = models.BooleanField(help_text="Whether it is a standard key, whose material the API answers with.")
    imported = models.BooleanField()
    bits = models.PositiveIntegerField(help_text="Length of its material.")
    ring = models.ForeignKey(
        KeyRing, on_delete=models.PROTECT, null=True, related_name="keys", help_text="Empty for the ring default."
    )
    version = models.CharField(max_length=36, help_text="Id of the latest version.")
    state = models.PositiveSmallIntegerField(choices=STATES, default=State.ACTIVE.value)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=255, help_text="IAM id.")
    updated_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.CharField(max_length=255, blank=True)
    set_for_deletion_at = models.DateTimeField(null=True)
    set_for_deletion_by = models.CharField(max_length=255, blank=True, help_text="IAM id.")
    synchronized_at = models.DateTimeField(null=True)
    encrypted_nonce = models.CharField(max_length=64, blank=True, help_text="Of its creation with an import token.")
    import_iv = models.CharField(max_length=24, blank=True, help_text="Of its creation with an import token.")

    class Meta:
        indexes = [
            models.Index(fields=["instance", "identifier"], name="keyprotect_key_order"),
            models.Index(
                fields=["expires_at"],
                name="keyprotect_key_to_expire",
                condition=models.Q(state=State.ACTIVE.value, expires_at__isnull=False),
            ),
            models.Index(
                fields=["deleted_at"],
                name="keyprotect_key_to_purge",
                condition=models.Q(state=State.DESTROYED.value),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def crn(self) -> str:
        return key_crn(self.instance, self.identifier)

    def state_at(self, now: datetime) -> State:
        """Return the state at an instant: the stored one may be late."""
        return state_at(State(self.state), self.expires_at, now)

    @property
    def ring_name(self) -> str:
        return self.ring.name if self.ring else DEFAULT_RING


class KeyVersion(SealedRow):
    """The material of a key since its creation or one of its rotations, encrypted under the KEK."""

    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="versions")
    identifier = models.CharField(max_length=36, unique=True)
    number = models.PositiveIntegerField(help_text="1 for the first.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "number"], name="keyprotect_version_number"),
        ]

    def __str__(self) -> str:
        return self.identifier

    @property
    def bound_to(self) -> str:
        return bound_to(self.identifier)


class KeyAlias(models.Model):
    """Another name of a key, unique in the instance."""

    instance = models.ForeignKey(ResourceInstance, on_delete=models.PROTECT, related_name="key_aliases")
    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=90)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=255, help_text="IAM id.")

    class Meta:
        verbose_name_plural = "key aliases"
        constraints = [
            models.UniqueConstraint(fields=["instance", "name"], name="keyprotect_alias_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Policy(models.Model):
    """Who set a policy, and when."""

    enabled = models.BooleanField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=255, help_text="IAM id.")
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=255, help_text="IAM id.")

    class Meta:
        abstract = True


class KeyPolicy(Policy):
    """A policy of a key."""

    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="policies")
    kind = models.CharField(max_length=32, choices=[(kind, kind) for kind in KEY_POLICIES])
    interval_months = models.PositiveSmallIntegerField(null=True, help_text="Of a rotation; a month has 30 days.")
    due_at = models.DateTimeField(null=True, help_text="When an enabled rotation is due.")

    class Meta:
        verbose_name_plural = "key policies"
        constraints = [
            models.UniqueConstraint(fields=["key", "kind"], name="keyprotect_policy_of_key"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="keyprotect_policy_due", condition=models.Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.kind


class InstancePolicy(Policy):
    """A policy of an instance."""

    instance = models.ForeignKey(ResourceInstance, on_delete=models.PROTECT, related_name="key_protect_policies")
    kind = models.CharField(max_length=32, choices=[(kind, kind) for kind in INSTANCE_POLICIES])
    attributes = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "instance policies"
        constraints = [
            models.UniqueConstraint(fields=["instance", "kind"], name="keyprotect_policy_of_instance"),
        ]

    def __str__(self) -> str:
        return self.kind


class ImportToken(SealedRow):
    """A pair of RSA keys with which material is imported. The private key is encrypted under the KEK."""

    instance = models.OneToOneField(ResourceInstance, on_delete=models.PROTECT, related_name="import_token")
    identifier = models.CharField(max_length=36, unique=True)
    public_key = models.TextField(help_text="PEM.")
    challenge = models.BinaryField(help_text="The nonce that who imports a key encrypts with it.")
    most_retrievals = models.PositiveIntegerField()
    retrievals = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=255, help_text="IAM id.")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.identifier

    @property
    def bound_to(self) -> str:
        return token_bound_to(self.identifier)


class Registration(models.Model):
    """A resource of another service that a root key protects."""

    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="registrations")
    resource_crn = models.CharField(max_length=512)
    description = models.CharField(max_length=240, blank=True)
    prevents_deletion = models.BooleanField(default=False)
    version = models.ForeignKey(
        KeyVersion, on_delete=models.CASCADE, related_name="registrations", help_text="The key version that it uses."
    )
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=255, help_text="IAM id of the service.")
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=255, help_text="IAM id of the service.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "resource_crn"], name="keyprotect_registered_resource"),
        ]

    def __str__(self) -> str:
        return self.resource_crn


def key_crn(instance: ResourceInstance, identifier: str) -> str:
    return str(Crn(SERVICE, instance.region, instance.account_id, "key", identifier, instance.guid))


def bound_to(version: str) -> str:
    """Return the associated data with which the material of the version is encrypted."""
    return f"kms-key-version:{version}"


def token_bound_to(token: str) -> str:
    """Return the associated data with which the private key of the import token is encrypted."""
    return f"kms-import-token:{token}"
