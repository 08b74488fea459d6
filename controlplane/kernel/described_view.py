"""Views that declare their operations, which the API documentation and the table of permissions read."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.response import Response
from rest_framework.views import APIView

from controlplane.kernel import envelopes
from controlplane.kernel.errors import InvalidValue, MethodNotAllowed, NotFound, Target
from controlplane.kernel.operation import Operation, Parameter, Schema
from controlplane.kernel.text import echoed, is_storable, storable


class DescribedView(APIView):
    """A view with an operation for each method. A subclass authenticates and authorises the caller in ``initial``."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    """Without OPTIONS: DRF would describe the view to unauthenticated callers, and ``Allow`` would list it."""
    envelope: ClassVar[Any] = staticmethod(envelopes.vpc)
    """The renderer of refusals: one of controlplane.kernel.envelopes."""
    operations: ClassVar[Mapping[str, Operation]] = {}
    common_query: ClassVar[tuple[Parameter, ...]] = ()
    """Query parameters of every operation of the API."""
    common_headers: ClassVar[tuple[Parameter, ...]] = ()
    """Request headers of every operation of the API."""
    path_ids: ClassVar[Schema] = {"type": "string", "pattern": "^[-0-9A-Za-z]+$", "maxLength": 128}
    """The schema of the ids in its paths."""
    path_parameters: ClassVar[tuple[Parameter, ...]] = ()
    """Path parameters that are neither ids nor names of resources."""
    service_name: ClassVar[str]
    checks_first = True

    @property
    def operation(self) -> Operation | None:
        method = self.request.method or ""
        # IBM's HEAD of a member is an operation of its own; every other HEAD is a GET without a body.
        operation = self.operations.get(method)
        return self.operations.get("GET") if operation is None and method == "HEAD" else operation

    @property
    def body(self) -> dict[str, Any]:
        """Return the request body, checked by the operation. Raises Refusals that name every invalid property."""
        assert self.operation and self.operation.body  # noqa: S101, PT018  only operations with a body use this
        return self.operation.body.check(self.request.data)

    def answer(self, content: Any = None, *, etag: str = "") -> Response:
        """Return a successful response, with the status of the operation."""
        assert self.operation  # noqa: S101  ``initial`` has run
        return Response(content, status=self.operation.status, headers={"ETag": etag} if etag else None)

    def require_operation(self) -> Operation:
        """Return the operation of the request. Raises MethodNotAllowed."""
        if (operation := self.operation) is None:
            methods = ", ".join(self.operations)
            few = "one of " if len(self.operations) > 1 else ""
            raise MethodNotAllowed(f"Use {few}{methods} here.", headers={"Allow": methods})
        return operation

    def refuse_unstorable(self) -> None:
        """Refuse NUL characters: no stored text contains one, and PostgreSQL fails a query that looks for it."""
        if not all(is_storable(str(value)) for value in self.kwargs.values()):
            raise NotFound("The resource is not found: the path contains a NUL character.")
        for name, values in self.request.GET.lists():
            if not all(map(is_storable, (name, *values))):
                raise InvalidValue(
                    "A query parameter contains a NUL character. Remove it.",
                    target=Target(echoed(storable(name)), "parameter"),
                )
