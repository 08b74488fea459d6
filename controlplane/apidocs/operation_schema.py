"""Describe one method of a DescribedView for drf-spectacular, by its Operation alone."""

import re
from http import HTTPStatus
from typing import Any, get_type_hints

from django.utils.text import capfirst
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from controlplane.apidocs import body_schemas
from controlplane.apidocs.json_schema import find, schema_of
from controlplane.apidocs.parameters import described, path_parameter, words
from controlplane.cloudservice.registry import services
from controlplane.kernel.described_view import DescribedView
from controlplane.kernel.operation import LIMIT, START, Operation, Schema
from controlplane.kernel.route_spec import JSON

__all__ = ["OperationSchema", "body_schemas"]

MERGE_PATCH = "application/merge-patch+json"
VARIABLE = re.compile(r"\{(\w+)\}")

TAGS = {
    "is": "VPC",
    "iam-identity": "IAM identity",
    "iam-access-management": "IAM policy",
    "iam-groups": "IAM access groups",
    "user-management": "User management",
    "resource-controller": "Resource manager and controller",
    "globalcatalog": "Global catalog",
    "global-search-tagging": "Global search and tagging",
    **{service.name: service.title for service in services().values()},
}
"""Service name of a view to the API it belongs to."""
OWN, OWN_PATHS = "Baremint", "/_baremint/"


class OperationSchema(AutoSchema):
    """Named in settings as DEFAULT_SCHEMA_CLASS."""

    view: Any

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema | None:
        """None for a view that is not guarded, or that does not answer this method, or for the other spelling of a
        path: with a slash at its end."""
        self.path, self.method, self.registry = path, method, registry
        if not isinstance(self.view, DescribedView) or not (operation := self.view.operations.get(method)):
            return None
        if path.endswith("/"):
            return None
        document: Schema = {
            "operationId": operation.name,
            "summary": capfirst(words(operation.name)),
            "description": f"{_needs(operation)} Leaves the activity event `{operation.event}`.",
            "tags": [OWN if path.startswith(OWN_PATHS) else TAGS.get(self.view.service_name, self.view.service_name)],
            "parameters": self._parameters(operation),
        }
        if not operation.simulated:
            document["description"] = f"**Not simulated.** {document['description']}"
            document["x-not-simulated"] = True
        if operation.body:
            document["requestBody"] = self._body(operation.body)
        document["security"] = [{"IAM": []}]
        document["responses"] = self._responses(operation)
        return document

    def _parameters(self, operation: Operation) -> list[Schema]:
        special = {str(each): each for each in self.view.path_parameters}
        variables = VARIABLE.findall(self.path)
        in_path = [described(special.get(n) or path_parameter(n, self.view.path_ids), "path") for n in variables]
        paging = (START, LIMIT) if operation.paged else ()
        query = (*self.view.common_query, *paging, *operation.query)
        in_query = [described(each, "query") for each in query]
        in_headers = [described(each, "header") for each in (*self.view.common_headers, *operation.headers)]
        if operation.if_match:
            in_headers.append(if_match(operation))
        return [*in_path, *in_query, *in_headers, REQUEST_ID]

    def _body(self, body: Any) -> Schema:
        schema = self.resolve_serializer(body, "request").ref
        is_required = any(field.required for field in body().fields.values())
        types = (JSON, MERGE_PATCH) if self.method == "PATCH" else (JSON,)
        return {"content": {each: {"schema": schema} for each in types}, **({"required": True} if is_required else {})}

    def _responses(self, operation: Operation) -> Schema:
        success: Schema = {
            "description": HTTPStatus(operation.status).phrase,
            "headers": {"X-Request-Id": REQUEST_ID_HEADER, **({"ETag": ETAG_HEADER} if operation.etag else {})},
        }
        if operation.answer is not None:
            success["content"] = {JSON: {"schema": schema_of(operation.answer, self.registry)}}
        preferred: Schema = {}
        if operation.representation is not None:
            content = {JSON: {"schema": schema_of(operation.representation, self.registry)}}
            preferred = {"200": {**success, "description": HTTPStatus.OK.phrase, "content": content}}
        refusals = {str(status): self._refusal(status) for status in self._refusals(operation)}
        page = {"302": {"description": "A page of the console, for browsers."}} if operation.page else {}
        return {str(operation.status): success, **preferred, **page, **refusals}

    def _refusals(self, operation: Operation) -> list[int]:
        """400: a NUL character, a wrong ``version`` or body. 404: what the path, or a parameter, names is not there."""
        statuses = [400, 401, 403]
        names_resource = any(each.names_resource for each in (*operation.query, *operation.headers))
        if VARIABLE.search(self.path) or names_resource:
            statuses.append(404)
        if self.method not in ("GET", "HEAD") and operation.conflicts:
            statuses.append(409)
        if operation.if_match:
            statuses.append(412)
        return [*statuses, *operation.refusals]

    def _refusal(self, status: int) -> Schema:
        """By reference: every operation of an API refuses in the same envelope."""
        return refusal(status, get_type_hints(self.view.envelope)["return"], self.registry)


def refusal(status: int, envelope: Any, components: ComponentRegistry) -> Schema:
    """A reference to the response with this status in this envelope, which is added to ``components``."""
    name = f"{envelope.__name__}{status}"
    component = ResolvedComponent(name=name, type=ResolvedComponent.RESPONSE, object=name)
    if find(components, component) is None:
        headers = {"X-Request-Id": REQUEST_ID_HEADER}
        if status == 401:
            headers["WWW-Authenticate"] = {"schema": {"type": "string"}, "description": "Bearer (RFC 6750)."}
        component.schema = {
            "description": HTTPStatus(status).phrase,
            "headers": headers,
            "content": {JSON: {"schema": schema_of(envelope, components)}},
        }
        components.register(component)
    return {"$ref": f"#/components/responses/{name}"}


def if_match(operation: Operation) -> Schema:
    return {
        "name": "If-Match",
        "in": "header",
        "description": "ETag of the last read; any other is refused with 412. `*` matches all.",
        "schema": {"type": "string", "minLength": 1},
        **({"required": True} if operation.if_match == "required" else {}),
    }


def _needs(operation: Operation) -> str:
    always = " and ".join(f"`{action}`" for action in (operation.action, *operation.also))
    sometimes = " or ".join(f"`{action}`" for action in operation.further)
    noun = "actions" if operation.also else "action"
    return f"Needs the IAM {noun} {always}." + (f" For some of it, needs {sometimes} too." if sometimes else "")


REQUEST_ID: Schema = {"$ref": "#/components/parameters/X-Request-Id"}
REQUEST_ID_HEADER: Schema = {"$ref": "#/components/headers/X-Request-Id"}
ETAG_HEADER: Schema = {"$ref": "#/components/headers/ETag"}
