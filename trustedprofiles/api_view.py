"""Views that are authenticated, authorised and recorded: each names, per method, the IAM action it needs."""

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
from trustedprofiles.permissions import Operation
from trustedprofiles.policy_columns import Columns
from trustedprofiles.selectors import authorize, visible
from trustedprofiles.visibility import Visible


class GuardedView(APIView):
    """A view whose every method is authenticated, authorised and recorded."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    """No OPTIONS: DRF would describe the view to whoever asks, and ``Allow`` would offer it."""
    envelope: ClassVar[Any] = staticmethod(envelopes.vpc)
    """How a refusal is rendered: one of controlplane.kernel.envelopes."""
    operations: ClassVar[Mapping[str, Operation]] = {}
    service_name: ClassVar[str] = "is"
    body_first: ClassVar[bool] = False
    """Whether a body that is wrong is refused before what the path names is said to be missing."""
    checks_first = True

    @property
    def operation(self) -> Operation | None:
        method = self.request.method or ""
        own = self.operations.get(method)  # IBM's HEAD of a member is an operation; every other is a GET without body
        return self.operations.get("GET") if own is None and method == "HEAD" else own

    _caller: Caller | None = None

    @property
    def caller(self) -> Caller:
        """The authenticated caller; only to be asked after ``initial`` let the request through."""
        if self._caller is None:
            raise Unauthenticated("The request carries no IAM token. Send Authorization: Bearer <IAM access token>.")
        return self._caller

    @cached_property
    def account(self) -> Account:
        """The caller's."""
        return Account.objects.get(id=self.caller.account_id)

    @property
    def body(self) -> dict[str, Any]:
        """The request body, read as the operation says. Raises Refusals naming every property at fault."""
        assert self.operation and self.operation.body  # noqa: S101, PT018  an operation that takes one says so
        return self.operation.body.check(self.request.data)

    def answer(self, content: Any = None, *, etag: str = "") -> Response:
        """A success, with the operation's own status."""
        assert self.operation  # noqa: S101  ``initial`` let the request through
        return Response(content, status=self.operation.status, headers={"ETag": etag} if etag else None)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if (operation := self.operation) is None:
            allowed = ", ".join(self.operations)
            few = "one of " if len(self.operations) > 1 else ""
            raise MethodNotAllowed(f"Use {few}{allowed} here.", headers={"Allow": allowed})
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
        """Of a list: whether it is for the caller at all. It answers with the rows that the caller may see."""
        assert self.operation  # noqa: S101  ``initial`` made sure of it
        if self.operation.lists is None or action != self.operation.action:
            return authorize(self.caller, action=action, resource=resource)
        self._listing = visible(self.caller, action=action, resource=resource, columns=self.policy_columns())
        return self._listing.verdict

    _listing: Visible | None = None

    @property
    def listing(self) -> Visible:
        """Which rows the caller may see of a list. All of them where the caller has a standing."""
        if self._listing is not None:
            return self._listing
        standing = self.standing()
        if standing is None:
            raise LookupError("no policy was asked which rows of this list are the caller's to see")
        return Visible(standing, where=True)

    def policy_columns(self) -> Columns:
        """What policies tell the rows of a list apart by."""
        assert self.operation  # noqa: S101  lists alone ask
        assert self.operation.lists  # noqa: S101
        columns: Columns = self.operation.lists.policy_columns()
        return columns

    def _keep_lineage(self, **decision: str) -> None:
        """By what right the caller acts, for the events of this request; of a caller without a token, nothing."""
        if caller := self._caller if self._caller and self._caller.token_id else None:
            server = caller.compute_resource_crn or caller.assumed_by
            known = {"token": caller.token_id, "key": caller.key_id, "server": server, **decision}
            context.lineage.set({name: value for name, value in known.items() if value})

    def _refuse_unstorable(self, request: Request) -> None:
        """No stored text holds a NUL character, and PostgreSQL fails a query that looks for one."""
        if not all(is_storable(str(value)) for value in self.kwargs.values()):
            raise NotFound("The resource is not found: the path contains a NUL character.")
        for name, values in request.GET.lists():
            if not all(map(is_storable, (name, *values))):
                raise InvalidValue(
                    "A query parameter contains a NUL character. Remove it.",
                    target=Target(echoed(storable(name)), "parameter"),
                )

    def prepare(self, request: Request) -> None:
        """Checks and look-ups before authorisation: query parameters, the object itself. May raise ApiError."""

    def resource_attributes(self) -> dict[str, str]:
        """What a policy's resource attributes are matched against, beside account and service."""
        return {}

    def standing(self) -> Allowed | None:
        """What the caller may do here without any policy, such as reading its own API key. None: policies decide."""
        return None

    def target(self) -> Party:
        """The target of this view's events; lists name ``*`` (Activity Tracker's convention)."""
        return Party(name="*")

    def event(self) -> str:
        """The activity event of what the view records itself; the operation's, unless the object decides."""
        assert self.operation  # noqa: S101  an event is recorded of an operation
        return self.operation.event

    def handle_exception(self, exc: Exception) -> Response:
        error = envelopes.as_api_error(exc)  # once: it logs what was not foreseen
        response = super().handle_exception(error)
        # A database that cannot be used would keep no event either.
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
