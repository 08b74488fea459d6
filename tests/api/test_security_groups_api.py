"""``/v1/security_groups``: groups, and what is in them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from ibm_vpc import vpc_v1

from servers.models import VPC, NetworkInterface, SecurityGroup, Subnet
from tests.api.calling import call
from tests.api.vpc import QUERY, Api, errors, fits
from tests.world import MALLORY, World, make_server, make_virtual_interface

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
    group = vpc_v1.SecurityGroup.from_dict(default)
    assert [rule.name for rule in group.rules] == [
        "inbound-icmp-tcp-udp-from-this-security-group",
        "outbound-icmp-tcp-udp",
    ]
    assert [target["name"] for target in default["targets"]] == [NetworkInterface.objects.get().name]


def test_a_list_takes_the_same_queries_for_one_and_for_three(api: Api, vpc: VPC) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            api.get(PATH)
        return len(captured)

    one = queries()
    for name in ("a", "b"):
        make_virtual_interface(vpc.subnets.get(), name=name)
        api.call("POST", PATH, {"vpc": {"id": vpc.id}, "rules": [TCP]})
    assert queries() == one


def test_the_list_is_filtered_by_vpc(api: Api, path: str, vpc: VPC) -> None:
    assert api.get(PATH, f"vpc.id={vpc.id}").json()["total_count"] == 2
    assert api.get(PATH, f"vpc.crn={vpc.crn}").json()["total_count"] == 2
    assert api.get(PATH, "vpc.name=none").json()["total_count"] == 0


def test_a_group_is_made_with_its_rules(api: Api, vpc: VPC) -> None:
    answer = api.call(
        "POST", PATH, {"vpc": {"crn": vpc.crn}, "rules": [TCP, {"direction": "outbound", "protocol": "any"}]}
    )
    assert [rule["protocol"] for rule in answer.json()["rules"]] == ["tcp", "any"]


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


# --- targets ---------------------------------------------------------------------------------------------------


def test_an_interface_goes_in_and_out(api: Api, path: str, interface: NetworkInterface) -> None:
    target = f"{path}/targets/{interface.id}"
    added = api.call("PUT", target)
    assert (added.status_code, added.json()["id"]) == (201, interface.id)
    assert api.call("PUT", target).status_code == 201
    security_group_targets = vpc_v1.SecurityGroupTargetCollection.from_dict(api.get(f"{path}/targets").json())
    assert security_group_targets.total_count == 1
    assert errors(api.call("DELETE", path)) == [("security_group_in_use_target_exists", "")]
    assert api.call("DELETE", target).status_code == 204
    assert api.get(target).status_code == 404


def test_a_virtual_interface_goes_in(api: Api, path: str) -> None:
    subnet = {"id": Subnet.objects.get().id}
    virtual = api.call("POST", "/v1/virtual_network_interfaces", {"subnet": subnet}).json()
    added = api.call("PUT", f"{path}/targets/{virtual['id']}").json()
    target = fits(vpc_v1.SecurityGroupTargetReferenceVirtualNetworkInterfaceReference, added)
    assert (target.crn, target.resource_type) == (virtual["crn"], "virtual_network_interface")


def test_the_entity_tag_of_a_virtual_interface_tells_of_its_groups(api: Api, path: str) -> None:
    subnet = {"id": Subnet.objects.get().id}
    virtual = api.call("POST", "/v1/virtual_network_interfaces", {"subnet": subnet}).json()
    tags = []
    for method in ("PUT", "DELETE"):
        api.call(method, f"{path}/targets/{virtual['id']}")
        tags.append(api.get(f"/v1/virtual_network_interfaces/{virtual['id']}")["ETag"])
    assert tags == ['"2"', '"3"']


def test_an_interface_stays_in_its_only_group(api: Api, path: str, vpc: VPC, interface: NetworkInterface) -> None:
    # D-50
    default = f"{PATH}/{vpc.default_security_group.id}"  # type: ignore[union-attr]
    api.call("PUT", f"{path}/targets/{interface.id}")
    assert api.call("DELETE", f"{default}/targets/{interface.id}").status_code == 204
    answer = api.call("DELETE", f"{path}/targets/{interface.id}")
    assert (answer.status_code, errors(answer)) == (409, [("security_group_last_of_target", "")])
    assert api.get(f"{path}/targets/{interface.id}").status_code == 200


def test_what_is_not_in_the_group_is_not_taken_out(api: Api, path: str, interface: NetworkInterface) -> None:
    assert api.call("DELETE", f"{path}/targets/{interface.id}").status_code == 404


def test_an_interface_is_in_five_groups_at_most(api: Api, vpc: VPC, interface: NetworkInterface) -> None:
    groups = [api.call("POST", PATH, {"vpc": {"id": vpc.id}}).json()["id"] for _ in range(5)]
    answers = [api.call("PUT", f"{PATH}/{group}/targets/{interface.id}") for group in groups]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 201, 400]


# --- tenancy ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", "/rules", "/targets"])
def test_another_accounts_group_looks_like_none(path: str, suffix: str) -> None:
    assert Api(MALLORY).get(f"{path}{suffix}").status_code == 404


def test_another_accounts_interface_is_no_target(world: World, api: Api, path: str) -> None:
    theirs = make_server(world.other_account, name="theirs").network_interfaces.get()
    assert api.call("PUT", f"{path}/targets/{theirs.id}").status_code == 404


def test_another_regions_group_looks_like_none(path: str) -> None:
    assert call("GET", f"{path}?{QUERY}", Host="eu-de.iaas.cloud.ibm.com").status_code == 404
