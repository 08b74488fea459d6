"""Describe a plain Django view by its RouteSpec alone."""

from http import HTTPStatus

from django.conf import settings
from drf_spectacular.plumbing import ComponentRegistry

from controlplane.apidocs.json_schema import schema_of
from controlplane.apidocs.operation_schema import REQUEST_ID, REQUEST_ID_HEADER, refusal
from controlplane.apidocs.parameters import described
from controlplane.kernel.operation import Schema
from controlplane.kernel.route_spec import RouteSpec

PAGE: Schema = {"text/html": {"schema": {"type": "string"}}}


def route_schema(spec: RouteSpec, components: ComponentRegistry) -> Schema:
    places = {"path": spec.path, "query": spec.query, "header": spec.headers}
    document: Schema = {
        "operationId": spec.name,
        "summary": spec.summary,
        **({"description": spec.description} if spec.description else {}),
        "tags": [spec.tag],
        "parameters": [*(described(each, place) for place in places for each in places[place]), REQUEST_ID],
        "security": [{spec.security: []}] if spec.security else [],
        "responses": {
            **{
                str(status): {
                    "description": HTTPStatus(status).phrase,
                    "headers": {"X-Request-Id": REQUEST_ID_HEADER},
                    **({"content": {spec.answer_type: {"schema": schema_of(answer, components)}}} if answer else {}),
                }
                for status, answer in {200: spec.answer, **spec.also}.items()
            },
            **{str(status): refusal(status, spec.envelope, components) for status in spec.refusals},
        },
    }
    if spec.body:
        content = {spec.body_type: {"schema": spec.body}}
        document["requestBody"] = {"content": content, **({"required": True} if spec.body_required else {})}
    if spec.page:
        document["responses"]["200"]["content"] |= PAGE
        document["responses"]["302"] = {"description": "To a browser without a session: the page to sign in"}
        document["responses"]["403"] = {"description": HTTPStatus.FORBIDDEN.phrase, "content": PAGE}
    return document


def metadata_service() -> Schema:
    """Return the server of the routes of the metadata service."""
    return {
        "url": "http://{address}:{port}",
        "description": "At a server's own address: baremint address SERVER",
        "variables": {
            "address": {"default": "127.64.0.1"},
            "port": {"default": str(settings.BAREMINT_METADATA_PORT)},
        },
    }
