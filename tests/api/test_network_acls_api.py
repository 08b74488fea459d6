"""``/v1/network_acls``: ACLs, and their rules in their order."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from servers.models import VPC
from tests.api.calling import call
from tests.api.vpc import QUERY, Api, errors, fits
from tests.tables import alone, check_each
from tests.world import MALLORY, World, make_server

PATH = "/v1/network_acls"
NOW = "version=2026-10-06&generation=2"
ANYWHERE = "0.0.0.0/0"
RULE = {"action": "allow", "direction": "inbound", "protocol": "any", "source": ANYWHERE, "destination": ANYWHERE}


@pytest.fixture
def vpc(world: World) -> VPC:
    make_server(world.account, name="web-1")
    return VPC.objects.get()


@pytest.fixture
def path(api: Api, vpc: VPC) -> str:
    """Of an ACL without rules."""
    answer = api.call("POST", PATH, {"vpc": {"id": vpc.id}, "name": "acl"})
    assert answer.status_code == 201, answer.content
    return f"{PATH}/{answer.json()['id']}"


def add(api: Api, path: str, name: str, **more: Any) -> str:
    """Add a rule. Returns its id."""
    answer = api.call("POST", f"{path}/rules", RULE | {"name": name} | more)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def order(api: Api, path: str) -> list[str]:
    return [rule["name"] for rule in api.get(path).json()["rules"]]


def test_the_default_acl_lets_everything_pass_and_satisfies_the_sdk_model(api: Api, vpc: VPC) -> None:
    body = api.call("GET", f"{PATH}/{vpc.default_network_acl.id}", query=NOW).json()  # type: ignore[union-attr]
    acl = vpc_v1.NetworkACL.from_dict(body)
    assert [(rule.name, rule.action) for rule in acl.rules] == [
        ("allow-inbound", "allow"),
        ("allow-outbound", "allow"),
    ]
    assert len(acl.subnets) == 1


def test_each_rule_says_which_one_it_goes_before(api: Api, path: str) -> None:
    first, second = (add(api, path, name) for name in ("first", "second"))
    rules = api.get(path).json()["rules"]
    assert [rule.get("before", {}).get("id") for rule in rules] == [second, None]
    assert api.get(f"{path}/rules/{first}").json()["before"]["name"] == "second"


def test_a_rule_goes_before_the_one_it_names(api: Api, path: str) -> None:
    last = add(api, path, "last")
    add(api, path, "first", before={"id": last})
    add(api, path, "middle", before={"id": last})
    assert order(api, path) == ["first", "middle", "last"]


def test_a_rule_is_moved_and_moved_to_the_end(api: Api, path: str) -> None:
    a, b, c = (add(api, path, name) for name in "abc")
    api.call("PATCH", f"{path}/rules/{c}", {"before": {"id": a}})
    assert order(api, path) == ["c", "a", "b"]
    api.call("PATCH", f"{path}/rules/{a}", {"before": None})
    assert order(api, path) == ["c", "b", "a"]
    assert errors(api.call("PATCH", f"{path}/rules/{b}", {"before": {"id": b}})) == [("invalid_value", "before")]


def test_a_patch_without_before_leaves_the_order(api: Api, path: str) -> None:
    a, _ = (add(api, path, name) for name in "ab")
    rule = api.call("PATCH", f"{path}/rules/{a}", {"action": "deny", "name": "z"}).json()
    assert (rule["action"], order(api, path)) == ("deny", ["z", "b"])


PROTOCOLS: dict[str, dict[str, Any]] = {
    "any": {"protocol": "any"},
    "everything": {"protocol": "icmp_tcp_udp"},
    "icmp": {"protocol": "icmp", "type": 8, "code": 0},
    "tcp": {"protocol": "tcp", "destination_port_min": 22, "destination_port_max": 22},
    "udp": {"protocol": "udp", "source_port_min": 1, "source_port_max": 1024},
    "named": {"protocol": "esp"},
    "numbered": {"protocol": "number_99"},
}


@pytest.mark.parametrize("rule", PROTOCOLS.values(), ids=PROTOCOLS.keys())
def test_a_rule_of_each_kind_satisfies_the_sdk_model(api: Api, path: str, rule: dict[str, Any]) -> None:
    new_rule = api.call("POST", f"{path}/rules", RULE | rule, query=NOW).json()
    assert new_rule.items() >= rule.items()
    assert fits(vpc_v1.NetworkACLRule, new_rule).protocol == rule["protocol"]


WRONG: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "action": ({"action": "maybe"}, ("invalid_value", "action")),
    "source": ({"source": "10.0.0.1/8"}, ("invalid_value", "source")),
    "before": ({"before": {"id": "none"}}, ("bad_field", "before")),
    "port-of-any": ({"source_port_min": 1}, ("invalid_value", "source_port_min")),
    "half-a-range": ({"protocol": "tcp", "source_port_min": 1}, ("invalid_value", "source_port_max")),
    "netmask": ({"destination": "10.0.0.0/255.0.0.0"}, ("invalid_value", "destination")),
    "later-word": ({"protocol": "icmp_tcp_udp"}, ("invalid_value", "protocol")),
    "upside-down": (
        {"protocol": "tcp", "source_port_min": 3, "source_port_max": 2},
        ("invalid_value", "source_port_min"),
    ),
    "unknown": ({"port": 1}, ("unknown_field", "port")),
}


def test_a_rule_is_refused(api: Api, path: str) -> None:
    def check(name: str) -> None:
        changes, expected = WRONG[name]
        answer = api.call("POST", f"{path}/rules", RULE | changes)
        assert (answer.status_code, errors(answer)) == (400, [expected])
        assert order(api, path) == []

    check_each(WRONG, alone(check))


def test_all_that_is_wrong_with_the_rules_is_named(api: Api, vpc: VPC) -> None:
    rules = [RULE | {"type": 8}, RULE | {"protocol": "udp", "destination_port_min": 2, "destination_port_max": 1}]
    answer = api.call("POST", PATH, {"vpc": {"id": vpc.id}, "rules": rules})
    assert [name for _, name in errors(answer)] == ["rules[0].type", "rules[1].destination_port_min"]


def test_a_later_version_denies_any_instead_of_everything(api: Api, path: str) -> None:
    denial = RULE | {"action": "deny", "protocol": "icmp_tcp_udp"}
    assert errors(api.call("POST", f"{path}/rules", denial, query=NOW)) == [("invalid_value", "action")]
    assert api.call("POST", f"{path}/rules", denial | {"protocol": "any"}, query=NOW).status_code == 201


def test_a_later_version_does_not_turn_everything_into_a_denial(api: Api, path: str) -> None:
    rule = f"{path}/rules/{add(api, path, 'all', protocol='all')}"
    assert errors(api.call("PATCH", rule, {"action": "deny"}, query=NOW)) == [("invalid_value", "action")]
    assert api.call("PATCH", rule, {"name": "new"}, query=NOW).json()["action"] == "allow"


def test_an_earlier_version_denies_all(api: Api, path: str) -> None:
    # D-52
    rule = add(api, path, "none", protocol="all", action="deny")
    assert api.get(f"{path}/rules/{rule}").json()["protocol"] == "all"


def test_ports_are_given_back_to_all(api: Api, path: str) -> None:
    rule = add(api, path, "ssh", protocol="tcp", destination_port_min=22, destination_port_max=22)
    patch = {"destination_port_min": None, "destination_port_max": None}
    updated_rule = api.call("PATCH", f"{path}/rules/{rule}", patch).json()
    assert (updated_rule["destination_port_min"], updated_rule["destination_port_max"]) == (1, 65535)


def test_the_protocol_of_a_rule_stays(api: Api, path: str) -> None:
    answer = api.call("PATCH", f"{path}/rules/{add(api, path, 'any')}", {"protocol": "tcp"})
    assert errors(answer) == [("unknown_field", "protocol")]


def test_an_unknown_vpc_and_an_unknown_source_are_both_named(api: Api, path: str) -> None:
    answer = api.call("POST", PATH, {"vpc": {"id": "none"}, "source_network_acl": {"id": "none"}})
    assert errors(answer) == [("bad_field", "vpc"), ("bad_field", "source_network_acl")]


def test_rules_and_a_source_exclude_each_other(api: Api, path: str, vpc: VPC) -> None:
    source = {"id": path.rpartition("/")[2]}
    answer = api.call("POST", PATH, {"vpc": {"id": vpc.id}, "rules": [], "source_network_acl": source})
    assert errors(answer) == [("invalid_value", "rules")]


def test_the_rules_of_another_acl_are_copied_in_their_order(api: Api, path: str, vpc: VPC) -> None:
    last = add(api, path, "last")
    add(api, path, "first", before={"id": last})
    source = {"id": path.rpartition("/")[2]}
    copy = api.call("POST", PATH, {"vpc": {"id": vpc.id}, "source_network_acl": source}).json()
    assert [rule["name"] for rule in copy["rules"]] == ["first", "last"]
    assert order(api, path) == ["first", "last"]


def test_rules_are_listed_by_direction(api: Api, path: str) -> None:
    add(api, path, "in")
    add(api, path, "out", direction="outbound")
    body = api.get(f"{path}/rules", "direction=outbound").json()
    assert [rule["name"] for rule in body["rules"]] == ["out"]
    assert api.get(f"{path}/rules", "direction=up").status_code == 400


def test_an_acl_in_use_stays(api: Api, vpc: VPC, path: str) -> None:
    default = f"{PATH}/{vpc.default_network_acl.id}"  # type: ignore[union-attr]
    assert errors(api.call("DELETE", default)) == [("network_acl_in_use_default", "")]
    subnet = vpc.subnets.get()
    api.call("PUT", f"/v1/subnets/{subnet.id}/network_acl", {"id": path.rpartition("/")[2]})
    assert errors(api.call("DELETE", path)) == [("network_acl_in_use_subnet_exists", "")]


def test_an_unused_acl_goes(api: Api, path: str) -> None:
    add(api, path, "rule")
    assert api.call("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404


def test_another_accounts_or_regions_acl_looks_like_none(path: str) -> None:
    assert Api(MALLORY).get(path).status_code == 404
    assert call("GET", f"{path}?{QUERY}", Host="eu-de.iaas.cloud.ibm.com").status_code == 404
