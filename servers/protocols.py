"""The protocols of rules, and the properties that each takes (VPC API, security group and ACL rules)."""

import re
from collections.abc import Mapping
from typing import Any

NAMED = ("ah", "esp", "gre", "icmp", "icmp_tcp_udp", "ip_in_ip", "l2tp", "rsvp", "sctp", "tcp", "udp", "vrrp", "any")
NUMBERS_WITH_A_NAME = frozenset({1, 4, 6, 17, 46, 47, 50, 51, 112, 115, 132})
NUMBERED = re.compile(r"number_(0|[1-9][0-9]{0,2})")
EVERYTHING = "icmp_tcp_udp"
FORMERLY = "all"
"""The name of ``icmp_tcp_udp`` before version 2025-12-09."""
PORTS = ("tcp", "udp")
LAST_PORT = 65_535
ANYWHERE = "0.0.0.0/0"


def is_protocol(text: str) -> bool:
    """Return whether the text is a protocol: a name, or ``number_200`` for a number without a name."""
    numbered = NUMBERED.fullmatch(text)
    if numbered:
        number = int(numbered[1])
        return number <= 255 and number not in NUMBERS_WITH_A_NAME
    return text in NAMED


def foreign(protocol: str, given: Mapping[str, Any], *, ports: tuple[str, ...]) -> list[str]:
    """Return the properties in ``given`` that the protocol does not take; ``ports`` are those for tcp and udp."""
    properties = ports if protocol in PORTS else ("type", "code") if protocol == "icmp" else ()
    return sorted(name for name in (*ports, "type", "code") if given.get(name) is not None and name not in properties)
