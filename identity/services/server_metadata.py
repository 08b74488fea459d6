"""The metadata that a server may read about itself: its present state, and its initialization."""

from controlplane.kernel.facts import ServerFacts
from identity.events import METADATA_INITIALIZATION_READ, METADATA_SERVER_READ
from identity.services.guarded_event import ServerChanged, record_for
from servers.models import BareMetalServer, Initialization
from servers.selectors import servers_of


def read_server(facts: ServerFacts) -> BareMetalServer:
    """Return the server with everything that an answer shows. Raises ServerChanged when ``facts`` are stale."""
    server = servers_of(facts.account_id).filter(number=facts.number).first()
    if server is None:
        raise ServerChanged
    record_for(facts, METADATA_SERVER_READ, status=200, data={})
    return server


def read_initialization(facts: ServerFacts) -> Initialization:
    """Return image, keys, user data, default trusted profile and user accounts of the server.

    Raises ServerChanged when ``facts`` are stale.
    """
    initialization = Initialization.objects.filter(server_id=facts.number).first()
    if initialization is None:
        raise ServerChanged
    record_for(facts, METADATA_INITIALIZATION_READ, status=200, data={})
    return initialization
