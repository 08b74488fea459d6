"""Claim rules: the conditions under which a resource may use a trusted profile."""

from django.db import models

from trustedprofiles.models.link import ProfileLink
from trustedprofiles.models.profile import TrustedProfile
from trustedprofiles.models.revision import Revisioned


class ClaimRule(Revisioned):
    """Conditions on claims, all of which must hold. ``conditions`` is ``[{"claim", "operator", "value"}, ...]``."""

    class Type(models.TextChoices):
        SAML = "Profile-SAML"
        COMPUTE_RESOURCE = "Profile-CR"

    id = models.CharField(primary_key=True, max_length=64, help_text="ClaimRule-<uuid>")
    profile = models.ForeignKey(TrustedProfile, on_delete=models.CASCADE, related_name="rules")
    type = models.CharField(max_length=16, choices=Type)
    name = models.CharField(max_length=255, blank=True)
    cr_type = models.CharField(max_length=8, choices=ProfileLink.CrType, blank=True)
    realm_name = models.CharField(max_length=255, blank=True)
    expiration = models.PositiveIntegerField(default=0, help_text="Seconds of a SAML session.")
    conditions = models.JSONField()
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name or self.id
