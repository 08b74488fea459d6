"""Links: the compute resources that a trusted profile names."""

from django.db import models

from trustedprofiles.models.profile import TrustedProfile


class ProfileLink(models.Model):
    """A compute resource, identified by type and CRN only, that may use the profile."""

    class CrType(models.TextChoices):
        VSI = "VSI"
        PVS = "PVS"
        BMS = "BMS"
        IKS_SA = "IKS_SA"
        ROKS_SA = "ROKS_SA"
        CE = "CE"

    id = models.CharField(primary_key=True, max_length=64, help_text="link-<uuid>")
    profile = models.ForeignKey(TrustedProfile, on_delete=models.CASCADE, related_name="links")
    cr_type = models.CharField(max_length=8, choices=CrType)
    crn = models.CharField(max_length=255)
    namespace = models.CharField(max_length=255, blank=True)
    resource_name = models.CharField(max_length=255, blank=True)
    component_type = models.CharField(max_length=255, blank=True)
    component_name = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    is_cross_account = models.BooleanField(default=False)
    revision_hash = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["crn"], name="link_crn")]
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "cr_type", "crn", "namespace", "resource_name", "component_type", "component_name"],
                name="link_once_per_profile",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.crn

    @property
    def entity_tag(self) -> str:
        return f"1-{self.revision_hash}"
