"""One call of a verified caller to a service: IAM's decisions on it, and its activity events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from controlplane.activity.record import Party, record
from controlplane.cloudservice import iam
from controlplane.cloudservice.iam import Decision
from controlplane.cloudservice.tokens import Bearer
from controlplane.kernel.errors import ApiError


@dataclass
class ServiceCall:
    service_name: str
    request: HttpRequest
    bearer: Bearer

    @property
    def account_id(self) -> str:
        return self.bearer.account_id

    @property
    def by(self) -> Party:
        return self.bearer.party

    def resource(self, attributes: Mapping[str, str]) -> dict[str, str]:
        """Return a resource of the account, by the attributes that policies select by."""
        return {"serviceName": self.service_name, "accountId": self.account_id, **attributes}

    def ask(self, action: str, attributes: Mapping[str, str]) -> Decision:
        """Return IAM's decision on a resource, which may be a refusal. Raises Unauthenticated or IamUnavailable."""
        return iam.ask(action, resource=self.resource(attributes), token=self.bearer.token)

    def ask_each(self, action: str, resources: Sequence[Mapping[str, str]]) -> list[Decision]:
        """Return IAM's decision on each resource. Raises Unauthenticated or IamUnavailable."""
        return iam.ask_each(action, resources=list(map(self.resource, resources)), token=self.bearer.token)

    def require(self, action: str, attributes: Mapping[str, str]) -> None:
        """Raise NotAuthorized with IAM's reason and the URL of its explanation unless IAM allows the action. Also
        raises Unauthenticated or IamUnavailable."""
        self.ask(action, attributes).require()

    def record_event(
        self,
        event: str,
        target: Party,
        *,
        status: int = 200,
        error: ApiError | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Record an event of the caller in its account. ``error`` makes it a refusal, with its explanation."""
        record(
            event,
            initiator=self.by,
            target=target,
            account_id=self.account_id,
            status=status,
            error=error,
            data=data,
        )
