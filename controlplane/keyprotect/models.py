"""Keys of Key Protect, their versions, aliases and key rings. Each belongs to a service instance."""

from datetime import datetime

from django.db import models

from controlplane.instances.models import ResourceInstance
from controlplane.kernel.crn import Crn
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


def key_crn(instance: ResourceInstance, identifier: str) -> str:
    return str(Crn(SERVICE, instance.region, instance.account_id, "key", identifier, instance.guid))


def bound_to(version: str) -> str:
    """Return the associated data with which the material of the version is encrypted."""
    return f"kms-key-version:{version}"
