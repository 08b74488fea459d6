"""The bodies of requests that set policies (Key Protect contract, section 2.5)."""

from collections.abc import Mapping, Sequence
from typing import Any

from controlplane.kernel.text import echoed
from controlplane.keyprotect import errors
from controlplane.keyprotect.errors import (
    BadBody,
    CollectionTotalMismatch,
    InvalidField,
    InvalidQuery,
    NumberOfResources,
    QueryMismatch,
)
from controlplane.keyprotect.policies import (
    ACCESS_DEFAULTS,
    ALLOWED_IP,
    ALLOWED_NETWORK,
    ATTRIBUTES,
    CREATE_IMPORT_ACCESS,
    INSTANCE_POLICIES,
    INTERVAL,
    KEY_POLICIES,
    LONGEST_INTERVAL,
    MOST_NETWORKS,
    NETWORKS,
    ONLY_ENABLED,
    ROTATION,
    SHORTEST_INTERVAL,
    InstancePolicySetting,
    KeyPolicySetting,
    is_network,
)

POLICY_TYPE = "application/vnd.ibm.kms.policy+json"


def policy_kind(values: Sequence[str], kinds: Sequence[str]) -> str:
    """Return the value of the query parameter ``policy``; empty without one.

    ``values`` are those that the request has. Raises InvalidQuery for another kind and for several values.
    """
    if len(values) > 1:
        raise InvalidQuery(
            "The query_param `policy` is there several times. Send it once.", target=errors.parameter("policy")
        )
    kind = values[0] if values else ""
    if kind and kind not in kinds:
        message = f"The query_param `policy` must be: one of {', '.join(kinds)}. It has {echoed(kind)!r}"
        raise InvalidQuery(message, target=errors.parameter("policy"))
    return kind


def key_policies_of(content: Mapping[str, Any], *, kind: str) -> Sequence[KeyPolicySetting]:
    """Return what the body of a request says about the policies of a key.

    ``kind`` is that of the query parameter, empty without one. Raises BadBody, InvalidField, CollectionTotalMismatch,
    NumberOfResources and QueryMismatch.
    """
    settings = [_key_policy(each) for each in _resources(content)]
    _require_kinds([each.kind for each in settings], kind)
    return settings


def _key_policy(content: Mapping[str, Any]) -> KeyPolicySetting:
    _check_type(content)
    members = [name for name in KEY_POLICIES if name in content]
    if len(members) != 1:
        raise BadBody(f"Request body is not valid: each resource must have one of {', '.join(KEY_POLICIES)}.")
    return key_policy_setting(members[0], content[members[0]])


def key_policy_setting(kind: str, content: Mapping[str, Any]) -> KeyPolicySetting:
    """Return what a request says about one policy of a key. Raises InvalidField for an interval out of bounds."""
    interval = content.get(INTERVAL)
    if interval is not None:
        _check_interval(interval)
    return KeyPolicySetting(kind, content.get("enabled", True), interval)


def overrides_of(content: Mapping[str, Any]) -> Sequence[KeyPolicySetting]:
    """Return the policies that a new key gets in place of those of its instance. Raises InvalidField."""
    key = content["resources"][0] if content["resources"] else {}
    return [key_policy_setting(kind, key[kind]) for kind in KEY_POLICIES if kind in key]


def instance_policies_of(content: Mapping[str, Any], *, kind: str) -> Sequence[InstancePolicySetting]:
    """Return what the body of a request says about the policies of an instance. Raises as ``key_policies_of``."""
    settings = [_instance_policy(each) for each in _resources(content)]
    _require_kinds([each.kind for each in settings], kind)
    return settings


def _instance_policy(content: Mapping[str, Any]) -> InstancePolicySetting:
    kind, data = content["policy_type"], content["policy_data"]
    if kind not in INSTANCE_POLICIES:
        message = f"The field `policy_type` must be: one of {', '.join(INSTANCE_POLICIES)}. It has {echoed(kind)!r}"
        raise InvalidField(message, target=errors.field("policy_type"))
    attributes = data.get("attributes", {})
    if unknown := sorted(attributes.keys() - set(ATTRIBUTES[kind])):
        raise BadBody(f'Request body is not valid: json: unknown field "{unknown[0]}" of a policy {kind}')
    if not data["enabled"] and kind in ONLY_ENABLED and attributes:
        name = next(iter(attributes))
        message = f"The field `{name}` must be: provided only if the policy is enabled"
        raise InvalidField(message, target=errors.field(name))
    return InstancePolicySetting(kind, data["enabled"], _attributes(kind, attributes, is_enabled=data["enabled"]))


def _attributes(kind: str, attributes: Mapping[str, Any], *, is_enabled: bool) -> Mapping[str, Any]:
    """Return the attributes to store. Raises InvalidField."""
    if kind == CREATE_IMPORT_ACCESS:
        return {**ACCESS_DEFAULTS, **attributes}
    for name in ATTRIBUTES[kind] if is_enabled else ():
        if name not in attributes:
            message = f"The field `{name}` is missing. An enabled policy {kind} needs it among its attributes."
            raise InvalidField(message, target=errors.field(name))
    if kind == ROTATION and INTERVAL in attributes:
        _check_interval(attributes[INTERVAL])
    if kind == ALLOWED_NETWORK and attributes and attributes["allowed_network"] not in NETWORKS:
        message = f"The field `allowed_network` must be: one of {', '.join(NETWORKS)}"
        raise InvalidField(message, target=errors.field("allowed_network"))
    if kind == ALLOWED_IP and attributes:
        _check_networks(attributes["allowed_ip"])
    return attributes


def _check_networks(networks: Sequence[str]) -> None:
    if not 1 <= len(networks) <= MOST_NETWORKS or not all(map(is_network, networks)):
        message = (
            f"The field `allowed_ip` must be: 1 to {MOST_NETWORKS} addresses or networks such as 192.0.2.0/24. "
            "Include the address that you call from."
        )
        raise InvalidField(message, target=errors.field("allowed_ip"))


def _check_interval(months: int) -> None:
    if not SHORTEST_INTERVAL <= months <= LONGEST_INTERVAL:
        message = f"The field `{INTERVAL}` must be: a number of months from {SHORTEST_INTERVAL} to {LONGEST_INTERVAL}"
        raise InvalidField(message, target=errors.field(INTERVAL))


def _resources(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the resources of a collection of policies. Raises BadBody, CollectionTotalMismatch, NumberOfResources."""
    if content["metadata"]["collectionType"] != POLICY_TYPE:
        raise BadBody(f"Request body is not valid: collectionType must be {POLICY_TYPE}")
    resources: Sequence[Mapping[str, Any]] = content["resources"]
    if content["metadata"]["collectionTotal"] != len(resources):
        raise CollectionTotalMismatch(f"collectionTotal must be {len(resources)}, the number of resources in the body.")
    if not resources:
        raise NumberOfResources("The body has no policy. Send one resource for each policy to set.")
    return resources


def _check_type(content: Mapping[str, Any]) -> None:
    if content.get("type", "") not in ("", POLICY_TYPE):
        raise InvalidField(f"The field `type` must be: {POLICY_TYPE}", target=errors.field("type"))


def _require_kinds(kinds: Sequence[str], kind: str) -> None:
    """Raise QueryMismatch or NumberOfResources unless the kinds are different, and that of the query if it has one."""
    if kind and any(each != kind for each in kinds):
        raise QueryMismatch(
            f"The query_param `policy` is {kind}, and the body has a policy of another kind. Send them in one request "
            "without the query_param."
        )
    if len(set(kinds)) != len(kinds):
        raise NumberOfResources("The body has more than one policy of the same kind. Send one of each.")
