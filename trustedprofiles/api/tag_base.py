"""What the views of Global Search and Tagging share: the type of tag, and who may (D-25)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rest_framework.request import Request

from controlplane.activity.record import Party, record
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import ApiError, InvalidValue, Refusals, Target
from controlplane.kernel.verdict import Verdict
from trustedprofiles import tagging
from trustedprofiles.api.base import require_own_account
from trustedprofiles.api.pages import one_of
from trustedprofiles.guarded import GuardedView
from trustedprofiles.models import Account
from trustedprofiles.permissions import Operation
from trustedprofiles.selectors import authorize_each


class TaggingView(GuardedView):
    """A view of the tagging or the search API."""

    service_name: ClassVar[str] = "global-search-tagging"
    _about: dict[str, str] | None = None

    @property
    def tag_type(self) -> str:
        """``user`` unless the query says ``access``; service tags are not simulated. Raises InvalidValue."""
        return one_of(self.request, "tag_type", tagging.TYPES) or tagging.USER

    @property
    def operation(self) -> Operation | None:
        """With ``tag_type=access``, the action is the one on access tags."""
        operation = super().operation
        if operation and self.request.GET.get("tag_type") == tagging.ACCESS:
            return replace(operation, action=operation.action.replace("-user-tag", "-access-tag"))
        return operation

    def prepare(self, request: Request) -> None:
        require_own_account(request, self.caller.account_id, required=False)
        one_of(request, "tag_type", tagging.TYPES)

    def admit(self, crns: Sequence[Crn], *, found: Sequence[Crn] = ()) -> list[Verdict]:
        """May the caller do this to each of the resources: by a role on it, or by one on tagging as a whole?

        Sets what the request as a whole is authorised on: it is refused when none of them is allowed. The refusal is
        about the first of ``crns``, which the caller has named, and never about one that was ``found``.
        """
        assert self.operation  # noqa: S101  ``initial`` let the request through
        asked = [{"serviceName": self.service_name}, *map(tagging.attributes_of, (*crns, *found))]
        own = {"accountId": self.caller.account_id}
        overall, *each = authorize_each(
            self.caller, action=self.operation.action, resources=[own | attributes for attributes in asked]
        )
        best = next((number for number, verdict in enumerate(each) if verdict), 0 if crns else None)
        if not overall and best is not None:
            self._about = asked[1 + best]
        return [overall or verdict for verdict in each]

    def resource_attributes(self) -> dict[str, str]:
        return self._about or {}

    @property
    def account(self) -> Account:
        return Account.objects.get(id=self.caller.account_id)

    def failed(self, target: Party, error: ApiError) -> None:
        """Record one failure among several results."""
        assert self.operation  # noqa: S101
        record(
            self.operation.event,
            initiator=Party.of(self.caller),
            target=target,
            account_id=self.caller.account_id,
            error=error,
        )

    def normal_names(self, names: Sequence[str], type: str) -> list[str]:
        """Tag names of the body as they are stored. Raises Refusals naming every one that is none."""
        found, problems = [], []
        for number, name in enumerate(names):
            try:
                found.append(tagging.normal_name(name, type))
            except ValueError as problem:
                problems.append(InvalidValue(str(problem), target=Target(f"tag_names[{number}]")))
        if problems:
            raise Refusals(problems)
        return found
