"""Request bodies of virtual network interfaces, read strictly."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictSerializer
from servers.api.shared_requests import NameField, ReferenceField, RenameBody
from servers.services.virtual_interface_prototypes import IpPrototype, VirtualInterfacePrototype

MODES = ("auto", "disabled", "enabled")
MOST_IPS = 8
MOST_GROUPS = 5


class IpBody(StrictSerializer):
    """An existing reserved IP by ``id`` or ``href``, or the properties of a new one."""

    id = StrictCharField(required=False, max_length=64)
    href = StrictCharField(required=False, max_length=2048)
    address = serializers.IPAddressField(protocol="IPv4", required=False)
    auto_delete = StrictBooleanField(required=False)
    name = NameField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) > 1 and {"id", "href"} & attrs.keys():
            raise serializers.ValidationError("An existing reserved IP is named by id or href alone.")
        if attrs.get("href", "").endswith("/"):
            raise serializers.ValidationError({"href": "It must end with the id of a reserved IP."})
        return attrs


class VirtualNetworkInterfaceBody(StrictSerializer):
    subnet = ReferenceField("id", "crn", "href", required=False)
    name = NameField(required=False)
    primary_ip = IpBody(required=False)
    ips = serializers.ListField(child=IpBody(), required=False, max_length=MOST_IPS)
    security_groups = serializers.ListField(
        child=ReferenceField("id", "crn", "href"), required=False, min_length=1, max_length=MOST_GROUPS
    )
    auto_delete = StrictBooleanField(required=False)
    allow_ip_spoofing = StrictBooleanField(required=False)
    enable_infrastructure_nat = StrictBooleanField(required=False)
    protocol_state_filtering_mode = serializers.ChoiceField(choices=MODES, required=False)
    resource_group = ReferenceField("id", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        names_an_address = {"id", "href"} & attrs.get("primary_ip", {}).keys()
        if "subnet" not in attrs and not names_an_address:
            raise serializers.ValidationError({"subnet": serializers.ErrorDetail("", code="required")})
        return attrs


class PatchVirtualNetworkInterfaceBody(RenameBody):
    auto_delete = StrictBooleanField(required=False)
    allow_ip_spoofing = StrictBooleanField(required=False)
    enable_infrastructure_nat = StrictBooleanField(required=False)
    protocol_state_filtering_mode = serializers.ChoiceField(choices=MODES, required=False)


def ip_prototype(body: Mapping[str, Any]) -> IpPrototype:
    return IpPrototype(
        reserved_ip=body.get("id", "") or body.get("href", "").rpartition("/")[2],
        address=body.get("address", ""),
        name=body.get("name", ""),
        auto_delete=body.get("auto_delete", True),
    )


def virtual_interface_prototype(body: Mapping[str, Any]) -> VirtualInterfacePrototype:
    primary = body.get("primary_ip")
    return VirtualInterfacePrototype(
        subnet=body.get("subnet", ""),
        name=body.get("name", ""),
        primary_ip=ip_prototype(primary) if primary is not None else None,
        ips=tuple(map(ip_prototype, body.get("ips", ()))),
        security_groups=tuple(body.get("security_groups", ())),
        auto_delete=body.get("auto_delete"),
        allow_ip_spoofing=body.get("allow_ip_spoofing", False),
        enable_infrastructure_nat=body.get("enable_infrastructure_nat", True),
        protocol_state_filtering_mode=body.get("protocol_state_filtering_mode", "auto"),
        resource_group=body.get("resource_group", ""),
    )
