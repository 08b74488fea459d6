"""``/_baremint/account``: settings of all servers of an account. Only Baremint has this path, IBM Cloud does not."""

from typing import Any, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.fields import StrictBooleanField, StrictSerializer
from controlplane.kernel.operation import Operation
from servers.events import ACCOUNT
from servers.models import AccountSettings
from servers.services.metadata_service import switch_account
from trustedprofiles.api_view import GuardedView

ACTION = "is.bare-metal-server.account-settings"


class AccountMetadataServiceBody(StrictSerializer):
    enabled = StrictBooleanField()


class PatchAccountBody(StrictSerializer):
    metadata_service = AccountMetadataServiceBody(required=False)


class AccountMetadataService(TypedDict):
    enabled: bool


class Account(TypedDict):
    id: str
    name: str
    metadata_service: AccountMetadataService


class OneAccount(GuardedView):
    """The caller's own account."""

    operations = {
        "GET": Operation("get_account", f"{ACTION}.read", f"{ACCOUNT}.read", answer=Account),
        "PATCH": Operation(
            "update_account",
            f"{ACTION}.administer",
            f"{ACCOUNT}.update",
            recorded_by_service=True,
            body=PatchAccountBody,
            answer=Account,
            conflicts=False,
        ),
    }

    def target(self) -> Party:
        return Party(self.caller.account_id, type="Account")

    def get(self, request: Request) -> Response:
        return self.answer(self._body())

    def patch(self, request: Request) -> Response:
        body: dict[str, Any] = self.body
        if switch := body.get("metadata_service"):
            switch_account(self.account, enabled=switch["enabled"], by=Party.of(self.caller))
        return self.answer(self._body())

    def _body(self) -> Account:
        settings = AccountSettings.objects.filter(account=self.account).first()
        enabled = settings is None or settings.metadata_service
        return {"id": self.account.id, "name": self.account.name, "metadata_service": {"enabled": enabled}}
