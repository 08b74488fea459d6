"""The base of all operations of the IAM token service: a method, a form, and IAM's own form of a refusal."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, JsonResponse

from controlplane.kernel import envelopes
from controlplane.kernel.errors import InvalidValue, MethodNotAllowed, MissingField, Target
from controlplane.kernel.operation import Schema
from controlplane.kernel.route_spec import FORM, RouteSpec
from identity.iam import codes

Handler = Callable[[HttpRequest], Mapping[str, Any]]

TAG = "IAM token"
token_service_route = partial(RouteSpec, tag=TAG, envelope=envelopes.TokenError)
form_route = partial(token_service_route, method="POST", refusals=(400, 401, 500), body_required=True, body_type=FORM)


class TokenServiceOperation:
    """A view of one operation. It uses no cookies: the caller proves its identity by the content of the request."""

    csrf_exempt = True
    envelope = staticmethod(codes.envelope)

    def __init__(self, spec: RouteSpec, handler: Handler) -> None:
        self.specs = (spec,)
        self.method = spec.method
        self.handler = handler

    def __call__(self, request: HttpRequest) -> JsonResponse:
        try:
            if request.method != self.method:
                raise MethodNotAllowed(
                    f"HTTP 405 Method Not Allowed. Use {self.method} here.", headers={"Allow": self.method}
                )
            response = JsonResponse(self.handler(request))
        except Exception as failure:
            response = envelopes.json_response(codes.coded(envelopes.as_api_error(failure)), envelopes.token)
        response["Transaction-Id"] = envelopes.trace_id()
        response["Cache-Control"] = "no-store"
        return response


def field(request: HttpRequest, name: str) -> str:
    """Return a property of the form without surrounding white space, or an empty text when it is absent or empty.

    Text from a file often ends with a newline. Raises InvalidValue for a property that has several values (RFC 6749,
    section 3.2).
    """
    values = [value for text in request.POST.getlist(name) if (value := text.strip())]
    if len(values) > 1:
        raise InvalidValue(f"Property '{name}' is given more than once. Send it once.", target=Target(name))
    return "".join(values)


def required(request: HttpRequest, name: str) -> str:
    """Return a property of the form as ``field`` does. Raises MissingField when it is absent."""
    if value := field(request, name):
        return value
    raise missing(name)


def missing(name: str, advice: str = "") -> MissingField:
    return MissingField(f"Property '{name}' either missing or empty. {advice}".strip(), target=Target(name))


def one_property(fields: dict[str, Schema]) -> Schema:
    """Return the schema of a form with one of the properties. Others are ignored."""
    return {
        "oneOf": [
            {"type": "object", "properties": {name: schema}, "required": [name]} for name, schema in fields.items()
        ]
    }
