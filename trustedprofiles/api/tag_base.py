"""The common base of the views of Global Search and Tagging: the type of tag, and authorisation (D-25)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rest_framework.request import Request

from controlplane.activity.record import Party, record
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import ApiError, InvalidValue, Refusals, Target
from controlplane.kernel.operation import BOOLEAN, Operation, Parameter, choices
from controlplane.kernel.query_parameters import one_of
from controlplane.kernel.verdict import Verdict
from trustedprofiles import tag_rules
from trustedprofiles.api.base import require_own_account
from trustedprofiles.api.pagination import DIRECTIONS
from trustedprofiles.api_view import GuardedView
from trustedprofiles.search_query import SearchQuery
from trustedprofiles.selectors import authorize_each, tagged_resources

READ = "global-search-tagging.resource.read"
TAG_TYPE = Parameter("tag_type", "Which tags; user tags unless it says so.", choices(*tag_rules.TYPES))
TIMEOUT = Parameter("timeout", "Changes nothing: answers do not time out.")
PROVIDER = "ghost"
"""IBM's name for Global Search and Tagging; ``ims``, classic infrastructure, has no tags here."""
FULL_DATA = Parameter("full_data", "Nothing more is known of a tag than its name: changes nothing.")
PROVIDERS = Parameter("providers", "Where tags are kept: `ghost` here; `ims`, classic infrastructure, has none.")
ATTACHED_TO = Parameter("attached_to", "Only tags on the resource with this CRN.")
ATTACHED_ONLY = Parameter("attached_only", "Only tags that are on a resource.", BOOLEAN)
ORDER_BY_NAME = Parameter("order_by_name", "Direction of the order, which is by name.", choices(*DIRECTIONS))


class TaggingView(GuardedView):
    """A view of the tagging or the search API."""

    service_name: ClassVar[str] = "global-search-tagging"
    _about: dict[str, str] | None = None

    @property
    def tag_type(self) -> str:
        """Return ``user`` unless the query asks for ``access``; service tags are not simulated. Raises InvalidValue."""
        return one_of(self.request.GET, TAG_TYPE, tag_rules.TYPES) or tag_rules.USER

    @property
    def operation(self) -> Operation | None:
        """Return the operation; with ``tag_type=access``, its action is the one on access tags."""
        operation = super().operation
        if operation and self.request.GET.get(TAG_TYPE) == tag_rules.ACCESS:
            return replace(operation, action=operation.action.replace("-user-tag", "-access-tag"))
        return operation

    def prepare(self, request: Request) -> None:
        require_own_account(request, self.caller.account_id, required=False)
        one_of(request.GET, TAG_TYPE, tag_rules.TYPES)

    def found(self, wanted: SearchQuery) -> tuple[list[Crn], list[Crn]]:
        """Return the account's tagged resources that a query finds, and its resources that the query names by CRN."""
        tagged = tagged_resources(self.caller.account_id, wanted)
        return list(map(Crn.parse, tagged)), [crn for text in dict.fromkeys(wanted.crn) if (crn := self._own(text))]

    def _own(self, text: str) -> Crn | None:
        try:
            crn = tag_rules.parse_resource(text)
        except ValueError:
            return None
        return crn if crn.account_id == self.caller.account_id else None

    def admit(self, crns: Sequence[Crn], *, found: Sequence[Crn] = ()) -> list[Verdict]:
        """Decide for each of the resources whether the caller may do this, by a role on it or on tagging as a whole.

        Also sets the resource that the whole request is authorised on: it is refused when none of them is allowed. The
        error is about the first of ``crns``, which the caller has named, and never about one that was ``found``.
        """
        assert self.operation  # noqa: S101  ``initial`` let the request through
        everything = (*crns, *found)
        overall, each = self._decide_each(self.operation.action, everything)
        best = next((number for number, verdict in enumerate(each) if verdict), 0 if crns else None)
        if not overall and best is not None:
            self._about = tag_rules.attributes_of(everything[best])
        return [overall or verdict for verdict in each]

    def readable(self, crns: Sequence[Crn]) -> list[Crn]:
        """Return those of the resources that the caller may search for."""
        overall, each = self._decide_each(READ, crns)
        return [crn for crn, verdict in zip(crns, each, strict=True) if overall or verdict]

    def _decide_each(self, action: str, crns: Sequence[Crn]) -> tuple[Verdict, list[Verdict]]:
        """Return the verdict about tagging as a whole, and the verdicts about each of the resources."""
        resources = [{"serviceName": self.service_name}, *map(tag_rules.attributes_of, crns)]
        own = {"accountId": self.caller.account_id}
        overall, *each = authorize_each(
            self.caller, action=action, resources=[own | attributes for attributes in resources]
        )
        return overall, each

    def resource_attributes(self) -> dict[str, str]:
        return self._about or {}

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
        """Return the tag names of the body as they are stored. Raises Refusals that name every invalid one."""
        normal, problems = [], []
        for number, name in enumerate(names):
            try:
                normal.append(tag_rules.normal_name(name, type))
            except ValueError as problem:
                problems.append(InvalidValue(str(problem), target=Target(f"tag_names[{number}]")))
        if problems:
            raise Refusals(problems)
        return normal
