"""PCI interfaces that wait for the next start of their server, and VLANs, each of which serves one subnet."""

from typing import Any

import pytest

from controlplane.activity.record import Party
from servers.models import BareMetalServer, Subnet
from servers.services.subnets import create_subnet
from tests.api.vpc import SERVERS, Api, errors, settle
from tests.world import REGION, World

BY = Party("IBMid-ALICE00001", "Alice", "User")
PRIMARY = {"network_interfaces": "primary_network_interface", "network_attachments": "primary_network_attachment"}
STATE = {"network_interfaces": ("status", "available"), "network_attachments": ("lifecycle_state", "stable")}


def connection(kind: str, subnet: str, **rest: Any) -> dict[str, Any]:
    """The body of an interface or an attachment in a subnet."""
    place = {"subnet": {"id": subnet}}
    return rest | (place if kind == "network_interfaces" else {"virtual_network_interface": place})


@pytest.fixture
def subnet(server: BareMetalServer) -> str:
    return Subnet.objects.get().id


@pytest.fixture
def other_subnet(server: BareMetalServer, subnet: str, world: World) -> str:
    new_subnet = create_subnet(
        world.account, region=REGION, vpc=server.vpc.id, total_ipv4_address_count=8, zone=server.zone, by=BY
    )
    return new_subnet.id


@pytest.fixture(params=PRIMARY)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def body(prototype: dict[str, Any], kind: str, subnet: str) -> dict[str, Any]:
    """Of a new server whose primary connection allows VLANs 7 and 8."""
    del prototype["primary_network_interface"]
    return prototype | {PRIMARY[kind]: connection(kind, subnet, allowed_vlans=[7, 8])}


@pytest.fixture
def path(api: Api, body: dict[str, Any]) -> str:
    """Of a running server."""
    server_id = api.call("POST", SERVERS, body).json()["id"]
    settle(server_id)
    return f"{SERVERS}/{server_id}"


def stop(api: Api, path: str) -> None:
    assert api.call("POST", f"{path}/stop", {"type": "hard"}).status_code == 204
    settle(path.rpartition("/")[2])


def states(api: Api, path: str, kind: str) -> list[str]:
    """Of the primary connection first."""
    rows = sorted(api.get(f"{path}/{kind}").json()[kind], key=lambda row: row["type"])
    return [row[STATE[kind][0]] for row in rows]


STARTS: dict[str, tuple[str, str, Any]] = {
    "start": ("POST", "/start", None),
    "reinitialization": ("PUT", "/initialization", ...),
    "firmware-update": ("POST", "/firmware/update", {"auto_start": True}),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())
def test_a_pci_interface_is_pending_until_the_start(
    api: Api, path: str, kind: str, subnet: str, start: tuple[str, str, Any]
) -> None:
    method, suffix, body = start
    if body is ...:
        body = {"image": {"id": api.get(f"{path}/initialization").json()["image"]["id"]}, "keys": []}
    ready = STATE[kind][1]
    stop(api, path)
    answer = api.call("POST", f"{path}/{kind}", connection(kind, subnet, interface_type="pci"))
    assert answer.json()[STATE[kind][0]] == "pending"
    assert states(api, path, kind) == [ready, "pending"]
    assert api.call(method, path + suffix, body).status_code < 300
    settle(path.rpartition("/")[2])
    assert states(api, path, kind) == [ready, ready]


def test_a_pending_interface_stays_pending_while_the_server_is_only_updated(
    api: Api, path: str, kind: str, subnet: str
) -> None:
    stop(api, path)
    api.call("POST", f"{path}/{kind}", connection(kind, subnet, interface_type="pci"))
    api.call("POST", f"{path}/firmware/update", {"auto_start": False})
    settle(path.rpartition("/")[2])
    assert states(api, path, kind) == [STATE[kind][1], "pending"]


def test_an_interface_of_type_vlan_waits_for_no_start(api: Api, path: str, kind: str, subnet: str) -> None:
    stop(api, path)
    api.call("POST", f"{path}/{kind}", connection(kind, subnet, interface_type="vlan", vlan=7))
    assert states(api, path, kind) == [STATE[kind][1]] * 2


def test_a_vlan_serves_one_subnet_of_a_server(api: Api, path: str, kind: str, subnet: str, other_subnet: str) -> None:
    def add(place: str, vlan: int) -> Any:
        return api.call("POST", f"{path}/{kind}", connection(kind, place, interface_type="vlan", vlan=vlan))

    assert [add(subnet, 7).status_code for _ in range(2)] == [201, 201]
    answer = add(other_subnet, 7)
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "vlan")])
    assert add(other_subnet, 8).status_code == 201


def test_a_vlan_of_a_new_server_serves_one_subnet(
    api: Api, body: dict[str, Any], kind: str, subnet: str, other_subnet: str
) -> None:
    places = [(subnet, 7), (other_subnet, 8), (other_subnet, 7)]
    body[kind] = [connection(kind, place, interface_type="vlan", vlan=vlan) for place, vlan in places]
    answer = api.call("POST", SERVERS, body)
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", f"{kind}[2].vlan")])
    del body[kind][2]
    assert api.call("POST", SERVERS, body).status_code == 201
