"""``/v1/security_groups``: groups, their rules, what is in them."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from servers.models import VPC, NetworkInterface, SecurityGroup, Subnet
from tests.api.calling import call
from tests.api.vpc import QUERY, Api, errors
from tests.world import MALLORY, World, make_server

PATH = "/v1/security_groups"
NOW = "version=2026-10-06&generation=2"
TCP = {"direction": "inbound", "protocol": "tcp", "port_min": 22, "port_max": 22}


@pytest.fixture
def vpc(world: World) -> VPC:
    make_server(world.account, name="web-1")
    return VPC.objects.get()


@pytest.fixture
def path(api: Api, vpc: VPC) -> str:
    """Of a group without rules."""
    answer = api.call("POST", PATH, {"vpc": {"id": vpc.id}, "name": "ssh"})
    assert answer.status_code == 201, answer.content
    return f"{PATH}/{answer.json()['id']}"


@pytest.fixture
def interface(vpc: VPC) -> NetworkInterface:
    return NetworkInterface.objects.get()


# --- groups ----------------------------------------------------------------------------------------------------


def test_a_group_satisfies_the_sdk_model(api: Api, vpc: VPC) -> None:
    default = api.call("GET", f"{PATH}/{vpc.default_security_group.id}", query=NOW).json()  # type: ignore[union-attr]
    found = vpc_v1.SecurityGroup.from_dict(default)
    assert [rule.name for rule in found.rules] == [
        "inbound-icmp-tcp-udp-from-this-security-group",
        "outbound-icmp-tcp-udp",
    ]
    assert [target["name"] for target in default["targets"]] == [NetworkInterface.objects.get().name]


def test_the_list_is_filtered_by_vpc(api: Api, path: str, vpc: VPC) -> None:
    assert api.get(PATH, f"vpc.id={vpc.id}").json()["total_count"] == 2
    assert api.get(PATH, f"vpc.crn={vpc.crn}").json()["total_count"] == 2
    assert api.get(PATH, "vpc.name=none").json()["total_count"] == 0


def test_a_group_is_made_with_its_rules(api: Api, vpc: VPC) -> None:
    made = api.call(
        "POST", PATH, {"vpc": {"crn": vpc.crn}, "rules": [TCP, {"direction": "outbound", "protocol": "any"}]}
    )
    assert [rule["protocol"] for rule in made.json()["rules"]] == ["tcp", "any"]


def test_a_wrong_rule_is_named_and_no_group_is_made(api: Api, vpc: VPC) -> None:
    rules = [TCP, TCP | {"port_min": 90}]
    answer = api.call("POST", PATH, {"vpc": {"id": vpc.id}, "rules": rules})
    assert errors(answer) == [("invalid_value", "rules[1].port_min")]
    assert SecurityGroup.objects.count() == 1


def test_the_default_group_stays(api: Api, vpc: VPC) -> None:
    answer = api.call("DELETE", f"{PATH}/{vpc.default_security_group.id}")  # type: ignore[union-attr]
    assert (answer.status_code, errors(answer)) == (409, [("security_group_in_use_default", "")])


def test_a_group_that_another_refers_to_stays(api: Api, path: str, vpc: VPC) -> None:
    group = {"id": path.rpartition("/")[2]}
    other = api.call("POST", PATH, {"vpc": {"id": vpc.id}, "rules": [TCP | {"remote": group}]}).json()
    assert errors(api.call("DELETE", path)) == [("security_group_in_use_rule_exists", "")]
    assert api.call("DELETE", f"{PATH}/{other['id']}").status_code == 204
    assert api.call("DELETE", path).status_code == 204


def test_a_group_is_renamed(api: Api, path: str) -> None:
    assert api.call("PATCH", path, {"name": "other"}).json()["name"] == "other"


def test_the_groups_of_a_vpc_have_a_quota(api: Api, vpc: VPC, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"security_groups": 1}
    assert errors(api.call("POST", PATH, {"vpc": {"id": vpc.id}})) == [("over_quota", "")]


# --- rules -----------------------------------------------------------------------------------------------------

RULES: dict[str, dict[str, Any]] = {
    "tcp": TCP,
    "udp-all-ports": {"direction": "outbound", "protocol": "udp"},
    "icmp": {"direction": "inbound", "protocol": "icmp", "type": 8, "code": 0},
    "icmp-all": {"direction": "inbound", "protocol": "icmp"},
    "any": {"direction": "inbound", "protocol": "any"},
    "everything": {"direction": "inbound", "protocol": "icmp_tcp_udp"},
    "named": {"direction": "inbound", "protocol": "gre"},
    "numbered": {"direction": "inbound", "protocol": "number_99"},
    "address": TCP | {"remote": {"address": "10.0.0.7"}},
    "range": TCP | {"remote": {"cidr_block": "10.0.0.0/24"}, "local": {"cidr_block": "10.1.0.0/16"}},
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_of_each_kind_is_made_and_satisfies_the_sdk_model(api: Api, path: str, rule: dict[str, Any]) -> None:
    answer = api.call("POST", f"{path}/rules", rule, query=NOW)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made.items() >= rule.items()
    assert vpc_v1.SecurityGroupRule.from_dict(made)
    assert api.call("GET", f"{path}/rules/{made['id']}", query=NOW).json() == made
    assert api.call("GET", f"{path}/rules", query=NOW).json() == {"rules": [made]}


def test_tcp_without_ports_is_tcp_on_all_ports(api: Api, path: str) -> None:
    made = api.call("POST", f"{path}/rules", {"direction": "inbound", "protocol": "tcp"}).json()
    assert (made["port_min"], made["port_max"]) == (1, 65535)


def test_the_far_end_may_be_a_group(api: Api, path: str, vpc: VPC) -> None:
    group = {"id": vpc.default_security_group.id}  # type: ignore[union-attr]
    made = api.call("POST", f"{path}/rules", TCP | {"remote": group}).json()
    assert made["remote"]["id"] == group["id"]


def test_earlier_versions_say_all(api: Api, path: str) -> None:
    before = "version=2025-12-08&generation=2"
    made = api.call("POST", f"{path}/rules", {"direction": "inbound", "protocol": "all"}, query=before).json()
    assert made["protocol"] == "all"
    assert api.call("GET", f"{path}/rules/{made['id']}", query=NOW).json()["protocol"] == "icmp_tcp_udp"


WRONG_RULES: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "no-direction": ({"protocol": "any"}, ("missing_field", "direction")),
    "no-protocol": ({"direction": "inbound"}, ("missing_field", "protocol")),
    "unknown-protocol": ({"direction": "inbound", "protocol": "http"}, ("invalid_value", "protocol")),
    "number-with-a-name": ({"direction": "inbound", "protocol": "number_6"}, ("invalid_value", "protocol")),
    "number-too-large": ({"direction": "inbound", "protocol": "number_256"}, ("invalid_value", "protocol")),
    "ports-of-icmp": (TCP | {"protocol": "icmp"}, ("invalid_value", "port_max")),
    "type-of-tcp": (TCP | {"type": 8}, ("invalid_value", "type")),
    "half-a-range": ({"direction": "inbound", "protocol": "tcp", "port_min": 22}, ("invalid_value", "port_max")),
    "upside-down": (TCP | {"port_min": 23}, ("invalid_value", "port_min")),
    "port-zero": (TCP | {"port_min": 0}, ("invalid_value", "port_min")),
    "code-without-type": ({"direction": "inbound", "protocol": "icmp", "code": 1}, ("invalid_value", "type")),
    "host-bits": (TCP | {"remote": {"cidr_block": "10.0.0.1/24"}}, ("invalid_value", "remote")),
    "two-ends": (TCP | {"remote": {"address": "10.0.0.1", "id": "x"}}, ("invalid_value", "remote")),
    "group-at-the-near-end": (TCP | {"local": {"id": "x"}}, ("invalid_value", "local")),
    "unknown-group": (TCP | {"remote": {"id": "none"}}, ("not_found", "remote")),
    "unknown-field": (TCP | {"ports": 22}, ("unknown_field", "ports")),
}


@pytest.mark.parametrize(("rule", "expected"), WRONG_RULES.values(), ids=WRONG_RULES.keys())
def test_a_rule_is_refused(api: Api, path: str, rule: dict[str, Any], expected: tuple[str, str]) -> None:
    answer = api.call("POST", f"{path}/rules", rule)
    assert (answer.status_code, errors(answer)) == (400, [expected])
    assert api.get(f"{path}/rules").json() == {"rules": []}


def test_a_patch_changes_what_it_names_and_a_new_protocol_drops_what_was_the_old_ones(api: Api, path: str) -> None:
    made = api.call("POST", f"{path}/rules", TCP).json()
    rule = f"{path}/rules/{made['id']}"
    assert api.call("PATCH", rule, {"port_max": 24}).json() == made | {"port_max": 24}
    icmp = api.call("PATCH", rule, {"protocol": "icmp"}).json()
    assert not {"port_min", "port_max"} & icmp.keys()
    assert api.call("DELETE", rule).status_code == 204
    assert api.get(rule).status_code == 404


# --- targets ---------------------------------------------------------------------------------------------------


def test_an_interface_goes_in_and_out(api: Api, path: str, interface: NetworkInterface) -> None:
    target = f"{path}/targets/{interface.id}"
    added = api.call("PUT", target)
    assert (added.status_code, added.json()["id"]) == (200, interface.id)
    assert api.call("PUT", target).status_code == 200
    listed = vpc_v1.SecurityGroupTargetCollection.from_dict(api.get(f"{path}/targets").json())
    assert listed.total_count == 1
    assert errors(api.call("DELETE", path)) == [("security_group_in_use_target_exists", "")]
    assert api.call("DELETE", target).status_code == 204
    assert api.get(target).status_code == 404


def test_a_virtual_interface_goes_in(api: Api, path: str) -> None:
    subnet = {"id": Subnet.objects.get().id}
    virtual = api.call("POST", "/v1/virtual_network_interfaces", {"subnet": subnet}).json()
    added = api.call("PUT", f"{path}/targets/{virtual['id']}").json()
    assert (added["crn"], added["resource_type"]) == (virtual["crn"], "virtual_network_interface")


def test_whoever_leaves_the_last_group_comes_into_the_default_one(
    api: Api, path: str, vpc: VPC, interface: NetworkInterface
) -> None:
    default = f"{PATH}/{vpc.default_security_group.id}"  # type: ignore[union-attr]
    api.call("PUT", f"{path}/targets/{interface.id}")
    assert api.call("DELETE", f"{default}/targets/{interface.id}").status_code == 204
    assert api.call("DELETE", f"{path}/targets/{interface.id}").status_code == 204
    assert api.get(f"{default}/targets/{interface.id}").status_code == 200
    answer = api.call("DELETE", f"{default}/targets/{interface.id}")
    assert (answer.status_code, errors(answer)) == (409, [("security_group_last_of_target", "")])


def test_an_interface_is_in_five_groups_at_most(api: Api, vpc: VPC, interface: NetworkInterface) -> None:
    groups = [api.call("POST", PATH, {"vpc": {"id": vpc.id}}).json()["id"] for _ in range(5)]
    answers = [api.call("PUT", f"{PATH}/{group}/targets/{interface.id}") for group in groups]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 400]


# --- tenancy ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", "/rules", "/targets"])
def test_another_accounts_group_looks_like_none(path: str, suffix: str) -> None:
    assert Api(MALLORY).get(f"{path}{suffix}").status_code == 404


def test_another_accounts_interface_is_no_target(world: World, api: Api, path: str) -> None:
    theirs = make_server(world.other_account, name="theirs").network_interfaces.get()
    assert api.call("PUT", f"{path}/targets/{theirs.id}").status_code == 404


def test_another_regions_group_looks_like_none(path: str) -> None:
    assert call("GET", f"{path}?{QUERY}", Host="eu-de.iaas.cloud.ibm.com").status_code == 404
