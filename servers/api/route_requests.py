"""Request bodies of routes: alone, and inside the body that a routing table is made from."""

import ipaddress
from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import (
    DescribedField,
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    reference_by,
)
from controlplane.kernel.operation import Schema
from servers.api.shared_requests import LONGEST_CIDR, NameField, ReferenceField
from servers.services.routes import ACTIONS, LARGEST_PRIORITY, NOWHERE


class NextHopField(DescribedField, serializers.Field):
    """``{"address": "10.0.0.4"}``, which reads as the address; null reads as none. There are no VPN gateways here."""

    default_error_messages = {
        "invalid": "A next hop is an object with the IPv4 address of one: VPNs are not simulated."
    }

    @property
    def schema(self) -> Schema:
        return reference_by("address")

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, dict) or set(data) != {"address"} or not isinstance(data["address"], str):
            self.fail("invalid")
        try:
            return str(ipaddress.IPv4Address(data["address"]))
        except ValueError:
            self.fail("invalid")


class UpdateRouteBody(StrictSerializer):
    advertise = StrictBooleanField(required=False)
    name = NameField(required=False)
    next_hop = NextHopField(required=False, allow_null=True)
    priority = StrictIntegerField(required=False, min_value=0, max_value=LARGEST_PRIORITY)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs | ({"next_hop": attrs["next_hop"] or NOWHERE} if "next_hop" in attrs else {})


class CreateRouteBody(UpdateRouteBody):
    destination = StrictCharField(max_length=LONGEST_CIDR)
    zone = ReferenceField("name", "href")
    action = serializers.ChoiceField(choices=ACTIONS, required=False)
    next_hop = NextHopField(required=False)
