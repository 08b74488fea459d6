"""What the VPC API does not know it does not claim."""

import pytest

from tests.api.calling import call
from tests.world import World, make_server

QUERY = "version=2025-08-26&generation=2"


@pytest.mark.parametrize("name", ["reservation.id", "reservation.crn", "reservation.name"])
def test_no_server_uses_a_reservation(world: World, name: str) -> None:
    make_server(world.account, name="web-1")
    assert call("GET", f"/v1/bare_metal_servers?{QUERY}&{name}=any").json()["total_count"] == 0
