"""What requests say about policies, without a key or an instance."""

from typing import Any

import pytest

from controlplane.kernel.errors import ApiError
from controlplane.keyprotect.policies import ACCESS_DEFAULTS, is_in_networks, is_permitted
from controlplane.keyprotect.policy_requests import instance_policies_of, key_policies_of
from tests.keyprotect.calls import instance_policy, policies


def code_of(parse: Any, content: dict[str, Any], kind: str = "") -> tuple[str, str]:
    """Code and target of the refusal."""
    with pytest.raises(ApiError) as refusal:
        parse(content, kind=kind)
    target = refusal.value.target
    return refusal.value.code, target.name if target else ""


def rotation(**members: Any) -> dict[str, Any]:
    return {"rotation": members}


def test_a_policy_of_a_key_is_enabled_unless_it_says_otherwise() -> None:
    one, other = key_policies_of(policies(rotation(interval_month=3), {"dualAuthDelete": {"enabled": False}}), kind="")
    assert (one.kind, one.enabled, one.interval_months) == ("rotation", True, 3)
    assert (other.kind, other.enabled, other.interval_months) == ("dualAuthDelete", False, None)


WRONG_TOTAL = {**policies(rotation(interval_month=3)), "metadata": {"collectionType": "", "collectionTotal": 2}}
WRONG_TOTAL["metadata"]["collectionType"] = policies()["metadata"]["collectionType"]
REFUSED_OF_KEYS: dict[str, tuple[dict[str, Any], str, tuple[str, str]]] = {
    "no policy": (policies(), "", ("NUM_COLLECTION_RESOURCE_ERR", "")),
    "a wrong total": (WRONG_TOTAL, "", ("COLLECTION_TOTAL_MISMATCH_ERR", "")),
    "a wrong type": (
        {"metadata": {"collectionType": "x", "collectionTotal": 0}, "resources": []},
        "",
        ("BAD_BODY_ERR", ""),
    ),
    "a wrong type of a policy": (
        policies({"type": "x", **rotation(interval_month=3)}),
        "",
        ("INVALID_FIELD_ERR", "type"),
    ),
    "neither of the two": (policies({}), "", ("BAD_BODY_ERR", "")),
    "both in one": (
        policies({**rotation(interval_month=1), "dualAuthDelete": {"enabled": True}}),
        "",
        ("BAD_BODY_ERR", ""),
    ),
    "the same twice": (policies(rotation(interval_month=1), rotation()), "", ("NUM_COLLECTION_RESOURCE_ERR", "")),
    "another than the query": (policies(rotation()), "dualAuthDelete", ("BODY_QUERY_PARAM_MISMATCH_ERR", "")),
    "no months": (policies(rotation(interval_month=0)), "", ("INVALID_FIELD_ERR", "interval_month")),
    "less than no months": (policies(rotation(interval_month=-1)), "", ("INVALID_FIELD_ERR", "interval_month")),
    "too many months": (policies(rotation(interval_month=13)), "", ("INVALID_FIELD_ERR", "interval_month")),
}


@pytest.mark.parametrize("case", REFUSED_OF_KEYS)
def test_a_wrong_policy_of_a_key_is_refused(case: str) -> None:
    content, kind, expected = REFUSED_OF_KEYS[case]
    assert code_of(key_policies_of, content, kind) == expected


def test_what_a_policy_of_access_leaves_out_is_the_default() -> None:
    [policy] = instance_policies_of(policies(instance_policy("keyCreateImportAccess", enforce_token=True)), kind="")
    assert policy.attributes == {**ACCESS_DEFAULTS, "enforce_token": True}


REFUSED_OF_INSTANCES: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "an unknown kind": (instance_policy("nothing"), ("INVALID_FIELD_ERR", "policy_type")),
    "an attribute that it does not have": (instance_policy("dualAuthDelete", interval_month=3), ("BAD_BODY_ERR", "")),
    "a rotation without an interval": (instance_policy("rotation"), ("INVALID_FIELD_ERR", "interval_month")),
    "a rotation with a wrong interval": (
        instance_policy("rotation", interval_month=13),
        ("INVALID_FIELD_ERR", "interval_month"),
    ),
    "an interval of a disabled rotation": (
        instance_policy("rotation", enabled=False, interval_month=3),
        ("INVALID_FIELD_ERR", "interval_month"),
    ),
    "no network": (instance_policy("allowedNetwork"), ("INVALID_FIELD_ERR", "allowed_network")),
    "a wrong network": (
        instance_policy("allowedNetwork", allowed_network="public-only"),
        ("INVALID_FIELD_ERR", "allowed_network"),
    ),
    "no addresses": (instance_policy("allowedIP", allowed_ip=[]), ("INVALID_FIELD_ERR", "allowed_ip")),
    **{
        f"the address {address}": (
            instance_policy("allowedIP", allowed_ip=[address]),
            ("INVALID_FIELD_ERR", "allowed_ip"),
        )
        for address in (
            *("192.0.2.300", "127.0.0.1/255.0.0.0", "127.0.0.1/0.0.0.255", "fe80::1%eth0", "192.0.2.0/33"),
            *("::ffff:192.0.2.7", "::ffff:192.0.2.0/120", " 192.0.2.7", "192.0.2.7/", "192.0.2.0/024"),
        )
    },
}


@pytest.mark.parametrize("case", REFUSED_OF_INSTANCES)
def test_a_wrong_policy_of_an_instance_is_refused(case: str) -> None:
    policy, expected = REFUSED_OF_INSTANCES[case]
    assert code_of(instance_policies_of, policies(policy)) == expected


@pytest.mark.parametrize(
    ("address", "networks", "expected"),
    [
        ("192.0.2.7", ["192.0.2.0/24"], True),
        ("192.0.2.7", ["192.0.2.7"], True),
        ("192.0.2.7", ["198.51.100.0/24", "2001:db8::/32"], False),
        ("2001:db8::1", ["2001:db8::/32"], True),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),
        ("", ["0.0.0.0/0", "::/0"], False),
    ],
)
def test_an_address_is_in_a_network_or_not(address: str, networks: list[str], expected: bool) -> None:
    assert is_in_networks(address, networks) is expected


@pytest.mark.parametrize("attribute", ["create_root_key", "create_standard_key", "import_root_key"])
def test_a_policy_of_access_denies_what_it_names_and_nothing_else(attribute: str) -> None:
    rules = {**ACCESS_DEFAULTS, attribute: False}
    denied = {
        f"{'import' if imported else 'create'}_{'standard' if standard else 'root'}_key"
        for imported in (False, True)
        for standard in (False, True)
        if not is_permitted(rules, standard=standard, imported=imported)
    }
    assert denied == {attribute}
