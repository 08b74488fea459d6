"""``/v1/security_groups/{id}/rules``: every protocol, both ends, changes."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from servers.models import VPC
from tests.api.vpc import Api, errors, fits
from tests.tables import alone, check_each
from tests.world import World, make_subnet

PATH = "/v1/security_groups"
NOW = "version=2026-10-06&generation=2"
TCP = {"direction": "inbound", "protocol": "tcp", "port_min": 22, "port_max": 22}


@pytest.fixture
def vpc(world: World) -> VPC:
    return make_subnet(world.account).vpc


@pytest.fixture
def path(api: Api, vpc: VPC) -> str:
    """Of a group without rules."""
    answer = api.call("POST", PATH, {"vpc": {"id": vpc.id}, "name": "ssh"})
    assert answer.status_code == 201, answer.content
    return f"{PATH}/{answer.json()['id']}"


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
    body = answer.json()
    assert body.items() >= rule.items()
    assert fits(vpc_v1.SecurityGroupRule, body).protocol == rule["protocol"]
    assert api.call("GET", f"{path}/rules/{body['id']}", query=NOW).json() == body
    assert api.call("GET", f"{path}/rules", query=NOW).json() == {"rules": [body]}


def test_tcp_on_all_ports_shows_none(api: Api, path: str) -> None:
    rule = api.call("POST", f"{path}/rules", {"direction": "inbound", "protocol": "tcp"}).json()
    assert not {"port_min", "port_max"} & rule.keys()


def test_the_far_end_may_be_a_group(api: Api, path: str, vpc: VPC) -> None:
    group = {"id": vpc.default_security_group.id}  # type: ignore[union-attr]
    rule = api.call("POST", f"{path}/rules", TCP | {"remote": group}).json()
    assert rule["remote"]["id"] == group["id"]


def test_earlier_versions_say_all(api: Api, path: str) -> None:
    before = "version=2025-12-08&generation=2"
    rule = api.call("POST", f"{path}/rules", {"direction": "inbound", "protocol": "all"}, query=before).json()
    assert rule["protocol"] == "all"
    assert api.call("GET", f"{path}/rules/{rule['id']}", query=NOW).json()["protocol"] == "icmp_tcp_udp"


@pytest.mark.parametrize(
    ("date", "protocol"),
    [("2025-12-08", "icmp_tcp_udp"), ("2025-12-09", "all")],
    ids=["later-word-too-early", "earlier-word-too-late"],
)
def test_a_word_of_another_version_is_refused(api: Api, path: str, vpc: VPC, date: str, protocol: str) -> None:
    query, rule = f"version={date}&generation=2", {"direction": "inbound", "protocol": protocol}
    assert errors(api.call("POST", f"{path}/rules", rule, query=query)) == [("invalid_value", "protocol")]
    group = {"vpc": {"id": vpc.id}, "rules": [rule]}
    assert errors(api.call("POST", PATH, group, query=query)) == [("invalid_value", "rules[0].protocol")]


def test_all_that_is_wrong_with_the_rules_is_named(api: Api, vpc: VPC) -> None:
    rules = [
        TCP | {"port_min": 90},
        TCP | {"protocol": "icmp"},
        {"direction": "inbound", "protocol": "icmp", "code": 1},
    ]
    answer = api.call("POST", PATH, {"vpc": {"id": vpc.id}, "rules": rules})
    assert [name for _, name in errors(answer)] == [
        "rules[0].port_min",
        "rules[1].port_max",
        "rules[1].port_min",
        "rules[2].type",
    ]


WRONG_RULES: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "no-direction": ({"protocol": "any"}, ("missing_field", "direction")),
    "no-protocol": ({"direction": "inbound"}, ("missing_field", "protocol")),
    "unknown-protocol": ({"direction": "inbound", "protocol": "http"}, ("invalid_value", "protocol")),
    "number-with-a-name": ({"direction": "inbound", "protocol": "number_6"}, ("invalid_value", "protocol")),
    "number-too-large": ({"direction": "inbound", "protocol": "number_256"}, ("invalid_value", "protocol")),
    "port-of-icmp": ({"direction": "inbound", "protocol": "icmp", "port_min": 1}, ("invalid_value", "port_min")),
    "type-of-tcp": (TCP | {"type": 8}, ("invalid_value", "type")),
    "half-a-range": ({"direction": "inbound", "protocol": "tcp", "port_min": 22}, ("invalid_value", "port_max")),
    "upside-down": (TCP | {"port_min": 23}, ("invalid_value", "port_min")),
    "port-zero": (TCP | {"port_min": 0}, ("invalid_value", "port_min")),
    "code-without-type": ({"direction": "inbound", "protocol": "icmp", "code": 1}, ("invalid_value", "type")),
    "host-bits": (TCP | {"remote": {"cidr_block": "10.0.0.1/24"}}, ("invalid_value", "remote")),
    "netmask": (TCP | {"remote": {"cidr_block": "10.0.0.0/255.255.255.0"}}, ("invalid_value", "remote")),
    "address-for-a-range": (TCP | {"remote": {"cidr_block": "10.0.0.1"}}, ("invalid_value", "remote")),
    "range-for-an-address": (TCP | {"remote": {"address": "10.0.0.0/24"}}, ("invalid_value", "remote")),
    "version-6": (TCP | {"remote": {"address": "fe80::1"}}, ("invalid_value", "remote")),
    "two-ends": (TCP | {"remote": {"address": "10.0.0.1", "id": "x"}}, ("invalid_value", "remote")),
    "group-at-the-near-end": (TCP | {"local": {"id": "x"}}, ("invalid_value", "local")),
    "unknown-group": (TCP | {"remote": {"id": "none"}}, ("bad_field", "remote")),
    "unknown-field": (TCP | {"ports": 22}, ("unknown_field", "ports")),
}


def test_a_rule_is_refused(api: Api, path: str) -> None:
    def check(name: str) -> None:
        rule, expected = WRONG_RULES[name]
        answer = api.call("POST", f"{path}/rules", rule)
        assert (answer.status_code, errors(answer)) == (400, [expected])
        assert api.get(f"{path}/rules").json() == {"rules": []}

    check_each(WRONG_RULES, alone(check))


def test_a_rule_goes(api: Api, path: str) -> None:
    rule = f"{path}/rules/{api.call('POST', f'{path}/rules', TCP).json()['id']}"
    assert api.call("DELETE", rule).status_code == 204
    assert api.get(rule).status_code == 404


ICMP = {"direction": "inbound", "protocol": "icmp", "type": 8, "code": 0}
PATCHES: dict[str, tuple[dict[str, Any], dict[str, Any], set[str]]] = {
    "one-port": (TCP, {"port_max": 24}, set()),
    "no-ports": (TCP, {"port_min": None, "port_max": None}, {"port_min", "port_max"}),
    "no-code": (ICMP, {"code": None}, {"code"}),
    "no-type": (ICMP, {"type": None, "code": None}, {"type", "code"}),
    "direction-and-name": (TCP, {"direction": "outbound", "name": "new"}, set()),
    "ends": (TCP, {"local": {"address": "10.0.0.4"}, "remote": {"cidr_block": "10.1.0.0/16"}}, set()),
}


@pytest.mark.parametrize(("rule", "patch", "gone"), PATCHES.values(), ids=PATCHES.keys())
def test_a_patch_changes_what_it_names_and_null_takes_away(
    api: Api, path: str, rule: dict[str, Any], patch: dict[str, Any], gone: set[str]
) -> None:
    new_rule = api.call("POST", f"{path}/rules", rule).json()
    updated_rule = api.call("PATCH", f"{path}/rules/{new_rule['id']}", patch).json()
    assert updated_rule == {key: value for key, value in (new_rule | patch).items() if key not in gone}


def test_a_group_at_the_far_end_gives_way_to_a_range(api: Api, path: str) -> None:
    itself = {"id": path.rpartition("/")[2]}
    rule = api.call("POST", f"{path}/rules", TCP | {"remote": itself}).json()
    updated_rule = api.call("PATCH", f"{path}/rules/{rule['id']}", {"remote": {"cidr_block": "10.0.0.0/8"}}).json()
    assert (rule["remote"]["name"], updated_rule["remote"]) == ("ssh", {"cidr_block": "10.0.0.0/8"})


WRONG_PATCHES: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, str]]] = {
    "half-a-range": (TCP, {"port_min": None}, ("invalid_value", "port_min")),
    "upside-down": (TCP, {"port_min": 23}, ("invalid_value", "port_min")),
    "code-left-alone": (ICMP, {"type": None}, ("invalid_value", "type")),
    "foreign": (TCP, {"type": 8}, ("invalid_value", "type")),
    "protocol": (TCP, {"protocol": "udp"}, ("unknown_field", "protocol")),
    "no-remote": (TCP, {"remote": None}, ("invalid_value", "remote")),
    "no-name": (TCP, {"name": None}, ("invalid_value", "name")),
}


def test_a_patch_is_refused(api: Api, path: str) -> None:
    def check(name: str) -> None:
        rule, patch, expected = WRONG_PATCHES[name]
        new_rule = api.call("POST", f"{path}/rules", rule).json()
        answer = api.call("PATCH", f"{path}/rules/{new_rule['id']}", patch)
        assert (answer.status_code, errors(answer)) == (400, [expected])
        assert api.get(f"{path}/rules/{new_rule['id']}").json() == new_rule

    check_each(WRONG_PATCHES, alone(check))
