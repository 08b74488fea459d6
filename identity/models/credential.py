"""API keys and the refresh tokens of their sessions, both stored as hashes, and encrypted values of API keys."""

from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Left, Substr
from django.db.models.lookups import Exact

from controlplane.kernel.crn import Crn
from controlplane.sealing.rows import SealedRow
from trustedprofiles.models import Account
from trustedprofiles.models.revision import Revisioned
from trustedprofiles.models.service_id import IAM_ID_PREFIX, is_service_id
from trustedprofiles.policy_columns import Choice, Columns, Own, crn_column
from trustedprofiles.tag_rules import CRN

OF_SERVICE_ID = Exact(Left("iam_id", len(IAM_ID_PREFIX)), IAM_ID_PREFIX)


class KeyOrServiceId(Own):
    """The id that a policy selects an API key by: its own, or that of the service ID that it belongs to."""

    kinds = ("serviceid", "apikey")

    def named(self, suffix: str, value: Any) -> Q:
        iam_id = [f"iam-{each}" for each in value] if isinstance(value, list) else f"iam-{value}"
        of_service_id = Q(OF_SERVICE_ID)
        return of_service_id & Q(**{f"iam_id{suffix}": iam_id}) | ~of_service_id & Q(**{f"id{suffix}": value})

    def crn(self, row: "ApiKey") -> str:
        return row.policy_attributes[CRN]


class ApiKey(Revisioned):
    """A long random value that stands for a user or a service ID. SHA-256 suffices: 256 random bits cannot be guessed.
    A caller who supplies the value must make it as random."""

    class LeakAction(models.TextChoices):
        NONE = "none"
        DISABLE = "disable"
        DELETE = "delete"

    id = models.CharField(primary_key=True, max_length=64, help_text="ApiKey-<uuid>")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys")
    iam_id = models.CharField(max_length=128, db_index=True)
    name = models.CharField(max_length=255)
    description = models.CharField(max_length=1000, blank=True)
    sha256 = models.CharField(max_length=64, unique=True)
    locked = models.BooleanField(default=False)
    disabled = models.BooleanField(default=False)
    support_sessions = models.BooleanField(default=False)
    action_when_leaked = models.CharField(max_length=8, choices=LeakAction, default=LeakAction.DISABLE)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=128)
    modified_at = models.DateTimeField()

    class Meta:
        verbose_name = "API key"
        indexes = [models.Index(fields=["account", "created_at", "id"], name="api_key_oldest")]

    def __str__(self) -> str:
        return self.name

    @property
    def policy_attributes(self) -> dict[str, str]:
        """Return the attributes that a policy may select the key by, beside account and service.

        A service ID's key counts as the service ID (D-72).
        """
        if is_service_id(self.iam_id):
            id = self.iam_id.removeprefix("iam-")
            crn = str(Crn("iam-identity", "", self.account_id, "serviceid", id))
            return {"resourceType": "serviceid", "resource": id, CRN: crn}
        return {"resourceType": "apikey", "resource": self.id, CRN: self.crn}

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the attributes of ``policy_attributes`` as columns of all rows."""
        service_id = Substr("iam_id", len("iam-") + 1)

        def either(serviceid: Combinable, apikey: Combinable) -> Case:
            return Case(When(OF_SERVICE_ID, then=serviceid), default=apikey, output_field=models.CharField())

        return {
            "resourceType": Choice(("serviceid", "apikey"), either(Value("serviceid"), Value("apikey"))),
            "resource": KeyOrServiceId(cls, either(service_id, F("id"))),
            CRN: either(crn_column("iam-identity", "serviceid", id=service_id), crn_column("iam-identity", "apikey")),
        }

    @property
    def crn(self) -> str:
        return str(Crn("iam-identity", "", self.account_id, "apikey", self.id))


class StoredValue(SealedRow):
    """The value of an API key of a service ID whose creator asked for it to be stored, encrypted under the KEK."""

    api_key = models.OneToOneField(ApiKey, on_delete=models.CASCADE, primary_key=True, related_name="stored_value")

    def __str__(self) -> str:
        return self.api_key_id

    @property
    def bound_to(self) -> str:
        return self.api_key_id


class RefreshToken(models.Model):
    """A session that an API key opened for a client: valid for new access tokens until it expires or the key is
    deleted."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="refresh_tokens")
    client_id = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.client_id}: {self.api_key_id}"
