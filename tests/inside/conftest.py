from typing import Any

import pytest

from controlplane import settings_inside
from identity.inside import caller_address
from servers.models import BareMetalServer
from tests.inside.program import Inside
from tests.world import World, make_server


@pytest.fixture(autouse=True)
def metadata_service_settings(settings: Any) -> None:
    """These tests talk to the metadata service's own process: its URLconf, its middleware, its idea of hosts."""
    for name in ("ROOT_URLCONF", "ALLOWED_HOSTS", "MIDDLEWARE", "DATA_UPLOAD_MAX_MEMORY_SIZE"):
        setattr(settings, name, getattr(settings_inside, name))
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.docs.conformance.ConformanceMiddleware"]


@pytest.fixture(autouse=True)
def no_memory_of_other_tests() -> None:
    """A process remembers a server for a second; each test's database is another world."""
    caller_address.fresh_facts.cache_clear()


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


@pytest.fixture
def inside(server: BareMetalServer) -> Inside:
    return Inside(server)
