"""Views that are authenticated, authorised and recorded; each names the IAM action that every method needs."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party, record
from controlplane.kernel import context, envelopes
from controlplane.kernel.awaited_body import require_body
from controlplane.kernel.caller import Caller
from controlplane.kernel.described_view import DescribedView
from controlplane.kernel.errors import (
    ApiError,
    NotAuthorized,
    NotFound,
    ServiceUnavailable,
    Unauthenticated,
)
from controlplane.kernel.verdict import Allowed, Verdict
from trustedprofiles.models import Account
from trustedprofiles.policy_columns import Columns
from trustedprofiles.selectors import authorize, visible
from trustedprofiles.visibility import Visible


class GuardedView(DescribedView):
    """A view that authenticates, authorises and records every method."""

    service_name: ClassVar[str] = "is"
    body_first: ClassVar[bool] = False
    """Whether an invalid body is refused before a missing resource."""

    _caller: Caller | None = None

    @property
    def caller(self) -> Caller:
        """Return the authenticated caller. Raises Unauthenticated before ``initial`` has run."""
        if self._caller is None:
            raise Unauthenticated("The request carries no IAM token. Send Authorization: Bearer <IAM access token>.")
        return self._caller

    @cached_property
    def account(self) -> Account:
        """Return the caller's account."""
        return Account.objects.get(id=self.caller.account_id)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        operation = self.require_operation()
        if isinstance(request.user, Caller):
            self._caller = request.user
        caller = self.caller
        self._keep_lineage()
        self.refuse_unstorable()
        try:
            self.prepare(request)
        except NotFound:
            if self.body_first and operation.body:
                operation.body.check(request.data)
            raise
        resource = {"accountId": caller.account_id, "serviceName": self.service_name, **self.resource_attributes()}
        for action in (operation.action, *operation.also):
            verdict = self.standing() or self._decide(action, resource)
            if not isinstance(verdict, Allowed):
                raise NotAuthorized(verdict.because, more_info=verdict.explanation)
            self._keep_lineage(decided_by=verdict.source)
        require_body(request._request)

    def _decide(self, action: str, resource: Mapping[str, str]) -> Verdict:
        """Decide one action. A list is allowed with any policy on the service, and returns the rows that the caller may
        see."""
        assert self.operation  # noqa: S101  ``initial`` made sure of it
        if self.operation.lists is None or action != self.operation.action:
            return authorize(self.caller, action=action, resource=resource)
        self._listing = visible(self.caller, action=action, resource=resource, columns=self.policy_columns())
        return self._listing.verdict

    _listing: Visible | None = None

    @property
    def listing(self) -> Visible:
        """Return the rows of a list that the caller may see: all of them when ``standing`` allows it."""
        if self._listing is not None:
            return self._listing
        standing = self.standing()
        if standing is None:
            raise LookupError("no policy decided which rows of this list the caller may see")
        return Visible(standing, where=True)

    def policy_columns(self) -> Columns:
        """Return the columns by which policies select rows of a list."""
        assert self.operation  # noqa: S101  only lists call this
        assert self.operation.lists  # noqa: S101
        columns: Columns = self.operation.lists.policy_columns()
        return columns

    def _keep_lineage(self, **decision: str) -> None:
        """Keep the token, the server and the decision for the events of this request. Does nothing for a caller without
        a token."""
        if caller := self._caller if self._caller and self._caller.token_id else None:
            server = caller.compute_resource_crn or caller.assumed_by
            lineage = {"token": caller.token_id, "key": caller.key_id, "server": server, **decision}
            context.lineage.set({name: value for name, value in lineage.items() if value})

    def prepare(self, request: Request) -> None:
        """Do checks and look-ups before authorisation: query parameters, the object itself. May raise ApiError."""

    def resource_attributes(self) -> dict[str, str]:
        """Return the resource's attributes that policies match, besides account and service."""
        return {}

    def standing(self) -> Allowed | None:
        """Return the permission that needs no policy, such as reading one's own API key. None when policies decide."""
        return None

    def target(self) -> Party:
        """Return the target of this view's events; lists name ``*`` (Activity Tracker's convention)."""
        return Party(name="*")

    def event(self) -> str:
        """Return the activity event that the view records: the operation's, unless the object decides."""
        assert self.operation  # noqa: S101  an event is recorded of an operation
        return self.operation.event

    def handle_exception(self, exc: Exception) -> Response:
        error = envelopes.as_api_error(exc)  # once: it logs unexpected exceptions
        response = super().handle_exception(error)
        # An unavailable database could not store the event either.
        if self.operation and self._caller and not isinstance(error, ServiceUnavailable):
            self._record(error)
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        operation = self.operation
        if operation and response.status_code < 400 and not operation.recorded_by_service:
            self._record(None, status=response.status_code)
        return response

    def _record(self, error: ApiError | None, status: int = 200) -> None:
        record(
            self.event(),
            initiator=Party.of(self.caller),
            target=self.target(),
            account_id=self.caller.account_id,
            error=error,
            status=status,
        )
