"""Creating bare metal servers over the VPC API."""

from typing import Any

import pytest

from servers.models import BareMetalServer, ReservedIP
from tests.api.vpc import SERVERS, Api, errors, settle
from tests.world import World, make_profile
from trustedprofiles.models import ProfileLink

# --- creating ------------------------------------------------------------------------------------------------------


def test_a_new_server_is_pending_with_the_service_off(api: Api, prototype: dict[str, Any]) -> None:
    answer = api.call("POST", SERVERS, prototype)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["status"], body["metadata_service"]) == ("pending", {"enabled": False, "protocol": "http"})


def test_a_new_server_ends_up_running(api: Api, prototype: dict[str, Any]) -> None:
    assert settle(api.call("POST", SERVERS, prototype).json()["id"]).status == "running"


def test_a_server_without_a_name_gets_four_words(api: Api, prototype: dict[str, Any]) -> None:
    del prototype["name"]
    assert len(api.call("POST", SERVERS, prototype).json()["name"].split("-")) == 4


@pytest.mark.parametrize(("given", "linked"), [({}, True), ({"auto_link": True}, True), ({"auto_link": False}, False)])
def test_a_default_trusted_profile_is_linked_unless_told_otherwise(
    api: Api, prototype: dict[str, Any], world: World, given: dict[str, bool], linked: bool
) -> None:
    profile = make_profile(world.account)
    prototype["initialization"]["default_trusted_profile"] = {"target": {"id": profile.id}, **given}
    crn = api.call("POST", SERVERS, prototype).json()["crn"]
    assert ProfileLink.objects.filter(profile=profile, cr_type="BMS", crn=crn).exists() == linked


def test_everything_wrong_with_a_request_is_reported_at_once_and_nothing_is_made(
    api: Api, prototype: dict[str, Any]
) -> None:
    prototype["profile"] = {"name": "nope"}
    prototype["zone"] = {"name": "us-south-9"}
    prototype["resource_group"] = {"id": "0" * 32}
    prototype["initialization"] = {
        "image": {"id": "r006-x"},
        "keys": [{"id": "r006-y"}, {"fingerprint": "SHA256:z"}],
        "default_trusted_profile": {"target": {"id": "Profile-x"}},
    }
    prototype["primary_network_interface"] = {"subnet": {"id": "0717-x"}}
    before = (BareMetalServer.objects.count(), ReservedIP.objects.count(), ProfileLink.objects.count())
    answer = api.call("POST", SERVERS, prototype)
    assert answer.status_code == 400
    assert {name for _, name in errors(answer)} == {
        "profile",
        "zone",
        "resource_group",
        "initialization.image",
        "initialization.keys[0]",
        "initialization.keys[1]",
        "initialization.default_trusted_profile.target",
        "primary_network_interface.subnet",
    }
    assert (BareMetalServer.objects.count(), ReservedIP.objects.count(), ProfileLink.objects.count()) == before


def change(prototype: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split(".")
    part = prototype
    for name in parents:
        part = part[name]
    part[last] = value
    return prototype


BODIES: dict[str, tuple[str, Any, tuple[str, str]]] = {
    "name-upper-case": ("name", "Web", ("invalid_value", "name")),
    "name-too-long": ("name", "a" * 64, ("invalid_value", "name")),
    "name-number": ("name", 7, ("invalid_value", "name")),
    "name-null": ("name", None, ("invalid_value", "name")),
    "name-taken": ("name", "web-1", ("validation_unique_failed", "name")),
    "bandwidth-text": ("bandwidth", "100000", ("invalid_value", "bandwidth")),
    "bandwidth-not-of-the-profile": ("bandwidth", 17, ("invalid_value", "bandwidth")),
    "bandwidth-huge": ("bandwidth", 10**40, ("invalid_value", "bandwidth")),
    "secure-boot-number": ("enable_secure_boot", 1, ("invalid_value", "enable_secure_boot")),
    "protocol-ftp": ("metadata_service", {"protocol": "ftp"}, ("invalid_value", "metadata_service.protocol")),
    "enabled-text": ("metadata_service", {"enabled": "true"}, ("invalid_value", "metadata_service.enabled")),
    "reference-empty": ("profile", {}, ("invalid_value", "profile")),
    "reference-twice": ("profile", {"name": "a", "href": "b"}, ("invalid_value", "profile")),
    "reference-text": ("zone", "us-south-1", ("invalid_value", "zone")),
    "reference-with-nul": ("initialization.image", {"id": "\x00"}, ("invalid_value", "initialization.image")),
    "keys-missing": ("initialization", {"image": {"id": "x"}}, ("missing_field", "initialization.keys")),
    "user-data-too-large": ("initialization.user_data", "a" * 65_537, ("invalid_value", "initialization.user_data")),
    "id-smuggled": ("id", "0717-mine", ("unknown_field", "id")),
    "crn-smuggled": ("crn", "crn:v1:x", ("unknown_field", "crn")),
    "status-smuggled": ("status", "running", ("unknown_field", "status")),
    "created-at-smuggled": ("created_at", "2020-01-01T00:00:00Z", ("unknown_field", "created_at")),
    "account-smuggled": ("account_id", "b" * 32, ("unknown_field", "account_id")),
    "vlan-out-of-range": (
        "primary_network_interface.allowed_vlans",
        [4095],
        ("invalid_value", "primary_network_interface.allowed_vlans[0]"),
    ),
}


@pytest.mark.parametrize(("path", "value", "expected"), BODIES.values(), ids=BODIES.keys())
def test_a_create_request_is_refused(
    api: Api, prototype: dict[str, Any], path: str, value: Any, expected: tuple[str, str]
) -> None:
    answer = api.call("POST", SERVERS, change(prototype, path, value))
    assert (answer.status_code, errors(answer)) == (400, [expected])


RAW = {
    "not-json": b"name=web",
    "a-list": b"[]",
    "truncated": b'{"name":',
    "deep": b'{"name":' + b"[" * 1000,
    "twice": b'{"name": "a", "name": "b"}',
}


@pytest.mark.parametrize("body", RAW.values(), ids=RAW.keys())
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    answer = api.call("POST", SERVERS, body)
    assert (answer.status_code, errors(answer)[0][0]) == (400, "invalid_request")


def test_the_quota_is_named_when_it_is_reached(api: Api, prototype: dict[str, Any], settings: Any) -> None:
    # D-39
    settings.BAREMINT_QUOTAS = {"bare_metal_servers": 1}
    assert errors(api.call("POST", SERVERS, prototype)) == [("over_quota", "")]


def test_no_address_is_given_twice(api: Api, prototype: dict[str, Any]) -> None:
    del prototype["name"]
    addresses = [
        api.call("POST", SERVERS, prototype).json()["primary_network_interface"]["primary_ip"]["address"]
        for _ in range(5)
    ]
    assert len(set(addresses)) == 5


def test_an_asked_address_that_is_taken_is_a_conflict(api: Api, prototype: dict[str, Any]) -> None:
    prototype["primary_network_interface"]["primary_ip"] = {"address": "10.240.0.4"}
    assert api.call("POST", SERVERS, prototype).status_code == 409
