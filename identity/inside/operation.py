"""The base of all operations of the metadata service: the caller, its permission, one answer, one event."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial
from typing import Any

import structlog
from django.http import HttpRequest, JsonResponse, QueryDict

from controlplane.activity.record import record
from controlplane.kernel import clock, envelopes
from controlplane.kernel.awaited_body import require_body
from controlplane.kernel.errors import (
    ApiError,
    MethodNotAllowed,
    ServiceUnavailable,
    Target,
    Unauthenticated,
    Unauthorized,
    UnknownField,
)
from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.operation import Parameter
from controlplane.kernel.redaction import conceal_values
from controlplane.kernel.route_spec import RouteSpec
from controlplane.kernel.text import echoed, storable
from controlplane.kernel.versioning import parse_version, refuse_future
from identity import metadata_access
from identity.inside.caller_address import server_facts, server_of
from identity.services.guarded_event import ServerChanged, retry_once, server_party
from servers.api.base import version_parameter
from trustedprofiles import explain_urls

log = structlog.get_logger(__name__)

EARLIEST_VERSION = date(2022, 3, 1)

QUERY = (
    version_parameter(EARLIEST_VERSION),
    *(Parameter(name, "Changes nothing.", {"type": "string"}) for name in ("generation", "maturity")),
)
"""The query parameters. ``generation`` and ``maturity``, which clients of the VPC API and of its beta send, change
nothing here."""
KNOWN_PARAMETERS = frozenset(QUERY)

metadata_route = partial(
    RouteSpec, tag="Metadata service", query=QUERY, security="IdentityToken", refusals=(400, 401, 403, 500)
)

Handler = Callable[..., Mapping[str, Any]]
"""Answers an operation, given the request, the ServerFacts and the parameters of the path."""


class MetadataOperation:
    """A view of one operation. Refusals are decided by facts that were just read, never by remembered ones."""

    csrf_exempt = True  # no cookies here: the network identifies the caller
    checks_first = True

    def __init__(self, spec: RouteSpec, event: str, handler: Handler) -> None:
        self.specs = (spec,)
        self.method = spec.method
        self.event = event
        self.handler = handler
        self.__name__ = handler.__name__

    def __call__(self, request: HttpRequest, **path: str) -> JsonResponse:
        facts: ServerFacts | None = None

        def attempt() -> Mapping[str, Any]:
            try:
                return self._answer(request, facts, path)
            except ApiError:  # it may have been decided by remembered facts that are no longer true
                if facts == server_facts(number, seconds=0):
                    raise
                raise ServerChanged from None

        def again() -> Mapping[str, Any]:
            nonlocal facts
            facts = server_facts(number, seconds=0)
            return self._answer(request, facts, path)

        try:
            number = server_of(request)
            facts = server_facts(number)
            # The caller is identified first: a page on the server that was tricked into calling here sends a GET.
            if request.method != self.method:
                raise MethodNotAllowed(f"Use {self.method} here.", headers={"Allow": self.method})
            return JsonResponse(retry_once(number, attempt, again=again))
        except Exception as failure:
            error = envelopes.as_api_error(failure)
            if isinstance(error, Unauthenticated):
                # Nothing is stored in the database for an unauthenticated caller, whichever server it called.
                log.warning("token refused", server=facts.id if facts else "", reason=error.message)
            elif facts is not None and not isinstance(error, ServiceUnavailable):  # no event could be stored either
                self._record(facts, error)
            return envelopes.json_response(error)

    def _answer(self, request: HttpRequest, facts: ServerFacts | None, path: Mapping[str, str]) -> Mapping[str, Any]:
        server = require_metadata_access(facts, request)
        version_of(request)
        require_body(request)
        return self.handler(request, server, **path)

    def _record(self, facts: ServerFacts, error: ApiError) -> None:
        server = server_party(facts)
        record(self.event, initiator=server, target=server, account_id=facts.account_id, error=error)


class OperationsByMethod:
    """A path with more than one operation. The first one refuses any other method, and names those that there are."""

    csrf_exempt = True
    checks_first = True

    def __init__(self, *operations: MetadataOperation) -> None:
        self.operations = {each.method: each for each in operations}
        self.specs = [spec for each in operations for spec in each.specs]
        first = operations[0]
        self.otherwise = MetadataOperation(
            replace(*first.specs, method=", ".join(self.operations)), first.event, first.handler
        )
        self.__name__ = first.__name__

    def __call__(self, request: HttpRequest) -> JsonResponse:
        return self.operations.get(request.method or "", self.otherwise)(request)


def version_of(request: HttpRequest) -> date:
    """Return the requested version date.

    Raises the errors of ``parse_version`` and ``refuse_future``, and UnknownField for a parameter that no operation
    takes.
    """
    version = _check_query(request.META["QUERY_STRING"])
    refuse_future(version, now=clock.latest())
    return version


@lru_cache(maxsize=1024)
def _check_query(text: str) -> date:
    query = QueryDict(text)
    version = parse_version(query, earliest=EARLIEST_VERSION)
    for name in query:
        if name not in KNOWN_PARAMETERS:
            echo = echoed(storable(conceal_values(name)))
            raise UnknownField(  # without the value, which may be a token
                f"{echo} is not a parameter of the metadata service. It takes {', '.join(sorted(KNOWN_PARAMETERS))}.",
                target=Target(echo, "parameter"),
            )
    return version


def require_metadata_access(facts: ServerFacts | None, request: HttpRequest) -> ServerFacts:
    """Return the server if its metadata service answers this request. Raises Unauthorized when it does not."""
    if facts is None:
        raise Unauthorized("There is no server at this address. List them with: baremint info")
    if not (verdict := metadata_access.may_use_metadata(facts)):
        raise Unauthorized(verdict.because, more_info=explain_urls.server_url(facts.crn))
    if request.scheme != facts.metadata_protocol:
        raise Unauthorized(
            f"The metadata service of this server answers {facts.metadata_protocol} only. "
            f"Use {facts.metadata_protocol}, or change metadata_service.protocol."
        )
    return facts
