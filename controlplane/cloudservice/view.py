"""The view of a JSON service: it authenticates the caller, asks IAM, and records every method."""

from functools import cached_property
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.cloudservice import tokens
from controlplane.cloudservice.declaration import CloudService
from controlplane.cloudservice.service_call import ServiceCall
from controlplane.instances.models import ResourceInstance
from controlplane.instances.selectors import default_instance, find_instance
from controlplane.kernel import clock, envelopes
from controlplane.kernel.awaited_body import require_body
from controlplane.kernel.described_view import DescribedView
from controlplane.kernel.errors import (
    ApiError,
    MissingValue,
    ServiceUnavailable,
    Target,
    Unauthenticated,
    existing,
)
from controlplane.kernel.operation import Operation, Parameter

LONGEST_INSTANCE = 512


class ServiceView(DescribedView):
    """A view of one service. Nothing about an instance or what is in it is revealed before IAM has decided."""

    service: ClassVar[CloudService]
    service_name: ClassVar[str]
    authentication_classes = ()
    permission_classes = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if (service := vars(cls).get("service")) is not None:
            cls.service_name = service.name
            if service.instance_header:
                description = "The service instance, by its GUID or CRN."
                header = Parameter(service.instance_header, description, required=not service.default_instance)
                cls.common_headers = (header, *(each for each in cls.common_headers if each != header))

    _call: ServiceCall | None = None

    @property
    def call(self) -> ServiceCall:
        """Return the call of the verified caller. Raises Unauthenticated before ``initial`` has run."""
        if self._call is None:
            raise Unauthenticated("The request carries no token. Send Authorization: Bearer <IAM access token>.")
        return self._call

    @cached_property
    def requested_instance(self) -> str:
        """The GUID or CRN that the request names; the GUID of the account's default instance, or empty, without one.

        Raises MissingValue when the service needs one.
        """
        header = self.service.instance_header
        if self._named_instance:
            return self._named_instance
        if self.service.default_instance:
            return self.instance_row.guid if self.instance_row else ""
        if header:
            raise MissingValue(f"Send {header} with the GUID of an instance.", target=Target(header, "header"))
        return ""

    @cached_property
    def _named_instance(self) -> str:
        header = self.service.instance_header
        return self.request.headers.get(header, "")[:LONGEST_INSTANCE] if header else ""

    @cached_property
    def instance_row(self) -> ResourceInstance | None:
        if self._named_instance:
            return find_instance(self.call.account_id, self.service.name, self._named_instance)
        if self.service.default_instance:
            return default_instance(self.call.account_id, self.service.name)
        return None

    @property
    def instance(self) -> ResourceInstance:
        """Return the instance that the request is about. Raises NotFound."""
        return existing(self.instance_row, "The service instance is not found.")

    def resource_attributes(self) -> dict[str, str]:
        """Return the attributes of the resource that policies match, besides account, service and instance."""
        return {}

    def as_own(self, error: ApiError) -> ApiError:
        """Return the service's own form of a refusal, where its codes or statuses differ."""
        return error

    def event_data(self) -> dict[str, Any]:
        """Return the data of this view's events."""
        return {}

    def target(self) -> Party:
        """Return the target of this view's events: the instance, or ``*`` without one."""
        instance = self.__dict__.get("instance_row")
        return Party(instance.crn, instance.name, "instance") if instance else Party(name="*")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        operation = self.require_operation()
        bearer = tokens.bearer_of(request.headers.get("Authorization", ""), now=clock.now())
        self._call = ServiceCall(self.service.name, request._request, bearer)
        self.refuse_unstorable()
        self.decide(operation)
        if self.requested_instance:
            self.instance  # noqa: B018  raises NotFound
        require_body(request._request)

    def decide(self, operation: Operation) -> None:
        """Ask IAM for its decision on the operation. Raises NotAuthorized, Unauthenticated or IamUnavailable.

        A subclass may ask about several resources, or check first what needs no decision.
        """
        attributes = {**self.instance_attributes(), **self.resource_attributes()}
        for action in (operation.action, *operation.also):
            self.call.require(action, attributes)

    def instance_attributes(self) -> dict[str, str]:
        """Return the attributes of the instance that policies match."""
        if not (word := self.requested_instance):
            return {}
        if (instance := self.instance_row) is None:
            return {"serviceInstance": word}
        region = {} if self.service.offering.is_global else {"region": instance.region}
        return {"serviceInstance": instance.guid, **region}

    def handle_exception(self, exc: Exception) -> Response:
        error = envelopes.as_api_error(exc)
        refusal = self.as_own(error)
        response = super().handle_exception(refusal)
        # An unavailable database could not store the event either; a token that IAM refuses verifies nothing.
        if self.operation and self._call and not isinstance(error, ServiceUnavailable | Unauthenticated):
            self._record(self.operation, self._call, refusal)
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        operation = self.operation
        if operation and self._call and response.status_code < 400 and not operation.recorded_by_service:
            self._record(operation, self._call, None, status=response.status_code)
        return response

    def _record(self, operation: Operation, call: ServiceCall, error: ApiError | None, status: int = 200) -> None:
        call.record_event(operation.event, self.target(), error=error, status=status, data=self.event_data())
