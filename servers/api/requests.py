"""Request bodies of bare metal servers, read strictly."""

from typing import Any

from rest_framework import serializers

from controlplane.kernel.errors import InvalidValue, MissingField, Target
from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictIntegerField, StrictSerializer
from servers.services.provisioning import InitializationPrototype, InterfacePrototype, ServerPrototype

NAME = r"\A([a-z]|[a-z][-a-z0-9]*[a-z0-9])\Z"
LONGEST_NAME = 63
LONGEST_USER_DATA = 65_536
PROTOCOLS = ("http", "https")
ATTACHMENTS = ("primary_network_attachment", "network_attachments", "network_interfaces")


class NameField(serializers.RegexField):
    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, max_length=LONGEST_NAME, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class ReferenceField(serializers.Field):
    """A reference by exactly one of its ``forms``; reads as the id at the end of it."""

    default_error_messages = {"invalid": "A reference is an object with exactly one of {forms}."}

    def __init__(self, *forms: str, **options: Any) -> None:
        super().__init__(**options)
        self.forms = forms

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, dict) or len(data) != 1:
            self.fail("invalid", forms=", ".join(self.forms))
        [(form, value)] = data.items()
        if form not in self.forms or not isinstance(value, str) or not value or "\x00" in value:
            self.fail("invalid", forms=", ".join(self.forms))
        return value.rpartition(":" if form == "crn" else "/")[2] if form in ("crn", "href") else value


class MetadataServiceBody(StrictSerializer):
    enabled = StrictBooleanField(required=False)
    protocol = serializers.ChoiceField(choices=PROTOCOLS, required=False)


class ReservationAffinityBody(StrictSerializer):
    policy = serializers.ChoiceField(choices=["automatic", "disabled"], required=False)
    pool = serializers.ListField(required=False, allow_null=True, max_length=0)


class TpmBody(StrictSerializer):
    mode = serializers.ChoiceField(choices=["disabled", "tpm_2"], required=False)


class TrustedProfileTarget(StrictSerializer):
    id = StrictCharField(required=False, max_length=64)
    crn = StrictCharField(required=False, max_length=255)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Name the trusted profile by exactly one of id, crn.")
        return attrs


class DefaultTrustedProfileBody(StrictSerializer):
    auto_link = StrictBooleanField(required=False)
    target = TrustedProfileTarget()


class InitializationBody(StrictSerializer):
    image = ReferenceField("id", "crn", "href")
    keys = serializers.ListField(child=ReferenceField("id", "crn", "href", "fingerprint"), max_length=200)
    user_data = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_USER_DATA, trim_whitespace=False)
    default_trusted_profile = DefaultTrustedProfileBody(required=False)


class PrimaryIpBody(StrictSerializer):
    id = StrictCharField(required=False, max_length=64)
    href = StrictCharField(required=False, max_length=2048)
    address = serializers.IPAddressField(protocol="IPv4", required=False)
    auto_delete = StrictBooleanField(required=False)
    name = NameField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) > 1 and {"id", "href"} & attrs.keys():
            raise serializers.ValidationError("An existing reserved IP is named by id or href alone.")
        return attrs


class PrimaryInterfaceBody(StrictSerializer):
    subnet = ReferenceField("id", "crn", "href")
    name = NameField(required=False)
    primary_ip = PrimaryIpBody(required=False)
    security_groups = serializers.ListField(
        child=ReferenceField("id", "crn", "href"), required=False, min_length=1, max_length=5
    )
    allow_ip_spoofing = StrictBooleanField(required=False)
    enable_infrastructure_nat = StrictBooleanField(required=False)
    interface_type = serializers.ChoiceField(choices=["pci"], required=False)
    allowed_vlans = serializers.ListField(child=StrictIntegerField(min_value=1, max_value=4094), required=False)


class CreateBody(StrictSerializer):
    initialization = InitializationBody()
    profile = ReferenceField("name", "href")
    zone = ReferenceField("name", "href")
    primary_network_interface = PrimaryInterfaceBody()
    name = NameField(required=False)
    bandwidth = StrictIntegerField(required=False, min_value=1, max_value=10_000_000)
    enable_secure_boot = StrictBooleanField(required=False)
    metadata_service = MetadataServiceBody(required=False)
    reservation_affinity = ReservationAffinityBody(required=False)
    resource_group = ReferenceField("id", required=False)
    trusted_platform_module = TpmBody(required=False)
    vpc = ReferenceField("id", "crn", "href", required=False)


class PatchBody(StrictSerializer):
    name = NameField(required=False)
    bandwidth = StrictIntegerField(required=False, min_value=1, max_value=10_000_000)
    enable_secure_boot = StrictBooleanField(required=False)
    metadata_service = MetadataServiceBody(required=False)
    reservation_affinity = ReservationAffinityBody(required=False)
    trusted_platform_module = TpmBody(required=False)


class StopBody(StrictSerializer):
    type = serializers.ChoiceField(choices=["soft", "hard"])


def server_prototype(data: Any) -> ServerPrototype:
    """Read a create body. Raises Refusals naming every property at fault."""
    for name in ATTACHMENTS:
        if isinstance(data, dict) and name in data:
            raise InvalidValue(
                f"{name} is not supported here yet; give the server one primary_network_interface.", target=Target(name)
            )
    body = CreateBody.check(data)
    metadata = body.get("metadata_service", {})
    return ServerPrototype(
        profile=body["profile"],
        zone=body["zone"],
        initialization=_initialization(body["initialization"]),
        interface=_interface(body["primary_network_interface"]),
        name=body.get("name", ""),
        bandwidth=body.get("bandwidth"),
        enable_secure_boot=body.get("enable_secure_boot", False),
        metadata_enabled=metadata.get("enabled", False),
        metadata_protocol=metadata.get("protocol", "http"),
        reservation_affinity_policy=body.get("reservation_affinity", {}).get("policy", "automatic"),
        resource_group=body.get("resource_group", ""),
        tpm_mode=body.get("trusted_platform_module", {}).get("mode", ""),
        vpc=body.get("vpc", ""),
    )


def _initialization(body: dict[str, Any]) -> InitializationPrototype:
    default = body.get("default_trusted_profile")
    return InitializationPrototype(
        image=body["image"],
        keys=tuple(body["keys"]),
        user_data=body.get("user_data", ""),
        trusted_profile=dict(default["target"]) if default else None,
        auto_link=default.get("auto_link", True) if default else True,
    )


def _interface(body: dict[str, Any]) -> InterfacePrototype:
    ip = body.get("primary_ip", {})
    return InterfacePrototype(
        subnet=body["subnet"],
        name=body.get("name", ""),
        address=ip.get("address", ""),
        address_name=ip.get("name", ""),
        auto_delete=ip.get("auto_delete", True),
        reserved_ip=ip.get("id", "") or ip.get("href", "").rpartition("/")[2],
        security_groups=tuple(body.get("security_groups", ())),
        allow_ip_spoofing=body.get("allow_ip_spoofing", False),
        enable_infrastructure_nat=body.get("enable_infrastructure_nat", True),
        allowed_vlans=tuple(body.get("allowed_vlans", ())),
    )


def server_changes(data: Any) -> dict[str, Any]:
    """Read a merge patch: what is absent stays as it is. Raises Refusals, or MissingField for an empty one."""
    body = PatchBody.check(data)
    if not body:
        raise MissingField("The patch changes nothing. Give at least one property.")
    metadata = body.pop("metadata_service", {})
    affinity = body.pop("reservation_affinity", {})
    tpm = body.pop("trusted_platform_module", {})
    return body | {
        "metadata_enabled": metadata.get("enabled"),
        "metadata_protocol": metadata.get("protocol"),
        "reservation_affinity_policy": affinity.get("policy"),
        "tpm_mode": tpm.get("mode"),
    }
