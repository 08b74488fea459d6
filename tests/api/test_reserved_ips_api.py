"""``/v1/subnets/{id}/reserved_ips``: answers as IBM's SDK reads them, order, filters, refusals, tenancy."""

from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ibm_vpc import vpc_v1

from servers.models import BareMetalServer, Subnet, VirtualNetworkInterface
from tests.api.vpc import Api, errors, fits
from tests.tables import alone, assert_rows, check_each
from tests.world import MALLORY, World, make_subnet, make_virtual_interface

TARGET = vpc_v1.ReservedIPTargetVirtualNetworkInterfaceReferenceReservedIPTargetContext
INTERFACE_TARGET = vpc_v1.ReservedIPTargetBareMetalServerNetworkInterfaceReferenceTargetContext


@pytest.fixture
def subnet(server: BareMetalServer) -> Subnet:
    """10.240.0.0/24, where 10.240.0.4 is the server's."""
    return server.network_interfaces.get().subnet


@pytest.fixture
def ips(subnet: Subnet) -> str:
    return f"/v1/subnets/{subnet.id}/reserved_ips"


@pytest.fixture
def vni(subnet: Subnet) -> VirtualNetworkInterface:
    """With 10.240.0.5."""
    return make_virtual_interface(subnet)


def make(api: Api, ips: str, **body: Any) -> dict[str, Any]:
    answer = api.call("POST", ips, body)
    assert answer.status_code == 201, answer.content
    reserved_ip: dict[str, Any] = answer.json()
    return reserved_ip


# --- answers -------------------------------------------------------------------------------------------------------


def test_a_reserved_ip_is_made_and_read(api: Api, ips: str) -> None:
    ip = make(api, ips, name="mine", address="10.240.0.9")
    actual_ip = fits(vpc_v1.ReservedIP, ip)
    assert (actual_ip.address, actual_ip.name, actual_ip.owner, actual_ip.auto_delete) == (
        "10.240.0.9",
        "mine",
        "user",
        False,
    )
    assert actual_ip.lifecycle_state == "stable"
    assert api.get(f"{ips}/{ip['id']}").json() == ip


def test_a_reserved_ip_says_which_network_interface_has_it(api: Api, ips: str, server: BareMetalServer) -> None:
    [body] = api.get(ips, "target.resource_type=network_interface").json()["reserved_ips"]
    target = fits(INTERFACE_TARGET, fits(vpc_v1.ReservedIP, body).target)
    interface = server.network_interfaces.get()
    assert (target.id, target.name, target.resource_type) == (interface.id, interface.name, "network_interface")
    assert target.href.endswith(f"/v1/bare_metal_servers/{server.id}/network_interfaces/{interface.id}")


@pytest.mark.parametrize("form", ["id", "crn"])
def test_a_reserved_ip_says_which_virtual_interface_has_it(
    api: Api, ips: str, vni: VirtualNetworkInterface, form: str
) -> None:
    ip = make(api, ips, target={form: getattr(vni, form)}, auto_delete=True)
    target = fits(TARGET, fits(vpc_v1.ReservedIP, ip).target)
    assert (ip["auto_delete"], target.id, target.crn) == (True, vni.id, vni.crn)


def test_the_providers_addresses_have_no_target(api: Api, ips: str) -> None:
    rows = fits(vpc_v1.ReservedIPCollection, api.get(ips).json()).reserved_ips
    assert [row.address.rpartition(".")[2] for row in rows if row.owner == "provider"] == ["255", "3", "2", "1", "0"]
    assert not any(row.target for row in rows if row.owner == "provider")


ORDERS = {
    "address": [0, 1, 2, 3, 4, 10, 20, 255],
    "-address": [255, 20, 10, 4, 3, 2, 1, 0],
    "created_at": [0, 1, 2, 3, 255, 4, 20, 10],
    "-created_at": [10, 20, 4, 255, 3, 2, 1, 0],
}


def test_reserved_ips_are_sorted_over_all_pages(api: Api, ips: str) -> None:
    for last in (20, 10):
        make(api, ips, address=f"10.240.0.{last}")

    def check(row: tuple[str, int]) -> None:
        sort, limit = row
        body = api.get(ips, f"sort={sort}&limit={limit}").json()
        addresses = [each["address"] for each in body["reserved_ips"]]
        while "next" in body:
            body = api.get(ips, body["next"]["href"].partition("?")[2]).json()
            addresses += [each["address"] for each in body["reserved_ips"]]
        assert [int(each.rpartition(".")[2]) for each in addresses] == ORDERS[sort]
        assert body["total_count"] == len(ORDERS[sort])

    check_each(list(product(ORDERS, (1, 3, 100))), check)


def test_a_page_goes_on_where_the_last_one_ended_whatever_went_meanwhile(api: Api, ips: str) -> None:
    ip_ids = {name: make(api, ips, name=name)["id"] for name in ("zzz-1", "zzz-2", "zzz-3", "zzz-4")}
    body = api.get(ips, "sort=-name&limit=2").json()
    assert [each["name"] for each in body["reserved_ips"]] == ["zzz-4", "zzz-3"]
    api.call("DELETE", f"{ips}/{ip_ids['zzz-3']}")
    body = api.get(ips, body["next"]["href"].partition("?")[2]).json()
    assert [each["name"] for each in body["reserved_ips"]] == ["zzz-2", "zzz-1"]


@pytest.mark.parametrize("sort", ["", "-", "owner", "--name", "NAME"])
def test_an_order_is_refused(api: Api, ips: str, sort: str) -> None:
    answer = api.get(ips, f"sort={sort}")
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "sort")])


def test_a_page_token_is_good_for_its_own_order_only(api: Api, ips: str) -> None:
    start = api.get(ips, "sort=name&limit=1").json()["next"]["href"].partition("start=")[2]
    answer = api.get(ips, f"sort=address&limit=1&start={start}")
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "start")])


FILTERS = {
    "interface-id": ("target.id={interface.id}", [4]),
    "interface-name": ("target.name={interface.name}", [4]),
    "virtual-id": ("target.id={vni.id}", [5, 6]),
    "virtual-crn": ("target.crn={vni.crn}", [5, 6]),
    "virtual-name": ("target.name=vni", [5, 6]),
    "interface-type": ("target.resource_type=network_interface", [4]),
    "virtual-type": ("target.resource_type=virtual_network_interface", [5, 6]),
    "no-id": ("target.id=none", []),
    "no-crn": ("target.crn={vni.crn}0", []),
    "no-type": ("target.resource_type=endpoint_gateway", []),
    "two": ("target.id={vni.id}&target.resource_type=network_interface", []),
}


def test_reserved_ips_are_filtered(api: Api, ips: str, vni: VirtualNetworkInterface) -> None:
    make(api, ips, target={"id": vni.id})
    make(api, ips)
    statuses = {}
    for name, (query, _) in FILTERS.items():
        text = query.format(vni=vni, interface=vni.subnet.network_interfaces.get())
        body = api.get(ips, f"{text}&sort=address").json()
        statuses[name] = [int(each["address"].rpartition(".")[2]) for each in body["reserved_ips"]]
    assert_rows(statuses, {name: expected for name, (_, expected) in FILTERS.items()})


def test_a_list_takes_the_same_queries_for_few_and_for_many(api: Api, ips: str, vni: VirtualNetworkInterface) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(ips).status_code == 200
        return len(captured)

    few = queries()
    for _ in range(3):
        make(api, ips, target={"id": vni.id})
        make(api, ips)
    assert queries() == few


# --- changes -------------------------------------------------------------------------------------------------------


def test_a_reserved_ip_changes(api: Api, ips: str, vni: VirtualNetworkInterface) -> None:
    path = f"{ips}/{make(api, ips, target={'id': vni.id})['id']}"
    body = api.call("PATCH", path, {"name": "new", "auto_delete": True}).json()
    assert (body["name"], body["auto_delete"]) == ("new", True)
    assert api.get(path).json() == body


def test_a_reserved_ip_is_given_back(api: Api, ips: str) -> None:
    path = f"{ips}/{make(api, ips)['id']}"
    assert api.call("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404


def test_what_is_the_providers_or_primary_stays(api: Api, ips: str) -> None:
    codes = {"provider": "reserved_ip_provider_owned", "user": "reserved_ip_in_use_network_interface_exists"}
    rows = api.get(ips).json()["reserved_ips"]
    assert {row["owner"] for row in rows} == set(codes)
    for row in rows:
        answer = api.call("DELETE", f"{ips}/{row['id']}")
        assert (answer.status_code, errors(answer)) == (409, [(codes[row["owner"]], "")])


# --- refusals ------------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[dict[str, Any], int, list[tuple[str, str]]]] = {
    "taken": ({"address": "10.240.0.4"}, 409, [("address_in_use", "address")]),
    "outside": ({"address": "10.0.0.4"}, 400, [("invalid_value", "address")]),
    "not-an-address": ({"address": "first"}, 400, [("invalid_value", "address")]),
    "version-6": ({"address": "::1"}, 400, [("invalid_value", "address")]),
    "number": ({"address": 4}, 400, [("invalid_value", "address")]),
    "name": ({"name": "A"}, 400, [("invalid_value", "name")]),
    "provider-name": ({"name": "ibm-a"}, 400, [("invalid_value", "name")]),
    "auto-delete": ({"auto_delete": True}, 400, [("invalid_value", "auto_delete")]),
    "target": ({"target": {"id": "none"}}, 400, [("bad_field", "target")]),
    "target-form": ({"target": {"name": "vni"}}, 400, [("invalid_value", "target")]),
    "target-null": ({"target": None}, 400, [("invalid_value", "target")]),
    "several": ({"address": "x", "nam": "y"}, 400, [("invalid_value", "address"), ("unknown_field", "nam")]),
}


def test_a_reserved_ip_is_refused(api: Api, ips: str) -> None:
    def check(name: str) -> None:
        body, status, problems = BAD[name]
        answer = api.call("POST", ips, body)
        assert (answer.status_code, errors(answer)) == (status, problems)

    check_each(BAD, alone(check))


# --- tenancy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_address_of_another_account_looks_like_none(api: Api, ips: str, method: str) -> None:
    path = f"{ips}/{make(api, ips)['id']}"
    assert Api(MALLORY).call(method, path, {}).status_code == 404
    assert api.call(method, path, {}, Host="eu-de.iaas.cloud.ibm.com").status_code == 404
    assert api.get(path).status_code == 200


def test_an_address_is_found_in_its_own_subnet_only(api: Api, world: World, ips: str) -> None:
    other = make_subnet(world.account, name="other", cidr="10.240.1.0/24")
    id = make(api, ips)["id"]
    assert api.get(f"/v1/subnets/{other.id}/reserved_ips/{id}").status_code == 404
