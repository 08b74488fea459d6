"""The base class of resources of IAM: each has a CRN, by which tags and policies name it."""

from typing import ClassVar

from django.db import models

from controlplane.kernel.crn import Crn
from trustedprofiles.policy_columns import Columns, Constant, Own, crn_column
from trustedprofiles.tag_rules import CRN


class IamResource(models.Model):
    """A resource of an account, by default of IAM's identity service."""

    id: "models.CharField[str, str]"
    name: "models.CharField[str, str]"
    account_id: str
    crn_service: ClassVar[str] = "iam-identity"
    crn_location: ClassVar[str] = ""
    crn_type: ClassVar[str]

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def crn(self) -> str:
        return str(Crn(self.crn_service, self.crn_location, self.account_id, self.crn_type, self.id))

    @property
    def policy_attributes(self) -> dict[str, str]:
        """Return the attributes that a policy may select it by, besides account and service."""
        return {"resourceType": self.crn_type, "resource": self.id, CRN: self.crn}

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the attributes of ``policy_attributes`` as columns of all rows."""
        crn = crn_column(cls.crn_service, cls.crn_type)
        return {"resourceType": Constant(cls.crn_type), "resource": Own(cls), CRN: crn}
