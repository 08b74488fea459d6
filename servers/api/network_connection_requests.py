"""Request bodies of network interfaces and attachments of bare metal servers."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import (
    DescribedField,
    PublishedChoiceField,
    StrictBooleanField,
    StrictIntegerField,
    StrictSerializer,
    reference_by,
)
from controlplane.kernel.operation import Schema
from servers.api.dated_behaviour import PRIMARY_IP_SINCE
from servers.api.shared_requests import NameField, ReferenceField, RenameBody
from servers.api.virtual_interface_requests import (
    MOST_GROUPS,
    IpBody,
    VirtualNetworkInterfaceBody,
    ip_prototype,
    virtual_interface_prototype,
)
from servers.services.attachments import AttachmentPrototype
from servers.services.network_interfaces import InterfacePrototype

LAST_VLAN = 4094
MOST_VLANS = LAST_VLAN
IDENTITIES = frozenset({"id", "crn", "href"})
OF_S390X = {"hipersocket": "Servers with s390x processors are not simulated."}


class VlanField(StrictIntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LAST_VLAN, **options)


class VlansField(serializers.ListField):
    child = VlanField()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_VLANS, **options)


class InterfaceBody(StrictSerializer):
    """The properties that network interfaces of all types take.

    ``primary_ipv4_address`` is the name of ``primary_ip.address`` in versions before 2022-03-29.
    """

    subnet = ReferenceField("id", "crn", "href")
    name = NameField(required=False)
    primary_ip = IpBody(required=False)
    primary_ipv4_address = serializers.IPAddressField(protocol="IPv4", required=False)
    security_groups = serializers.ListField(
        child=ReferenceField("id", "crn", "href"), required=False, min_length=1, max_length=MOST_GROUPS
    )
    allow_ip_spoofing = StrictBooleanField(required=False)
    enable_infrastructure_nat = StrictBooleanField(required=False)
    allowed_vlans = VlansField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        version = self.context.get("version")
        if version is not None:
            del fields["primary_ip" if version < PRIMARY_IP_SINCE else "primary_ipv4_address"]
        return fields


class PrimaryInterfaceBody(InterfaceBody):
    interface_type = PublishedChoiceField(["pci"], not_simulated=OF_S390X, required=False)


def refuse_mixed(attrs: dict[str, Any], float_field: str) -> dict[str, Any]:
    """Raise ValidationError when the properties do not match the type of the interface."""
    if attrs["interface_type"] == "pci":
        wrong = {"vlan", float_field} & attrs.keys()
        problems = dict.fromkeys(wrong, "Only an interface of type vlan has this. Leave it out.")
    else:
        problems = {} if "vlan" in attrs else {"vlan": "An interface of type vlan needs its vlan."}
        if "allowed_vlans" in attrs:
            problems["allowed_vlans"] = "Only an interface of type pci has this. Leave it out."
    if problems:
        raise serializers.ValidationError(problems)
    return attrs


class CreateInterfaceBody(InterfaceBody):
    interface_type = PublishedChoiceField(["pci", "vlan"], not_simulated=OF_S390X)
    vlan = VlanField(required=False)
    allow_interface_to_float = StrictBooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return refuse_mixed(attrs, "allow_interface_to_float")


class PatchInterfaceBody(RenameBody):
    allow_ip_spoofing = StrictBooleanField(required=False)
    enable_infrastructure_nat = StrictBooleanField(required=False)
    allowed_vlans = VlansField(required=False)


class AttachedInterfaceField(DescribedField, serializers.Field):
    """A virtual network interface: an existing one by ``id``, ``crn`` or ``href``, or the properties of a new one."""

    @property
    def schema(self) -> Schema:
        return {"anyOf": [*map(reference_by, sorted(IDENTITIES)), VirtualNetworkInterfaceBody]}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and len(data) == 1 and IDENTITIES.issuperset(data):
            return ReferenceField("id", "crn", "href").within(self).run_validation(data)
        return virtual_interface_prototype(VirtualNetworkInterfaceBody(context=self.context).run_validation(data))


class PrimaryAttachmentBody(StrictSerializer):
    virtual_network_interface = AttachedInterfaceField()
    name = NameField(required=False)
    interface_type = serializers.ChoiceField(choices=["pci"], required=False)
    allowed_vlans = VlansField(required=False)


class CreateAttachmentBody(StrictSerializer):
    virtual_network_interface = AttachedInterfaceField()
    interface_type = serializers.ChoiceField(choices=["pci", "vlan"])
    name = NameField(required=False)
    allowed_vlans = VlansField(required=False)
    vlan = VlanField(required=False)
    allow_to_float = StrictBooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return refuse_mixed(attrs, "allow_to_float")


class PatchAttachmentBody(RenameBody):
    allowed_vlans = VlansField(required=False)


def interface_prototype(body: dict[str, Any]) -> InterfacePrototype:
    ip = {"address": body["primary_ipv4_address"]} if "primary_ipv4_address" in body else body.get("primary_ip")
    return InterfacePrototype(
        subnet=body["subnet"],
        name=body.get("name", ""),
        primary_ip=ip_prototype(ip) if ip is not None else None,
        security_groups=tuple(body.get("security_groups", ())),
        interface_type=body.get("interface_type", "pci"),
        allow_ip_spoofing=body.get("allow_ip_spoofing", False),
        enable_infrastructure_nat=body.get("enable_infrastructure_nat", True),
        allowed_vlans=tuple(body.get("allowed_vlans", ())),
        vlan=body.get("vlan"),
        allow_interface_to_float=body.get("allow_interface_to_float", False),
    )


def attachment_prototype(body: dict[str, Any]) -> AttachmentPrototype:
    return AttachmentPrototype(
        interface=body["virtual_network_interface"],
        name=body.get("name", ""),
        interface_type=body.get("interface_type", "pci"),
        allowed_vlans=tuple(body.get("allowed_vlans", ())),
        vlan=body.get("vlan"),
        allow_to_float=body.get("allow_to_float", False),
    )
