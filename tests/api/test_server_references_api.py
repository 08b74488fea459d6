"""What a new server refers to: in any form, in the caller's account only, all mistakes named at once."""

from typing import Any

import pytest

from controlplane.activity.record import Party
from servers.models import BareMetalServer, Disk, Key, ReservedIP, Subnet
from servers.services.keys import create_key
from tests.api.vpc import SERVERS, Api, errors
from tests.world import ACCOUNT, OTHER_ACCOUNT, REGION, World, make_profile, make_server
from trustedprofiles.models import Account, ProfileLink

BY = Party("IBMid-ALICE00001", "Alice", "User")
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKjG3kpn6sbSLUyT8fKwIhLlzZzkmN0cYVmUG1Yb0YwG alice@example.com"
INTERFACE = "primary_network_interface"


def make_key(account: Account) -> Key:
    return create_key(account, region=REGION, public_key=ED25519, name="laptop", by=BY)


def subnet_of(account: Account) -> Subnet:
    return Subnet.objects.select_related("vpc__default_security_group").get(account=account)


def state() -> list[Any]:
    """All that a refused request must leave alone."""
    servers = list(BareMetalServer.objects.order_by("pk").values())
    return [
        servers,
        list(ReservedIP.objects.order_by("pk").values()),
        Disk.objects.count(),
        ProfileLink.objects.count(),
    ]


def test_all_wrong_references_are_reported_together(api: Api, prototype: dict[str, Any]) -> None:
    nothing = {"id": "r006-none"}
    prototype |= {
        "profile": {"name": "none"},
        "zone": {"name": "none"},
        "vpc": nothing,
        "resource_group": nothing,
        "initialization": {
            "image": nothing,
            "keys": [nothing, {"fingerprint": "SHA256:none"}],
            "default_trusted_profile": {"target": {"id": "Profile-none"}},
        },
        INTERFACE: {"subnet": nothing, "primary_ip": nothing, "security_groups": [nothing]},
    }
    before = state()
    answer = api.call("POST", SERVERS, prototype)
    assert answer.status_code == 400
    assert sorted(errors(answer)) == [
        ("bad_field", "initialization.default_trusted_profile.target"),
        ("bad_field", "initialization.image"),
        ("bad_field", "initialization.keys[0]"),
        ("bad_field", "initialization.keys[1]"),
        ("bad_field", f"{INTERFACE}.primary_ip"),
        ("bad_field", f"{INTERFACE}.security_groups[0]"),
        ("bad_field", f"{INTERFACE}.subnet"),
        ("bad_field", "profile"),
        ("bad_field", "resource_group"),
        ("bad_field", "vpc"),
        ("bad_field", "zone"),
    ]
    assert state() == before


def test_what_another_account_has_cannot_be_referred_to(api: Api, prototype: dict[str, Any], world: World) -> None:
    make_server(world.other_account, name="theirs")
    theirs = subnet_of(world.other_account)
    group = theirs.vpc.default_security_group
    assert group
    prototype["initialization"] |= {
        "keys": [{"id": make_key(world.other_account).id}],
        "default_trusted_profile": {"target": {"id": make_profile(world.other_account).id}},
    }
    prototype |= {"vpc": {"id": theirs.vpc.id}, "resource_group": {"id": theirs.resource_group_id}}
    prototype[INTERFACE] = {"subnet": {"id": theirs.id}, "security_groups": [{"id": group.id}]}
    assert sorted(errors(api.call("POST", SERVERS, prototype))) == [
        ("bad_field", "initialization.default_trusted_profile.target"),
        ("bad_field", "initialization.keys[0]"),
        ("bad_field", f"{INTERFACE}.security_groups[0]"),
        ("bad_field", f"{INTERFACE}.subnet"),
        ("bad_field", "resource_group"),
        ("bad_field", "vpc"),
    ]


@pytest.mark.parametrize("form", ["id", "crn", "href"])
def test_a_reference_may_have_any_of_its_forms(api: Api, prototype: dict[str, Any], world: World, form: str) -> None:
    subnet = api.get(f"/v1/subnets/{subnet_of(world.account).id}").json()
    key = api.get(f"/v1/keys/{make_key(world.account).id}").json()
    prototype[INTERFACE] = {"subnet": {form: subnet[form]}}
    prototype["vpc"] = {form: subnet["vpc"][form]}
    prototype["initialization"]["keys"] = [{form: key[form]}]
    assert api.call("POST", SERVERS, prototype).status_code == 201


def test_the_initialization_says_what_was_given_but_not_the_user_data(
    api: Api, prototype: dict[str, Any], world: World
) -> None:
    key, profile = make_key(world.account), make_profile(world.account)
    prototype["initialization"] |= {
        "keys": [{"fingerprint": key.fingerprint}],
        "user_data": "#cloud-config",
        "default_trusted_profile": {"target": {"crn": profile.crn}},
    }
    server = api.call("POST", SERVERS, prototype).json()
    answer = api.get(f"{SERVERS}/{server['id']}/initialization")
    assert [each["id"] for each in answer.json()["keys"]] == [key.id]
    target = {"crn": profile.crn, "id": profile.id, "resource_type": "trusted_profile"}
    assert answer.json()["default_trusted_profile"] == {"auto_link": True, "target": target}
    assert b"#cloud-config" not in answer.content


def test_an_asked_address_is_given_under_its_name(api: Api, prototype: dict[str, Any]) -> None:
    prototype[INTERFACE]["primary_ip"] = {"address": "10.240.0.77", "name": "front", "auto_delete": False}
    primary_ip = api.call("POST", SERVERS, prototype).json()[INTERFACE]["primary_ip"]
    assert (primary_ip["address"], primary_ip["name"]) == ("10.240.0.77", "front")


PLACES: dict[str, tuple[str, Any, tuple[str, str]]] = {
    "address-elsewhere": (f"{INTERFACE}.primary_ip", {"address": "192.168.1.5"}, ("invalid_value", ".address")),
    "address-malformed": (f"{INTERFACE}.primary_ip", {"address": "10.240.0.256"}, ("invalid_value", ".address")),
    "address-and-id": (f"{INTERFACE}.primary_ip", {"address": "10.240.0.9", "id": "x"}, ("invalid_value", "")),
    "name-of-the-provider": (f"{INTERFACE}.primary_ip", {"name": "ibm-mine"}, ("invalid_value", ".name")),
    "name-taken": (f"{INTERFACE}.primary_ip", {"name": "taken"}, ("validation_unique_failed", ".name")),
    "address-in-use": (f"{INTERFACE}.primary_ip", {"address": "10.240.0.4"}, ("address_in_use", "")),
    "gateway": (f"{INTERFACE}.primary_ip", {"address": "10.240.0.1"}, ("address_in_use", "")),
    "zone-of-no-subnet": ("zone", {"name": "us-south-2"}, ("invalid_value", "")),
    "zone-of-another-region": ("zone", {"name": "eu-de-1"}, ("bad_field", "")),
    "profile-of-another-region": (
        "profile",
        {"name": "gx3d-metal-224x2048x8mi300x-sn"},
        ("bad_field", ""),
    ),
    "name-with-newline": ("name", "web\n", ("invalid_value", "")),
    "name-with-blank": ("name", " web", ("invalid_value", "")),
    "name-markup": ("name", "<b>", ("invalid_value", "")),
    "keys-object": ("initialization.keys", {"id": "x"}, ("invalid_value", "")),
    "key-text": ("initialization.keys", ["x"], ("invalid_value", "[0]")),
    "bandwidth-true": ("bandwidth", True, ("invalid_value", "")),
    "bandwidth-float": ("bandwidth", 1e5, ("invalid_value", "")),
    "unknown-deep-down": ("metadata_service", {"hops": 1}, ("unknown_field", ".hops")),
}


@pytest.mark.parametrize(("path", "value", "expected"), PLACES.values(), ids=PLACES.keys())
def test_a_value_is_refused_and_nothing_is_made(
    api: Api, prototype: dict[str, Any], path: str, value: Any, expected: tuple[str, str]
) -> None:
    ReservedIP.objects.filter(owner="user").update(name="taken")
    *parents, last = path.split(".")
    part = prototype
    for name in parents:
        part = part[name]
    part[last] = value
    before = state()
    code, suffix = expected
    assert errors(api.call("POST", SERVERS, prototype)) == [(code, f"{path}{suffix}")]
    assert state() == before


def test_a_security_group_of_another_vpc_is_not_found(api: Api, prototype: dict[str, Any], world: World) -> None:
    from servers.services.vpcs import create_vpc

    other = create_vpc(world.account, name="other", region=REGION, by=BY)
    assert other.default_security_group
    prototype["vpc"] = {"id": other.id}
    prototype[INTERFACE]["security_groups"] = [{"id": other.default_security_group.id}]
    assert sorted(errors(api.call("POST", SERVERS, prototype))) == [
        ("bad_field", f"{INTERFACE}.security_groups[0]"),
        ("invalid_value", "vpc"),
    ]


def test_a_crn_of_another_account_names_nothing(api: Api, prototype: dict[str, Any], world: World) -> None:
    """Whatever id is at its end."""
    subnet = api.get(f"/v1/subnets/{subnet_of(world.account).id}").json()
    vpc = api.get(f"/v1/vpcs/{subnet['vpc']['id']}").json()
    ip = api.call("POST", "/v1/floating_ips", {"zone": {"name": subnet["zone"]["name"]}}).json()
    key = api.get(f"/v1/keys/{make_key(world.account).id}").json()
    group = vpc["default_security_group"]

    def foreign(thing: dict[str, Any]) -> dict[str, str]:
        return {"crn": thing["crn"].replace(f":a/{ACCOUNT}:", f":a/{OTHER_ACCOUNT}:")}

    prototype[INTERFACE] |= {"subnet": foreign(subnet)}
    in_keys = prototype | {
        INTERFACE: {"subnet": {"id": subnet["id"]}},
        "initialization": prototype["initialization"] | {"keys": [foreign(key)]},
    }
    gateway = {"vpc": {"id": vpc["id"]}, "zone": {"name": subnet["zone"]["name"]}}
    rule = {"direction": "inbound", "protocol": "all", "remote": foreign(group)}
    calls: dict[str, tuple[str, str, Any]] = {
        f"{INTERFACE}.subnet": ("POST", SERVERS, prototype),
        "initialization.keys[0]": ("POST", SERVERS, in_keys),
        "vpc": ("POST", "/v1/public_gateways", gateway | {"vpc": foreign(vpc)}),
        "floating_ip": ("POST", "/v1/public_gateways", gateway | {"floating_ip": foreign(ip)}),
        "remote": ("POST", f"/v1/security_groups/{group['id']}/rules", rule),
        "network_acl": ("PATCH", f"/v1/subnets/{subnet['id']}", {"network_acl": foreign(subnet["network_acl"])}),
        "id": ("PUT", f"/v1/subnets/{subnet['id']}/routing_table", foreign(subnet["routing_table"])),
    }
    pairs = {target: errors(api.call(*call)) for target, call in calls.items()}
    assert pairs == {target: [("bad_field", target)] for target in calls}


@pytest.mark.parametrize(
    "reference", [{"href": "http://127.0.0.1:8000/v1/subnets/"}, {"crn": "crn:v1:bluemix:public:is:::"}]
)
def test_a_reference_that_ends_before_the_id_is_refused(
    api: Api, prototype: dict[str, Any], reference: dict[str, str]
) -> None:
    prototype[INTERFACE]["subnet"] = reference
    assert errors(api.call("POST", SERVERS, prototype)) == [("invalid_value", f"{INTERFACE}.subnet")]
