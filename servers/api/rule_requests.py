"""The common parts of the requests about rules of security groups and of network ACLs."""

import ipaddress
from datetime import date
from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import DescribedField, StrictIntegerField
from controlplane.kernel.operation import Schema, choices
from servers.protocols import EVERYTHING, FORMERLY, LAST_PORT, NAMED, NUMBERED, is_protocol

EVERYTHING_SINCE = date(2025, 12, 9)
DIRECTIONS = ("inbound", "outbound")


class ProtocolField(DescribedField, serializers.Field):
    """``tcp``, ``icmp_tcp_udp``, ``number_99``; earlier versions say ``all`` where later ones say ``icmp_tcp_udp``.

    ``version`` in the context is the API version asked for.
    """

    default_error_messages = {
        "invalid": "It must be any, icmp, {everything}, tcp, udp, another protocol's name, or number_ and its number."
    }

    @property
    def schema(self) -> Schema:
        description = f"`{EVERYTHING}` from version {EVERYTHING_SINCE} on, `{FORMERLY}` before."
        name = choices(*NAMED, FORMERLY) | {"description": description}
        return {"anyOf": [name, {"type": "string", "pattern": f"^{NUMBERED.pattern}$"}]}

    def to_internal_value(self, data: Any) -> str:
        everything = protocol_for(EVERYTHING, self.context.get("version", date.max))
        if data == everything:
            return EVERYTHING
        if not isinstance(data, str) or data == EVERYTHING or not is_protocol(data):
            self.fail("invalid", everything=everything)
        return str(data)


class PortField(StrictIntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LAST_PORT, required=False, **options)


class IcmpField(StrictIntegerField):
    def __init__(self, largest: int, **options: Any) -> None:
        super().__init__(min_value=0, max_value=largest, required=False, **options)


class RangeField(DescribedField, serializers.Field):
    """An IPv4 address, or a CIDR block whose host bits are zero, its prefix a number."""

    default_error_messages = {"invalid": "It must be an IPv4 address, or a CIDR block such as 10.0.0.0/24."}

    schema = {"type": "string", "example": "10.0.0.0/24"}

    def to_internal_value(self, data: Any) -> str:
        try:
            if not isinstance(data, str):
                raise ValueError
            network = ipaddress.IPv4Network(data)
        except ValueError:
            self.fail("invalid")
        if data not in (str(network), str(network.network_address)):  # a netmask, a prefix of 024
            self.fail("invalid")
        return data


def protocol_for(protocol: str, version: date) -> str:
    """Return the name of a protocol in an API version."""
    return FORMERLY if protocol == EVERYTHING and version < EVERYTHING_SINCE else protocol
