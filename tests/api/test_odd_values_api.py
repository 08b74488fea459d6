"""No value, wherever it stands in a body or a query, makes the service itself fail."""

from copy import deepcopy
from typing import Any
from urllib.parse import quote

import pytest

from servers.models import BareMetalServer
from tests.api.calling import call
from tests.api.vpc import SERVERS, Api
from tests.policies import VICTOR
from tests.world import ACCOUNT, World, make_profile

pytestmark = pytest.mark.thorough

ODD: list[Any] = [
    None,
    True,
    -1,
    10**400,
    "",
    "\0",
    "\U0001f600\u202e",
    "x" * 70_000,
    [None],
    {},
    {"id": "\0"},
    {"id": "x" * 70_000},
    {"crn": "crn:v1:bluemix:public:iam-identity::a/x::profile:y"},
    {"name": {}},
    {"\0": 1},
]
FULL: dict[str, Any] = {
    "name": "odd-1",
    "profile": {"name": "bx2-metal-96x384"},
    "zone": {"name": "us-south-1"},
    "vpc": {"id": "x"},
    "bandwidth": 100_000,
    "enable_secure_boot": False,
    "metadata_service": {"enabled": True, "protocol": "http"},
    "reservation_affinity": {"policy": "disabled", "pool": []},
    "resource_group": {"id": "x"},
    "trusted_platform_module": {"mode": "disabled"},
    "initialization": {
        "image": {"id": "x"},
        "keys": [{"id": "x"}],
        "user_data": "x",
        "default_trusted_profile": {"auto_link": True, "target": {"id": "x"}},
    },
    "primary_network_interface": {
        "subnet": {"id": "x"},
        "name": "eth0",
        "primary_ip": {"address": "10.240.0.9", "name": "ip", "auto_delete": True},
        "security_groups": [{"id": "x"}],
        "allow_ip_spoofing": False,
        "enable_infrastructure_nat": True,
        "interface_type": "pci",
        "allowed_vlans": [1],
    },
}
LINK = {"cr_type": "BMS", "link": {"crn": "crn:v1:x", "namespace": "x", "name": "x"}}
V1 = {
    "type": "access",
    "subjects": [{"attributes": [{"name": "iam_id", "value": VICTOR}]}],
    "roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}],
    "resources": [{"attributes": [{"name": "accountId", "value": ACCOUNT}]}],
}
V2 = {
    "type": "access",
    "subject": {"attributes": [{"key": "iam_id", "operator": "stringEquals", "value": VICTOR}]},
    "control": {"grant": {"roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}]}},
    "resource": {"attributes": [{"key": "accountId", "operator": "stringEquals", "value": ACCOUNT}]},
}


def paths_of(body: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = list(body) if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else []
    return [path for key in keys for path in [(*before, key), *paths_of(body[key], (*before, key))]]


def spoilt(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    document = part = deepcopy(body)
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return document


def name_of(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path))


def assert_refused_or_served(answer: Any, value: Any) -> None:
    assert answer.status_code < 500, repr(value)[:80]
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", paths_of(FULL), ids=name_of)
def test_a_creation_survives(api: Api, path: tuple[Any, ...]) -> None:
    for value in ODD:
        assert_refused_or_served(api.call("POST", SERVERS, spoilt(FULL, path, value)), value)
    assert not BareMetalServer.objects.exists()


@pytest.mark.parametrize(
    "name", ["name", "bandwidth", "metadata_service", "reservation_affinity", "trusted_platform_module"]
)
def test_a_patch_survives(api: Api, server: BareMetalServer, name: str) -> None:
    for value in ODD:
        assert_refused_or_served(api.call("PATCH", f"{SERVERS}/{server.id}", {name: value}), value)


@pytest.mark.parametrize("path", paths_of(LINK), ids=name_of)
def test_a_link_survives(world: World, path: tuple[Any, ...]) -> None:
    profile = make_profile(world.account)
    for value in ODD:
        assert_refused_or_served(call("POST", f"/v1/profiles/{profile.id}/links", spoilt(LINK, path, value)), value)


@pytest.mark.parametrize("path", paths_of(V1), ids=name_of)
def test_a_v1_policy_survives(world: World, path: tuple[Any, ...]) -> None:
    for value in ODD:
        assert_refused_or_served(call("POST", "/v1/policies", spoilt(V1, path, value)), value)


@pytest.mark.parametrize("path", paths_of(V2), ids=name_of)
def test_a_v2_policy_survives(world: World, path: tuple[Any, ...]) -> None:
    for value in ODD:
        assert_refused_or_served(call("POST", "/v2/policies", spoilt(V2, path, value)), value)


@pytest.mark.parametrize("name", ["name", "description", "account_id", "email"])
def test_a_profile_survives(world: World, name: str) -> None:
    for value in ODD:
        body = {"name": "odd", "account_id": ACCOUNT, name: value}
        assert_refused_or_served(call("POST", "/v1/profiles", body), value)


QUERIES = [
    (SERVERS, ["name", "vpc.id", "vpc.crn", "resource_group.id", "start", "limit", "version", "generation"]),
    ("/v1/subnets", ["vpc.id", "zone.name", "start", "limit"]),
    ("/v1/images", ["name", "visibility", "start"]),
    ("/v1/bare_metal_server/profiles", ["start", "limit"]),
    ("/v1/profiles", ["account_id", "name", "pagesize", "pagetoken", "sort", "order"]),
    ("/v1/policies", ["account_id", "iam_id", "sort", "format", "state", "start", "limit", "type"]),
    ("/v2/roles", ["account_id", "service_name"]),
]


@pytest.mark.parametrize(("path", "names"), QUERIES, ids=[path for path, _ in QUERIES])
def test_a_query_survives(api: Api, path: str, names: list[str]) -> None:
    for name in names:
        for value in ("", "\0", "-1", "1" * 5000, "\u0663", "'", "a:b:c", "x" * 5000, "\U0001f600", "%"):
            assert_refused_or_served(api.get(path, f"account_id={ACCOUNT}&{name}={quote(value)}"), (name, value))
        assert_refused_or_served(api.get(path, f"account_id={ACCOUNT}&{name}=%ff%fe"), name)
