"""Views that are authenticated, authorised and recorded; each names the IAM action that every method needs."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from controlplane.activity.record import Party, record
from controlplane.kernel import context, envelopes
from controlplane.kernel.awaited_body import require_body
from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import (
    ApiError,
    InvalidValue,
    MethodNotAllowed,
    NotAuthorized,
    NotFound,
    ServiceUnavailable,
    Target,
    Unauthenticated,
)
from controlplane.kernel.text import echoed, is_storable, storable
from controlplane.kernel.verdict import Allowed, Verdict
from trustedprofiles.models import Account
from trustedprofiles.permissions import Operation, Parameter, Schema
from trustedprofiles.policy_columns import Columns
from trustedprofiles.selectors import authorize, visible
from trustedprofiles.visibility import Visible


class GuardedView(APIView):
    """A view that authenticates, authorises and records every method."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    """Without OPTIONS: DRF would describe the view to unauthenticated callers, and ``Allow`` would list it."""
    envelope: ClassVar[Any] = staticmethod(envelopes.vpc)
    """The renderer of refusals: one of controlplane.kernel.envelopes."""
    operations: ClassVar[Mapping[str, Operation]] = {}
    common_query: ClassVar[tuple[Parameter, ...]] = ()
    """Query parameters of every operation of the API."""
    path_ids: ClassVar[Schema] = {"type": "string", "pattern": "^[-0-9A-Za-z]+$", "maxLength": 128}
    """The schema of the ids in its paths."""
    path_parameters: ClassVar[tuple[Parameter, ...]] = ()
    """Path parameters that are neither ids nor names of resources."""
    service_name: ClassVar[str] = "is"
    body_first: ClassVar[bool] = False
    """Whether an invalid body is refused before a missing resource."""
    checks_first = True

    @property
    def operation(self) -> Operation | None:
        method = self.request.method or ""
        # IBM's HEAD of a member is an operation of its own; every other HEAD is a GET without a body.
        operation = self.operations.get(method)
        return self.operations.get("GET") if operation is None and method == "HEAD" else operation

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

    @property
    def body(self) -> dict[str, Any]:
        """Return the request body, checked by the operation. Raises Refusals that name every invalid property."""
        assert self.operation and self.operation.body  # noqa: S101, PT018  only operations with a body use this
        return self.operation.body.check(self.request.data)

    def answer(self, content: Any = None, *, etag: str = "") -> Response:
        """Return a successful response, with the status of the operation."""
        assert self.operation  # noqa: S101  ``initial`` has run
        return Response(content, status=self.operation.status, headers={"ETag": etag} if etag else None)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if (operation := self.operation) is None:
            methods = ", ".join(self.operations)
            few = "one of " if len(self.operations) > 1 else ""
            raise MethodNotAllowed(f"Use {few}{methods} here.", headers={"Allow": methods})
        if isinstance(request.user, Caller):
            self._caller = request.user
        caller = self.caller
        self._keep_lineage()
        self._refuse_unstorable(request)
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

    def _refuse_unstorable(self, request: Request) -> None:
        """Refuse NUL characters: no stored text contains one, and PostgreSQL fails a query that looks for it."""
        if not all(is_storable(str(value)) for value in self.kwargs.values()):
            raise NotFound("The resource is not found: the path contains a NUL character.")
        for name, values in request.GET.lists():
            if not all(map(is_storable, (name, *values))):
                raise InvalidValue(
                    "A query parameter contains a NUL character. Remove it.",
                    target=Target(echoed(storable(name)), "parameter"),
                )

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
