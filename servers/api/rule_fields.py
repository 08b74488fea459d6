"""What rules of security groups and of network ACLs have in common on the wire."""

import ipaddress
from datetime import date
from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import StrictIntegerField
from servers.protocols import EVERYTHING, FORMERLY, LAST_PORT, is_protocol

EVERYTHING_SINCE = date(2025, 12, 9)
DIRECTIONS = ("inbound", "outbound")


class ProtocolField(serializers.Field):
    """``tcp``, ``icmp_tcp_udp``, ``number_99``; ``all``, as earlier versions say, reads as ``icmp_tcp_udp``."""

    default_error_messages = {
        "invalid": "It must be any, icmp, icmp_tcp_udp, tcp, udp, another protocol's name, or number_ and its number."
    }

    def to_internal_value(self, data: Any) -> str:
        if data == FORMERLY:
            return EVERYTHING
        if not isinstance(data, str) or not is_protocol(data):
            self.fail("invalid")
        return str(data)


class PortField(StrictIntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LAST_PORT, required=False, **options)


class IcmpField(StrictIntegerField):
    def __init__(self, largest: int, **options: Any) -> None:
        super().__init__(min_value=0, max_value=largest, required=False, **options)


class RangeField(serializers.Field):
    """An IPv4 address, or a CIDR block whose host bits are zero."""

    default_error_messages = {"invalid": "It must be an IPv4 address, or a CIDR block such as 10.0.0.0/24."}

    def to_internal_value(self, data: Any) -> str:
        try:
            if not isinstance(data, str):
                raise ValueError
            ipaddress.IPv4Network(data)
        except ValueError:
            self.fail("invalid")
        return str(data)


def protocol_for(protocol: str, version: date) -> str:
    """The name of a protocol in an API version."""
    return FORMERLY if protocol == EVERYTHING and version < EVERYTHING_SINCE else protocol
