"""What the VPC API does not know it does not claim."""

import pytest

from tests.api.calling import call
from tests.world import World, make_server

QUERY = "version=2025-08-26&generation=2"


def test_a_zone_claims_no_data_center(world: World) -> None:
    """Which one is behind a zone differs from account to account."""
    zone = call("GET", f"/v1/regions/us-south/zones/us-south-1?{QUERY}").json()
    assert set(zone) == {"name", "href", "region", "status"}


@pytest.mark.parametrize("name", ["reservation.id", "reservation.crn", "reservation.name"])
def test_no_server_uses_a_reservation(world: World, name: str) -> None:
    make_server(world.account, name="web-1")
    assert call("GET", f"/v1/bare_metal_servers?{QUERY}&{name}=any").json()["total_count"] == 0
