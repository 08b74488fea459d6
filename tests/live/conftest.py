"""Real processes. ``product`` runs for the whole session, once on SQLite and once on PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.ready_made import NewProduct

ROOM = {"BAREMINT_QUOTAS": "bare_metal_servers=1000,vpcs=1000,floating_ips=1000"}
"""For what all tests of a session make together."""


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def product(request: pytest.FixtureRequest, new_product: NewProduct) -> Iterator[Product]:
    """A product that runs. Add to it what you like; leave it running, with its demo world."""
    instance = new_product(database=request.param, settings=ROOM)
    instance.start()
    yield instance
    instance.end()


@pytest.fixture(scope="module")
def operator(product: Any) -> Operator:
    return Operator(product.info)


@pytest.fixture(scope="module")
def chain(product: Any, operator: Operator) -> dict[str, Any]:
    """A server with the service on, linked to a Viewer profile that is its default."""
    profile = operator.create_profile()
    operator.grant_viewer(profile)
    server = operator.create_server(default_trusted_profile={"target": {"id": profile["id"]}, "auto_link": True})
    operator.switch(server["id"], enabled=True)
    return {"server": server, "profile": profile, "url": operator.metadata_url(server, product)}
