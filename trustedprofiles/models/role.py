"""Custom roles: actions of one service under a name of the account's choice."""

from django.db import models
from django.db.models import Value
from django.db.models.functions import Cast, Replace

from trustedprofiles.models.account import Account
from trustedprofiles.models.revision import Revisioned
from trustedprofiles.policy_columns import Columns, Constant


class CustomRole(Revisioned):
    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="custom_roles")
    name = models.CharField(max_length=30, help_text="The role's name in its CRN.")
    display_name = models.CharField(max_length=50)
    description = models.CharField(max_length=250, blank=True)
    service_name = models.CharField(max_length=64)
    actions = models.JSONField(help_text="Action ids of the service.")
    created_at = models.DateTimeField()
    created_by_id = models.CharField(max_length=128)
    last_modified_at = models.DateTimeField()
    last_modified_by_id = models.CharField(max_length=128)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="role_name_per_account")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def policy_attributes(self) -> dict[str, str]:
        """Return the attributes that a policy may select it by, besides account and service."""
        return {"resourceType": "customRole", "resource": self.id.hex}

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the attributes of ``policy_attributes`` as columns of all rows."""
        in_hex = Replace(Cast("id", models.CharField()), Value("-"), Value(""))
        return {"resourceType": Constant("customRole"), "resource": in_hex}

    @property
    def crn(self) -> str:
        return f"crn:v1:ibmcloud:public:iam-access-management::a/{self.account_id}::customRole:{self.name}"
