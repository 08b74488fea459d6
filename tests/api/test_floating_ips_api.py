"""``/v1/floating_ips``: handed out, bound, unbound, given back."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from servers.facts import facts_of
from servers.models import BareMetalServer, FloatingIP, NetworkInterface, Subnet
from servers.selectors import server_by_number
from tests.api.calling import call
from tests.api.vpc import QUERY, SERVERS, Api, errors, fits, settle
from tests.tables import alone, check_each
from tests.world import MALLORY, World, make_server, make_virtual_interface

PATH = "/v1/floating_ips"
ZONE = {"name": "us-south-1"}


@pytest.fixture
def interface(server: BareMetalServer) -> NetworkInterface:
    return server.network_interfaces.get()


@pytest.fixture
def made(api: Api, server: BareMetalServer) -> dict[str, Any]:
    answer = api.call("POST", PATH, {"zone": ZONE, "name": "public"})
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def addresses(server: BareMetalServer) -> tuple[str, ...]:
    """As the server's own programs learn them."""
    return facts_of(server_by_number(server.number)).addresses


def test_a_floating_ip_satisfies_the_sdk_model(api: Api, made: dict[str, Any]) -> None:
    floating_ip = vpc_v1.FloatingIP.from_dict(api.get(f"{PATH}/{made['id']}").json())
    assert (floating_ip.name, floating_ip.status) == ("public", "available")
    assert vpc_v1.FloatingIPCollection.from_dict(api.get(PATH).json()).total_count == 1


def test_each_floating_ip_has_an_address_of_its_own_that_is_never_routed(api: Api, made: dict[str, Any]) -> None:
    # D-49
    actual_addresses = {api.call("POST", PATH, {"zone": ZONE}).json()["address"] for _ in range(5)} | {made["address"]}
    assert len(actual_addresses) == 6
    assert all(address.startswith(("198.18.", "198.19.")) for address in actual_addresses)


def test_a_target_lists_its_floating_ip_first_among_its_addresses(
    api: Api, server: BareMetalServer, interface: NetworkInterface
) -> None:
    before = server.revision
    body = api.call("POST", PATH, {"target": {"id": interface.id}}).json()
    assert (body["target"]["id"], body["zone"]["name"]) == (interface.id, server.zone)
    assert addresses(server) == (body["address"], interface.primary_ip.address)
    server.refresh_from_db()
    assert server.revision > before


def test_a_patch_binds_and_unbinds_a_floating_ip(api: Api, made: dict[str, Any], interface: NetworkInterface) -> None:
    path = f"{PATH}/{made['id']}"
    assert api.call("PATCH", path, {"target": {"id": interface.id}}).json()["target"]["name"] == interface.name
    assert "target" in api.call("PATCH", path, {"name": "other"}).json()
    assert "target" not in api.call("PATCH", path, {"target": None}).json()


def test_an_interface_binds_lists_and_unbinds_floating_ips(
    api: Api, made: dict[str, Any], server: BareMetalServer, interface: NetworkInterface
) -> None:
    path = f"{SERVERS}/{server.id}/network_interfaces/{interface.id}/floating_ips"
    assert api.call("PUT", f"{path}/{made['id']}").status_code == 201
    assert api.call("PUT", f"{path}/{made['id']}").status_code == 201
    assert [ip["id"] for ip in api.get(path).json()["floating_ips"]] == [made["id"]]
    assert api.get(f"{path}/{made['id']}").json()["address"] == made["address"]
    assert api.call("DELETE", f"{path}/{made['id']}").status_code == 202
    assert api.get(path).json() == {"floating_ips": []}


def test_a_virtual_interface_binds_lists_and_unbinds_floating_ips(api: Api, made: dict[str, Any]) -> None:
    subnet = {"id": Subnet.objects.get().id}
    virtual = api.call("POST", "/v1/virtual_network_interfaces", {"subnet": subnet}).json()
    path = f"/v1/virtual_network_interfaces/{virtual['id']}/floating_ips"
    answer = api.call("PUT", f"{path}/{made['id']}")
    assert (answer.status_code, answer.json()["address"]) == (201, made["address"])
    assert vpc_v1.FloatingIPCollectionVirtualNetworkInterfaceContext.from_dict(api.get(path).json()).total_count == 1
    target = api.get(f"{PATH}/{made['id']}").json()["target"]
    assert fits(vpc_v1.FloatingIPTargetVirtualNetworkInterfaceReference, target).crn == virtual["crn"]
    assert api.call("DELETE", f"{path}/{made['id']}").status_code == 204
    assert api.get(f"{path}/{made['id']}").status_code == 404


def test_a_second_floating_ip_needs_an_interface_without_infrastructure_nat(
    api: Api, made: dict[str, Any], interface: NetworkInterface
) -> None:
    api.call("POST", PATH, {"target": {"id": interface.id}})
    path = f"{PATH}/{made['id']}"
    answer = api.call("PATCH", path, {"target": {"id": interface.id}})
    assert (answer.status_code, errors(answer)) == (409, [("network_interface_in_use_floating_ip_exists", "target")])
    NetworkInterface.objects.update(enable_infrastructure_nat=False)
    assert api.call("PATCH", path, {"target": {"id": interface.id}}).status_code == 200


def test_an_interface_gives_up_its_floating_ip_for_the_next(
    api: Api, made: dict[str, Any], server: BareMetalServer, interface: NetworkInterface
) -> None:
    before = api.call("POST", PATH, {"target": {"id": interface.id}}).json()
    path = f"{SERVERS}/{server.id}/network_interfaces/{interface.id}/floating_ips"
    assert api.call("PUT", f"{path}/{made['id']}").json()["target"]["id"] == interface.id
    assert "target" not in api.get(f"{PATH}/{before['id']}").json()
    assert addresses(server) == (made["address"], interface.primary_ip.address)


def test_an_interface_without_infrastructure_nat_keeps_both_floating_ips(
    api: Api, made: dict[str, Any], server: BareMetalServer, interface: NetworkInterface
) -> None:
    api.call("POST", PATH, {"target": {"id": interface.id}})
    NetworkInterface.objects.update(enable_infrastructure_nat=False)
    path = f"{SERVERS}/{server.id}/network_interfaces/{interface.id}/floating_ips"
    api.call("PUT", f"{path}/{made['id']}")
    assert len(api.get(path).json()["floating_ips"]) == 2


def test_a_virtual_interface_does_not_give_up_its_floating_ip(api: Api, made: dict[str, Any]) -> None:
    virtual = make_virtual_interface(Subnet.objects.get())
    body = api.call("POST", PATH, {"target": {"crn": virtual.crn}}).json()
    path = f"/v1/virtual_network_interfaces/{virtual.id}/floating_ips"
    assert api.call("PUT", f"{path}/{made['id']}").status_code == 409
    assert [ip["id"] for ip in api.get(path).json()["floating_ips"]] == [body["id"]]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_only_shows_an_attachment_binds_at_its_virtual_interface(
    api: Api, made: dict[str, Any], prototype: dict[str, Any], method: str
) -> None:
    virtual = make_virtual_interface(Subnet.objects.get())
    del prototype["primary_network_interface"]
    prototype["primary_network_attachment"] = {"virtual_network_interface": {"id": virtual.id}}
    server = api.call("POST", SERVERS, prototype).json()
    api.call("PUT", f"/v1/virtual_network_interfaces/{virtual.id}/floating_ips/{made['id']}")
    path = f"{SERVERS}/{server['id']}/network_interfaces/{server['network_interfaces'][0]['id']}/floating_ips"
    assert api.get(path).json()["floating_ips"][0]["target"]["id"] == virtual.id
    answer = api.call(method, f"{path}/{made['id']}")
    assert answer.status_code == 409
    assert f"/virtual_network_interfaces/{virtual.id}/floating_ips" in answer.json()["errors"][0]["message"]


def test_an_interface_in_another_zone_is_no_target(api: Api, server: BareMetalServer) -> None:
    elsewhere = api.call("POST", PATH, {"zone": {"name": "us-south-2"}}).json()
    target = {"target": {"id": server.network_interfaces.get().id}}
    assert errors(api.call("PATCH", f"{PATH}/{elsewhere['id']}", target)) == [("invalid_value", "target")]


def test_another_accounts_interface_is_no_target(api: Api, made: dict[str, Any], world: World) -> None:
    theirs = make_server(world.other_account, name="theirs").network_interfaces.get()
    answer = api.call("PATCH", f"{PATH}/{made['id']}", {"target": {"id": theirs.id}})
    assert (answer.status_code, errors(answer)) == (400, [("bad_field", "target")])


def test_binding_at_an_interface_leaves_an_event_of_either_side(
    api: Api, made: dict[str, Any], server: BareMetalServer, interface: NetworkInterface
) -> None:
    path = f"{SERVERS}/{server.id}/network_interfaces/{interface.id}/floating_ips/{made['id']}"
    events = ActivityEvent.objects.filter(request_id=api.call("PUT", path)["X-Request-Id"])
    assert {(event.action, event.target_name) for event in events} == {
        ("is.bare-metal-server.network-interface-floating-ip.attach", "web-1"),
        ("is.floating-ip.floating-ip.attach", "public"),
    }


def test_infrastructure_nat_is_not_turned_on_over_several(
    api: Api, server: BareMetalServer, interface: NetworkInterface
) -> None:
    NetworkInterface.objects.update(enable_infrastructure_nat=False)
    for _ in range(2):
        api.call("POST", PATH, {"target": {"id": interface.id}})
    path = f"{SERVERS}/{server.id}/network_interfaces/{interface.id}"
    answer = api.call("PATCH", path, {"enable_infrastructure_nat": True})
    assert (answer.status_code, errors(answer)) == (409, [("conflict", "enable_infrastructure_nat")])


def test_a_floating_ip_that_is_bound_elsewhere_is_not_taken_away(
    api: Api, made: dict[str, Any], server: BareMetalServer, interface: NetworkInterface
) -> None:
    subnet = {"id": Subnet.objects.get().id}
    virtual = api.call("POST", "/v1/virtual_network_interfaces", {"subnet": subnet}).json()
    api.call("PATCH", f"{PATH}/{made['id']}", {"target": {"id": virtual["id"]}})
    path = f"{SERVERS}/{server.id}/network_interfaces/{interface.id}/floating_ips/{made['id']}"
    assert api.call("PUT", path).status_code == 409


def test_a_floating_ip_stays_unbound_when_its_server_is_deleted(
    api: Api, server: BareMetalServer, interface: NetworkInterface
) -> None:
    body = api.call("POST", PATH, {"target": {"id": interface.id}}).json()
    BareMetalServer.objects.update(status="stopped")
    api.call("DELETE", f"{SERVERS}/{server.id}")
    with pytest.raises(BareMetalServer.DoesNotExist):
        settle(server.id)
    assert "target" not in api.get(f"{PATH}/{body['id']}").json()


def test_deleting_a_floating_ip_unbinds_it(api: Api, server: BareMetalServer, interface: NetworkInterface) -> None:
    body = api.call("POST", PATH, {"target": {"id": interface.id}}).json()
    assert api.call("DELETE", f"{PATH}/{body['id']}").status_code == 204
    assert addresses(server) == (interface.primary_ip.address,)
    assert not FloatingIP.objects.exists()


REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "neither": ({}, ("invalid_value", "zone")),
    "both": ({"zone": ZONE, "target": {"id": "x"}}, ("invalid_value", "zone")),
    "zone": ({"zone": {"name": "eu-de-1"}}, ("bad_field", "zone")),
    "target": ({"target": {"id": "none"}}, ("bad_field", "target")),
    "group": ({"zone": ZONE, "resource_group": {"id": "none"}}, ("bad_field", "resource_group")),
    "name": ({"zone": ZONE, "name": "public"}, ("validation_unique_failed", "name")),
    "unknown": ({"zone": ZONE, "address": "1.2.3.4"}, ("unknown_field", "address")),
}


def test_a_body_is_refused(api: Api, made: dict[str, Any]) -> None:
    def check(name: str) -> None:
        body, expected = REFUSED[name]
        answer = api.call("POST", PATH, body)
        assert (answer.status_code, errors(answer)) == (400, [expected])
        assert FloatingIP.objects.count() == 1

    check_each(REFUSED, alone(check))


def test_a_zone_has_a_quota(api: Api, made: dict[str, Any], settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"floating_ips": 1}
    assert errors(api.call("POST", PATH, {"zone": ZONE})) == [("over_quota", "")]
    assert api.call("POST", PATH, {"zone": {"name": "us-south-2"}}).status_code == 201


def test_the_list_is_filtered_and_sorted(api: Api, made: dict[str, Any], interface: NetworkInterface) -> None:
    body = api.call("POST", PATH, {"target": {"id": interface.id}, "name": "a"}).json()
    assert [ip["id"] for ip in api.get(PATH, f"target.id={interface.id}").json()["floating_ips"]] == [body["id"]]
    assert api.get(PATH, "target.resource_type=virtual_network_interface").json()["total_count"] == 0
    names = [ip["name"] for ip in api.get(PATH, "sort=name").json()["floating_ips"]]
    assert names == ["a", "public"]
    assert api.get(PATH, "sort=colour").status_code == 400


def test_the_list_is_filtered_by_the_whole_crn_of_its_target(api: Api, made: dict[str, Any]) -> None:
    virtual = make_virtual_interface(Subnet.objects.get())
    api.call("PATCH", f"{PATH}/{made['id']}", {"target": {"id": virtual.id}})
    counts = [api.get(PATH, f"target.crn={crn}").json()["total_count"] for crn in (virtual.crn, f"crn:x:{virtual.id}")]
    assert counts == [1, 0]


def test_floating_ips_of_a_virtual_interface_are_sorted(api: Api, made: dict[str, Any]) -> None:
    virtual = make_virtual_interface(Subnet.objects.get())
    virtual.enable_infrastructure_nat = False
    virtual.save()
    other = api.call("POST", PATH, {"zone": ZONE, "name": "a"}).json()
    path = f"/v1/virtual_network_interfaces/{virtual.id}/floating_ips"
    for ip in (other, made):
        api.call("PUT", f"{path}/{ip['id']}")
    assert [ip["name"] for ip in api.get(path, "sort=-name").json()["floating_ips"]] == ["public", "a"]
    assert [ip["name"] for ip in api.get(path, "sort=name").json()["floating_ips"]] == ["a", "public"]


def test_a_floating_ip_of_another_account_or_region_looks_like_none(made: dict[str, Any]) -> None:
    path = f"{PATH}/{made['id']}"
    assert Api(MALLORY).get(path).status_code == 404
    assert call("GET", f"{path}?{QUERY}", Host="eu-de.iaas.cloud.ibm.com").status_code == 404
