"""``/metadata/v1``: the metadata of the calling server. It needs its identity token, and cannot read another server."""

from django.conf import settings
from django.http import HttpRequest

from controlplane.kernel import clock
from controlplane.kernel.errors import Unauthorized
from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.operation import Parameter
from identity.events import METADATA_INITIALIZATION_READ, METADATA_SERVER_READ
from identity.inside import requests
from identity.inside.operation import MetadataOperation, metadata_route, version_of
from identity.services import identity_tokens, server_metadata
from servers.api.base import VPC_ID
from servers.api.initialization_responses import BareMetalServerInitialization, initialization_body
from servers.api.reference_responses import Hrefs
from servers.api.server_responses import BareMetalServer, server_body


class InitializationMetadata(BareMetalServerInitialization):
    """The answer of the VPC API with the user data, which only the server itself can read; empty when there is none."""

    user_data: str


def get_server(request: HttpRequest, facts: ServerFacts, server_id: str) -> BareMetalServer:
    _require_itself(request, facts, server_id)
    return server_body(server_metadata.read_server(facts), _hrefs(request))


def get_initialization(request: HttpRequest, facts: ServerFacts, server_id: str) -> InitializationMetadata:
    _require_itself(request, facts, server_id)
    initialization = server_metadata.read_initialization(facts)
    body = initialization_body(initialization, facts.account_id, _hrefs(request))
    return {**body, "user_data": initialization.user_data}


def _require_itself(request: HttpRequest, facts: ServerFacts, server_id: str) -> None:
    """Require the server's identity token and its own id.

    Raises Unauthenticated for the token, and Unauthorized for any other id, of an existing server or not.
    """
    identity_tokens.verify_identity_token(requests.bearer(request.META), facts=facts, now=clock.now())
    if server_id != facts.id:
        raise Unauthorized(f"The metadata service tells a server about itself alone. Its id is {facts.id}.")


def _hrefs(request: HttpRequest) -> Hrefs:
    """Return URLs of the control plane: the metadata service does not have the resources that it refers to."""
    return Hrefs(f"{settings.BAREMINT_PUBLIC_URL}/v1", version_of(request))


SERVER_ID = Parameter("server_id", "Id of the calling server.", VPC_ID)
server = MetadataOperation(
    metadata_route(
        method="GET",
        name="get_bare_metal_server_metadata",
        summary="The calling server, as the VPC API answers it",
        answer=BareMetalServer,
        path=(SERVER_ID,),
    ),
    METADATA_SERVER_READ,
    get_server,
)
initialization = MetadataOperation(
    metadata_route(
        method="GET",
        name="get_bare_metal_server_initialization_metadata",
        summary="What the calling server was initialized from, its user data included",
        answer=InitializationMetadata,
        path=(SERVER_ID,),
    ),
    METADATA_INITIALIZATION_READ,
    get_initialization,
)
