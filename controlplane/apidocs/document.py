"""The whole document: the operations that the views declare, and its common parts."""

from typing import Any

from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator

from controlplane import __version__
from controlplane.apidocs.links import link
from controlplane.apidocs.route_schema import metadata_service, route_schema
from controlplane.apidocs.routes import CONTROL_PLANE, METADATA_SERVICE, described_routes
from controlplane.cloudservice.registry import services
from controlplane.kernel.fresh_value import FreshValue
from controlplane.kernel.middleware import REQUEST_ID
from controlplane.kernel.operation import Schema

TAGS = {
    "VPC": "Bare metal servers and their networks. Every call names `version` and `generation`.",
    "IAM identity": "Trusted profiles and their links to compute resources; API keys and service IDs.",
    "IAM policy": "Access policies, in the two renderings v1 and v2.",
    "IAM access groups": "Groups of users, service IDs and trusted profiles that have policies in common.",
    "User management": "The people of an account.",
    "IAM token": "Access tokens, and the keys that verify them.",
    "Resource manager and controller": "Resource groups, and the instances of services that are in them.",
    "Global catalog": "The services and plans of which the resource controller creates instances.",
    "Global search and tagging": "User and access tags on resources, and resources by what is known of them.",
    "Metadata service": "What a program on a server asks, at the server's own address.",
    "Certificates": "What verifiers of identity certificates ask: chains, revocation lists, OCSP.",
    **{service.title: service.description for service in services().values()},
    "Baremint": "What a simulator offers and a cloud does not.",
    "Operations": "Health and first steps.",
}

SECURITY = {
    "IAM": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An IAM access token, of POST /identity/token or POST /identity/v1/iam_tokens.",
    },
    "IdentityToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An identity token, of PUT /identity/v1/token on the same server.",
    },
}


class Endpoints(EndpointEnumerator):
    """The methods of drf-spectacular, and HEAD where a view declares it as an operation."""

    def get_allowed_methods(self, callback: Any) -> list[str]:
        methods: list[str] = super().get_allowed_methods(callback)
        operations = getattr(callback.cls(**callback.initkwargs), "operations", {})
        return [*methods, *(["HEAD"] if "HEAD" in operations else [])]


class Generator(SchemaGenerator):
    endpoint_inspector_cls = Endpoints


def document() -> Schema:
    """The document of the control plane. It depends on nothing but code and settings, so it is made once."""
    return DOCUMENT.get()


DOCUMENT: FreshValue[Schema] = FreshValue(
    lambda _: Generator(urlconf=CONTROL_PLANE).get_schema(public=True), seconds=float("inf")
)


def complete(result: Schema, generator: SchemaGenerator, request: Any, public: bool) -> Schema:
    """Post-processing hook of drf-spectacular, named in settings."""
    for path, spec in described_routes(CONTROL_PLANE):
        result["paths"].setdefault(path, {})[spec.method.lower()] = route_schema(spec, generator.registry)
    elsewhere = {"servers": [metadata_service()]}
    for path, spec in described_routes(METADATA_SERVICE):  # a route that both services have is described once
        operation = route_schema(spec, generator.registry) | elsewhere
        result["paths"].setdefault(path, {}).setdefault(spec.method.lower(), operation)
    result["info"]["version"] = __version__
    result["servers"] = [{"url": "/", "description": "The control plane: one origin for all of IBM's hosts"}]
    result["paths"] = dict(sorted(result["paths"].items()))
    operations = [each for item in result["paths"].values() for each in item.values()]
    tag_names = {tag for operation in operations for tag in operation["tags"]}
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in tag_names]
    result["components"] = {
        **generator.registry.build({}),
        "securitySchemes": SECURITY,
        "parameters": {
            "X-Request-Id": {
                "name": "X-Request-Id",
                "in": "header",
                "description": "Your own id of this request; the answer, the log and the activity event carry it.",
                "schema": {"type": "string", "pattern": f"^{REQUEST_ID.pattern}$"},
            }
        },
        "headers": {
            "X-Request-Id": {"description": "Yours, or one made for you.", "schema": {"type": "string"}},
            "ETag": {"description": "For `If-Match`.", "schema": {"type": "string"}},
        },
    }
    link(result)
    return result
