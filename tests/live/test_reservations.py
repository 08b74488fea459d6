"""Reservations, as IBM's SDK makes them and servers use them, against running processes."""

from typing import Any

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_vpc import vpc_v1

from tests.live.operator import Operator, eventually

pytestmark = pytest.mark.live

PROTOTYPE = {
    "capacity": vpc_v1.ReservationCapacityPrototype(total=1),
    "committed_use": vpc_v1.ReservationCommittedUsePrototype(term="one_year"),
    "zone": vpc_v1.ZoneIdentityByName("us-south-1"),
}


def profile(name: str, kind: str) -> vpc_v1.ReservationProfilePrototype:
    return vpc_v1.ReservationProfilePrototype(name=name, resource_type=kind)


@pytest.fixture
def active(operator: Operator) -> dict[str, Any]:
    """One for a single server, which has to name it."""
    reservation = operator.vpc.create_reservation(
        **PROTOTYPE,
        profile=profile("bx2-metal-96x384", "bare_metal_server_profile"),
        affinity_policy="restricted",
    ).get_result()
    assert operator.vpc.activate_reservation(reservation["id"]).get_status_code() == 202

    def look() -> dict[str, Any] | None:
        state: dict[str, Any] = operator.vpc.get_reservation(reservation["id"]).get_result()
        return state if state["status"] == "active" else None

    state: dict[str, Any] = eventually(look)
    return state


def test_a_server_is_made_in_a_reservation_and_leaves_it(operator: Operator, active: dict[str, Any]) -> None:
    affinity = {"policy": "manual", "pool": [{"id": active["id"]}]}
    prototype = operator.prototype() | {"reservation_affinity": affinity, "zone": active["zone"]}
    subnets = operator.vpc.list_subnets(zone_name="us-south-1").get_result()["subnets"]
    prototype |= {"primary_network_interface": {"subnet": {"id": subnets[0]["id"]}}, "zone": {"name": "us-south-1"}}
    server = operator.vpc.create_bare_metal_server(prototype).get_result()
    assert server["reservation"]["id"] == active["id"]
    assert operator.vpc.get_reservation(active["id"]).get_result()["capacity"]["available"] == 0
    page = operator.vpc.list_bare_metal_servers(reservation_id=active["id"]).get_result()
    assert [each["id"] for each in page["bare_metal_servers"]] == [server["id"]]
    patch = vpc_v1.BareMetalServerPatch(
        reservation_affinity=vpc_v1.BareMetalServerReservationAffinityPatch(policy="disabled", pool=[])
    )
    assert "reservation" not in operator.vpc.update_bare_metal_server(server["id"], patch.to_dict()).get_result()
    with pytest.raises(ApiException) as error:
        operator.vpc.delete_reservation(active["id"])
    assert error.value.status_code == 409


def test_an_inactive_reservation_is_changed_and_deleted(operator: Operator) -> None:
    reservation = operator.vpc.create_reservation(
        **PROTOTYPE, profile=profile("cx2-2x4", "instance_profile")
    ).get_result()
    patch = vpc_v1.ReservationPatch(capacity=vpc_v1.ReservationCapacityPatch(total=2))
    updated_reservation = vpc_v1.Reservation.from_dict(
        operator.vpc.update_reservation(reservation["id"], patch).get_result()
    )
    assert (updated_reservation.capacity.total, updated_reservation.affinity_policy) == (2, "automatic")
    pager = vpc_v1.ReservationsPager(client=operator.vpc, profile_resource_type="instance_profile")
    assert reservation["id"] in [each["id"] for each in pager.get_all()]
    assert operator.vpc.delete_reservation(reservation["id"]).get_result()["lifecycle_state"] == "deleting"
    with pytest.raises(ApiException) as missing:
        operator.vpc.get_reservation(reservation["id"])
    assert missing.value.status_code == 404
