"""Base classes of VPC resources."""

from typing import ClassVar

from django.db import models

from controlplane.kernel.crn import Crn
from trustedprofiles.models import Account, ResourceGroup
from trustedprofiles.policy_columns import Columns, Own, crn_column
from trustedprofiles.tag_rules import CRN


def kind_of(crn_type: str) -> str:
    """Return ``BareMetalServer`` for ``bare-metal-server``."""
    return "".join(map(str.capitalize, crn_type.split("-")))


class Resource(models.Model):
    """A resource with a public id, a name and a creation time; the row number orders lists and is never shown."""

    id = models.CharField(max_length=64, unique=True)
    number = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=63)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class RegionalResource(Resource):
    """A resource of an account, a resource group and a region, with a CRN."""

    crn_type: ClassVar[str]
    location_column: ClassVar[str] = "region"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    resource_group = models.ForeignKey(ResourceGroup, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=16)

    class Meta:
        abstract = True

    @property
    def location(self) -> str:
        """The region or zone in the CRN."""
        return self.region

    @property
    def policy_attributes(self) -> dict[str, str]:
        """The attributes by which a policy may select it, besides account and service: ``vpcId`` of a VPC and so on."""
        return {
            "region": self.region,
            self.id_attribute(): self.id,
            "resourceGroupId": self.resource_group_id,
            CRN: self.crn,
        }

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the same attributes as columns of all rows."""
        return {
            "region": "region",
            cls.id_attribute(): Own(cls),
            "resourceGroupId": Own(cls, "resource_group__id"),
            CRN: crn_column("is", cls.crn_type, location=cls.location_column),
        }

    @classmethod
    def id_attribute(cls) -> str:
        """Return the attribute of policies that contains the id, such as ``bareMetalServerId``."""
        return f"{cls.crn_type[0]}{kind_of(cls.crn_type)[1:]}Id"

    @property
    def crn(self) -> str:
        return str(Crn("is", self.location, self.account_id, self.crn_type, self.id))


class ZonalResource(RegionalResource):
    location_column = "zone"

    zone = models.CharField(max_length=20)

    class Meta:
        abstract = True

    @property
    def location(self) -> str:
        return self.zone
