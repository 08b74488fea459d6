"""The doors that are plain Django views: what of them stands in the document, written by hand from their own facts."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

from django.conf import settings
from drf_spectacular.plumbing import ComponentRegistry

from controlplane.apidocs.json_schema import Schema, schema_of
from controlplane.apidocs.operation_schema import JSON, REQUEST_ID, REQUEST_ID_HEADER, refusal
from controlplane.kernel.envelopes import ErrorContainer
from identity.inside import requests
from identity.inside.metadata import InitializationMetadata
from identity.inside.operation import EARLIEST_VERSION, KNOWN_PARAMETERS
from identity.inside.views import CurrentCertificates, IssuedCertificate, IssuedToken
from servers.api.base import VPC_ID
from servers.api.server_response_types import BareMetalServer
from trustedprofiles.permissions import text

PAGE: Schema = {"text/html": {"schema": {"type": "string"}}}
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Door:
    path: str
    method: Literal["get", "put", "post"]
    name: str
    tag: str
    summary: str
    answer: Any
    answer_type: str = JSON
    """What is not JSON is bytes, and has no further shape."""
    also: dict[int, Any] = field(default_factory=dict)
    """Other answers, by status; None has no body."""
    refusals: tuple[int, ...] = ()
    envelope: Any = ErrorContainer
    body: Schema | None = None
    body_required: bool = False
    body_type: str = JSON
    parameters: tuple[Schema, ...] = ()
    description: str = ""
    security: str = ""
    inside: bool = False
    """Of the metadata service, which is another process at other addresses."""
    page: bool = False
    """Whether a browser gets a page instead: after signing in, and if it may see anything."""

    def operation(self, components: ComponentRegistry) -> Schema:
        document: Schema = {
            "operationId": self.name,
            "summary": self.summary,
            **({"description": self.description} if self.description else {}),
            "tags": [self.tag],
            "parameters": [*self.parameters, REQUEST_ID],
            "security": [{self.security: []}] if self.security else [],
            "responses": {
                **{
                    str(status): {
                        "description": HTTPStatus(status).phrase,
                        "headers": {"X-Request-Id": REQUEST_ID_HEADER},
                        **(
                            {"content": {self.answer_type: {"schema": schema_of(answer, components)}}} if answer else {}
                        ),
                    }
                    for status, answer in {200: self.answer, **self.also}.items()
                },
                **{str(status): refusal(status, self.envelope, components) for status in self.refusals},
            },
        }
        if self.body:
            content = {self.body_type: {"schema": self.body}}
            document["requestBody"] = {"content": content, **({"required": True} if self.body_required else {})}
        if self.page:
            document["responses"]["200"]["content"] |= PAGE
            document["responses"]["302"] = {"description": "To a browser of nobody: the way to sign in"}
            document["responses"]["403"] = {"description": HTTPStatus.FORBIDDEN.phrase, "content": PAGE}
        if self.inside:
            document["servers"] = [metadata_service()]
        return document


def metadata_service() -> Schema:
    return {
        "url": "http://{address}:{port}",
        "description": "At a server's own address: baremint address SERVER",
        "variables": {
            "address": {"default": "127.64.0.1"},
            "port": {"default": str(settings.BAREMINT_METADATA_PORT)},
        },
    }


def object_of(properties: dict[str, Schema], *required: str) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def _seconds(default: int, shortest: int, longest: int) -> Schema:
    return {"type": "integer", "minimum": shortest, "maximum": longest, "default": default}


VERSION: Schema = {
    "name": "version",
    "in": "query",
    "required": True,
    "description": f"Date of the API version, {EARLIEST_VERSION} or later.",
    "schema": {"type": "string", "format": "date"},
}
FLAVOR: Schema = {
    "name": "Metadata-Flavor",
    "in": "header",
    "required": True,
    "description": "Proves that the request was meant for a metadata service.",
    "schema": {"type": "string", "enum": [requests.FLAVOR]},
}
PARAMETERS: tuple[Schema, ...] = (
    VERSION,
    *(
        {"name": name, "in": "query", "description": "Changes nothing.", "schema": {"type": "string"}}
        for name in sorted(KNOWN_PARAMETERS - {"version"})
    ),
)
"""Of every operation of the metadata service; it takes no other in the query."""
SERVER_ID: Schema = {
    "name": "server_id",
    "in": "path",
    "required": True,
    "description": "Id of the calling server.",
    "schema": VPC_ID,
}
METADATA = "Metadata service"

DOORS = (
    Door(
        path="/identity/v1/token",
        method="put",
        name="create_identity_token",
        tag=METADATA,
        summary="Create an identity token of the calling server",
        answer=IssuedToken,
        refusals=(400, 403, 500),
        body=object_of(
            {
                "expires_in": _seconds(requests.DEFAULT_TOKEN_SECONDS, requests.SHORTEST_TOKEN, requests.LONGEST_TOKEN),
                "nonce": {"type": "string", "maxLength": requests.LONGEST_NONCE},
            }
        ),
        parameters=(*PARAMETERS, FLAVOR),
        inside=True,
    ),
    Door(
        path="/identity/v1/iam_tokens",
        method="post",
        name="create_iam_token",
        tag=METADATA,
        summary="Exchange an identity token for an IAM access token, through a trusted profile",
        answer=IssuedToken,
        refusals=(400, 401, 403, 500),
        body=object_of(
            {
                "trusted_profile": {
                    "oneOf": [object_of({kind: text(requests.LONGEST_SELECTOR)}, kind) for kind in requests.SELECTORS]
                }
            }
        ),
        parameters=PARAMETERS,
        security="IdentityToken",
        inside=True,
    ),
    Door(
        path="/identity/v1/certificates",
        method="post",
        name="create_identity_certificate",
        tag=METADATA,
        summary="Certify a key of the calling server",
        answer=IssuedCertificate,
        refusals=(400, 401, 403, 500),
        body=object_of(
            {
                "csr": {"type": "string", "description": "A certificate signing request in PEM."},
                "expires_in": _seconds(
                    requests.DEFAULT_CERTIFICATE_SECONDS, requests.SHORTEST_CERTIFICATE, requests.LONGEST_CERTIFICATE
                ),
            },
            "csr",
        ),
        body_required=True,
        parameters=PARAMETERS,
        security="IdentityToken",
        inside=True,
    ),
    Door(
        path="/identity/v1/certificates",
        method="get",
        name="get_identity_certificates",
        tag=METADATA,
        summary="Fetch the latest valid certificate of each key of the calling server",
        description="A thing of our own; IBM Cloud has no such operation.",
        answer=CurrentCertificates,
        refusals=(400, 401, 403, 404, 500),
        parameters=PARAMETERS,
        security="IdentityToken",
        inside=True,
    ),
    Door(
        path="/metadata/v1/bare_metal_servers/{server_id}",
        method="get",
        name="get_bare_metal_server_metadata",
        tag=METADATA,
        summary="The calling server, as the VPC API answers it",
        answer=BareMetalServer,
        refusals=(400, 401, 403, 500),
        parameters=(SERVER_ID, *PARAMETERS),
        security="IdentityToken",
        inside=True,
    ),
    Door(
        path="/metadata/v1/bare_metal_servers/{server_id}/initialization",
        method="get",
        name="get_bare_metal_server_initialization_metadata",
        tag=METADATA,
        summary="What the calling server was initialized from, its user data included",
        answer=InitializationMetadata,
        refusals=(400, 401, 403, 500),
        parameters=(SERVER_ID, *PARAMETERS),
        security="IdentityToken",
        inside=True,
    ),
)
