"""``/v1/virtual_network_interfaces``: made, changed, given addresses, deleted."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.record import Party
from servers.models import ReservedIP, Subnet, VirtualNetworkInterface
from tests.api.calling import call, caller_of
from tests.api.vpc import QUERY, Api, errors
from tests.policies import make_content
from tests.tables import alone, check_each
from tests.world import MALLORY, World, make_profile, make_server, make_subnet, make_virtual_interface
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
PATH = "/v1/virtual_network_interfaces"
ADDRESS = "10.240.0.50"


@pytest.fixture
def subnet(world: World) -> dict[str, str]:
    make_server(world.account, name="other")
    return {"id": Subnet.objects.get().id}


@pytest.fixture
def made(api: Api, subnet: dict[str, str]) -> dict[str, Any]:
    answer = api.call("POST", PATH, {"subnet": subnet, "name": "vni"})
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def reserve(api: Api, subnet: dict[str, str], address: str = ADDRESS) -> dict[str, Any]:
    body: dict[str, Any] = api.call("POST", f"/v1/subnets/{subnet['id']}/reserved_ips", {"address": address}).json()
    return body


def test_a_virtual_interface_satisfies_the_sdk_model(api: Api, made: dict[str, Any]) -> None:
    vni = vpc_v1.VirtualNetworkInterface.from_dict(api.get(f"{PATH}/{made['id']}").json())
    assert (vni.name, vni.auto_delete, vni.allow_ip_spoofing) == ("vni", False, False)
    assert vpc_v1.VirtualNetworkInterfaceCollection.from_dict(api.get(PATH).json()).total_count == 1


def test_the_primary_address_of_a_virtual_interface_is_its_first(made: dict[str, Any]) -> None:
    assert made["ips"] == [made["primary_ip"]]


def test_a_virtual_interface_is_made_of_addresses_that_exist(api: Api, subnet: dict[str, str]) -> None:
    first, second = (reserve(api, subnet, address) for address in (ADDRESS, "10.240.0.51"))
    body = {"primary_ip": {"id": first["id"]}, "ips": [{"id": second["id"]}, {"address": "10.240.0.52"}]}
    interface = api.call("POST", PATH, body).json()
    assert [ip["address"] for ip in interface["ips"]] == [ADDRESS, "10.240.0.51", "10.240.0.52"]
    assert interface["subnet"]["id"] == subnet["id"]


def test_all_that_is_wrong_is_named_and_nothing_is_made(api: Api, subnet: dict[str, str]) -> None:
    before = ReservedIP.objects.count()
    body = {
        "subnet": subnet,
        "name": "ibm-mine",
        "primary_ip": {"address": "10.0.0.1"},
        "ips": [{"id": "none"}, {"address": "10.0.0.2"}],
        "security_groups": [{"id": "none"}],
        "resource_group": {"id": "none"},
        "allow_ip_spoofing": True,
        "enable_infrastructure_nat": False,
    }
    answer = api.call("POST", PATH, body)
    assert answer.status_code == 400
    assert sorted(errors(answer)) == [
        ("bad_field", "ips[0]"),
        ("bad_field", "resource_group"),
        ("bad_field", "security_groups[0]"),
        ("invalid_value", "allow_ip_spoofing"),
        ("invalid_value", "ips[1].address"),
        ("invalid_value", "name"),
        ("invalid_value", "primary_ip.address"),
    ]
    assert (ReservedIP.objects.count(), VirtualNetworkInterface.objects.count()) == (before, 0)


REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "no-subnet": ({}, ("missing_field", "subnet")),
    "unknown-subnet": ({"subnet": {"id": "none"}}, ("bad_field", "subnet")),
    "unknown-mode": ({"protocol_state_filtering_mode": "never"}, ("invalid_value", "protocol_state_filtering_mode")),
    "unknown-field": ({"mac_address": "02:00:00:00:00:00"}, ("unknown_field", "mac_address")),
    "unbound-auto-delete": ({"auto_delete": True}, ("invalid_value", "auto_delete")),
    "href-of-nothing": ({"primary_ip": {"href": "https://x/"}}, ("invalid_value", "primary_ip.href")),
    "id-twice": ({"ips": [{"address": ADDRESS}, {"address": ADDRESS}]}, ("invalid_value", "ips[1].address")),
    "null-name": ({"name": None}, ("invalid_value", "name")),
    "id-and-address": ({"primary_ip": {"id": "x", "address": ADDRESS}}, ("invalid_value", "primary_ip")),
}


def test_a_body_is_refused(api: Api, subnet: dict[str, str]) -> None:
    def check(case: str) -> None:
        changes, expected = REFUSED[case]
        body = changes if case == "no-subnet" else {"subnet": subnet} | changes
        answer = api.call("POST", PATH, body)
        assert (answer.status_code, expected in errors(answer)) == (400, True)

    check_each(REFUSED, alone(check))


def test_more_than_eight_addresses_are_refused(api: Api, subnet: dict[str, str]) -> None:
    body = {"subnet": subnet, "ips": [{"address": f"10.240.0.{last}"} for last in range(50, 58)]}
    assert errors(api.call("POST", PATH, body)) == [("invalid_value", "ips")]


def test_a_name_is_the_only_one_of_its_vpc(api: Api, subnet: dict[str, str], made: dict[str, Any]) -> None:
    answer = api.call("POST", PATH, {"subnet": subnet, "name": "vni"})
    assert errors(answer) == [("validation_unique_failed", "name")]


def test_a_patch_changes_what_it_names_and_nothing_else(api: Api, made: dict[str, Any]) -> None:
    patch = {"name": "other", "allow_ip_spoofing": True, "protocol_state_filtering_mode": "disabled"}
    update = api.call("PATCH", f"{PATH}/{made['id']}", patch).json()
    before, after = ({k: v for k, v in body.items() if k not in patch} for body in (made, update))
    assert {name: update[name] for name in patch} == patch
    assert after == before


def test_a_stale_entity_tag_is_refused(api: Api, made: dict[str, Any]) -> None:
    path = f"{PATH}/{made['id']}?{QUERY}"
    tag = call("GET", path)["ETag"]
    assert call("PATCH", path, {"name": "other"}, If_Match=tag).status_code == 200
    assert call("PATCH", path, {"name": "third"}, If_Match=tag).status_code == 412
    assert call("DELETE", path, If_Match=tag).status_code == 412


def test_deleting_a_virtual_interface_answers_with_it_and_frees_its_addresses(api: Api, made: dict[str, Any]) -> None:
    before = ReservedIP.objects.count()
    answer = api.call("DELETE", f"{PATH}/{made['id']}")
    assert (answer.status_code, answer.json()["lifecycle_state"]) == (202, "deleting")
    assert api.get(f"{PATH}/{made['id']}").status_code == 404
    assert ReservedIP.objects.count() == before - 1


def test_what_is_attached_is_not_deleted(api: Api, prototype: dict[str, Any], made: dict[str, Any]) -> None:
    del prototype["primary_network_interface"]
    prototype["primary_network_attachment"] = {"virtual_network_interface": {"id": made["id"]}}
    api.call("POST", "/v1/bare_metal_servers", prototype)
    body = api.get(f"{PATH}/{made['id']}").json()
    assert body["target"]["resource_type"] == "bare_metal_server_network_attachment"
    answer = api.call("DELETE", f"{PATH}/{made['id']}")
    assert (answer.status_code, errors(answer)) == (409, [("virtual_network_interface_in_use_target_exists", "")])


def test_a_secondary_address_is_bound_and_unbound(api: Api, subnet: dict[str, str], made: dict[str, Any]) -> None:
    ip = reserve(api, subnet)
    path = f"{PATH}/{made['id']}/ips/{ip['id']}"
    assert api.call("PUT", path).json()["address"] == ADDRESS
    assert api.call("PUT", path).status_code == 200
    assert api.get(f"{PATH}/{made['id']}/ips").json()["total_count"] == 2
    assert api.call("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    assert ReservedIP.objects.filter(address=ADDRESS).exists()


def test_the_addresses_of_a_virtual_interface_are_listed_in_the_order_asked_for(
    api: Api, subnet: dict[str, str], made: dict[str, Any]
) -> None:
    path = f"{PATH}/{made['id']}/ips"
    for address in ("10.240.0.60", "10.240.0.7"):
        api.call("PUT", f"{path}/{reserve(api, subnet, address)['id']}")
    body = api.get(path, "sort=-address").json()
    assert [ip["address"] for ip in body["ips"]] == ["10.240.0.60", "10.240.0.7", made["primary_ip"]["address"]]
    assert errors(api.get(path, "sort=mac_address")) == [("invalid_value", "sort")]


def test_an_address_that_is_bound_elsewhere_is_not_bound(
    api: Api, subnet: dict[str, str], made: dict[str, Any]
) -> None:
    # D-38
    other = api.call("POST", PATH, {"subnet": subnet}).json()
    answer = api.call("PUT", f"{PATH}/{made['id']}/ips/{other['primary_ip']['id']}")
    assert (answer.status_code, errors(answer)) == (409, [("reserved_ip_in_use", "id")])


def test_a_bound_address_makes_another_entity_tag(api: Api, subnet: dict[str, str], made: dict[str, Any]) -> None:
    tag = api.get(f"{PATH}/{made['id']}")["ETag"]
    api.call("PUT", f"{PATH}/{made['id']}/ips/{reserve(api, subnet)['id']}")
    assert api.get(f"{PATH}/{made['id']}")["ETag"] != tag


def test_the_primary_address_stays(api: Api, made: dict[str, Any]) -> None:
    answer = api.call("DELETE", f"{PATH}/{made['id']}/ips/{made['primary_ip']['id']}")
    assert (answer.status_code, errors(answer)) == (409, [("primary_ip", "")])


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"allow_ip_spoofing": True}, "allow_ip_spoofing"),
        ({"enable_infrastructure_nat": False}, "enable_infrastructure_nat"),
    ],
)
def test_an_editor_may_not_allow_spoofing_or_turn_off_infrastructure_nat(
    world: World, made: dict[str, Any], asked: dict[str, bool], name: str
) -> None:
    profile = make_profile(world.account)
    create_policy(world.account, content=make_content(profile.iam_id, "Editor"), api_version="v1", by=BY)
    caller = caller_of(profile.iam_id)
    path = f"{PATH}/{made['id']}?{QUERY}"
    answer = call("PATCH", path, asked, caller=caller)
    assert (answer.status_code, errors(answer)) == (403, [("not_authorized", name)])
    assert call("PATCH", path, {"name": "other"}, caller=caller).status_code == 200


PARTS = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("GET", "/ips"),
    ("GET", "/ips/{ip}"),
    ("PUT", "/ips/{ip}"),
    ("DELETE", "/ips/{ip}"),
]


@pytest.mark.parametrize(("method", "part"), PARTS)
def test_another_accounts_interface_looks_like_none(made: dict[str, Any], method: str, part: str) -> None:
    path = f"{PATH}/{made['id']}{part.format(ip=made['primary_ip']['id'])}"
    assert Api(MALLORY).call(method, path, {}).status_code == 404


@pytest.mark.parametrize(("method", "part"), PARTS)
def test_another_regions_interface_looks_like_none(api: Api, made: dict[str, Any], method: str, part: str) -> None:
    path = f"{PATH}/{made['id']}{part.format(ip=made['primary_ip']['id'])}"
    assert api.call(method, path, {}, Host="eu-de.iaas.cloud.ibm.com").status_code == 404


def test_another_account_and_another_region_list_no_virtual_interface(api: Api, made: dict[str, Any]) -> None:
    assert api.get(PATH).json()["total_count"] == 1
    assert Api(MALLORY).get(PATH).json()["total_count"] == 0
    assert api.get(PATH, Host="eu-de.iaas.cloud.ibm.com").json()["total_count"] == 0


def test_another_accounts_address_is_not_bound(world: World, api: Api, made: dict[str, Any]) -> None:
    foreign = make_virtual_interface(make_subnet(world.other_account))
    path = f"{PATH}/{made['id']}/ips/{foreign.primary_ip.id}"
    assert api.call("PUT", path).status_code == 404


def test_a_resource_group_selects(api: Api, made: dict[str, Any]) -> None:
    group = made["resource_group"]["id"]
    assert api.get(PATH, f"resource_group.id={group}").json()["total_count"] == 1
    assert api.get(PATH, "resource_group.id=none").json()["total_count"] == 0
