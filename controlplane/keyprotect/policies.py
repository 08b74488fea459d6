"""The policies of keys and instances, and what each may say (Key Protect contract, section 2.5; D-186)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

ROTATION = "rotation"
DUAL_AUTH_DELETE = "dualAuthDelete"
ALLOWED_NETWORK = "allowedNetwork"
ALLOWED_IP = "allowedIP"
CREATE_IMPORT_ACCESS = "keyCreateImportAccess"
METRICS = "metrics"
KEY_POLICIES = (DUAL_AUTH_DELETE, ROTATION)
INSTANCE_POLICIES = (DUAL_AUTH_DELETE, ROTATION, CREATE_IMPORT_ACCESS, ALLOWED_NETWORK, ALLOWED_IP, METRICS)

INTERVAL = "interval_month"
SHORTEST_INTERVAL, LONGEST_INTERVAL = 1, 12
MONTH = timedelta(days=30)
PRIVATE_ONLY = "private-only"
NETWORKS = ("public-and-private", PRIVATE_ONLY)
MOST_NETWORKS = 1_000
"""Of the policy ``allowedIP``."""
CIDR = re.compile(r"[0-9A-Fa-f.:]+(/(0|[1-9][0-9]{0,2}))?")
ACCESS_DEFAULTS: Mapping[str, bool] = {
    "create_root_key": True,
    "create_standard_key": True,
    "import_root_key": True,
    "import_standard_key": True,
    "enforce_token": False,
}
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    ROTATION: (INTERVAL,),
    ALLOWED_NETWORK: ("allowed_network",),
    ALLOWED_IP: ("allowed_ip",),
    CREATE_IMPORT_ACCESS: tuple(ACCESS_DEFAULTS),
    DUAL_AUTH_DELETE: (),
    METRICS: (),
}
"""The attributes of an instance policy, by kind."""
ONLY_ENABLED = frozenset({ROTATION, ALLOWED_IP})
"""Instance policies that have no attributes while they are disabled."""


@dataclass(frozen=True)
class KeyPolicySetting:
    """What a request says about one policy of a key."""

    kind: str
    enabled: bool = True
    interval_months: int | None = None
    """Of a rotation; None to keep the one that is stored."""


@dataclass(frozen=True)
class InstancePolicySetting:
    """What a request says about one policy of an instance."""

    kind: str
    enabled: bool
    attributes: Mapping[str, Any]


def is_network(text: str) -> bool:
    """Return whether the text is an address, or a network in CIDR form. An IPv4 address in IPv6 form is none."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    return CIDR.fullmatch(text) is not None and getattr(network.network_address, "ipv4_mapped", None) is None


def is_in_networks(address: str, networks: list[str]) -> bool:
    """Return whether an IP address is in one of the networks. An IPv4 address in IPv6 form counts as itself."""
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    caller = getattr(caller, "ipv4_mapped", None) or caller
    return any(caller in ip_network(each, strict=False) for each in networks)


def is_permitted(attributes: Mapping[str, Any], *, standard: bool, imported: bool) -> bool:
    """Return whether an enabled policy ``keyCreateImportAccess`` permits to create or import such a key."""
    verb, kind = "import" if imported else "create", "standard" if standard else "root"
    return bool(attributes[f"{verb}_{kind}_key"])
