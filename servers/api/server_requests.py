"""Request bodies of bare metal servers, read strictly."""

from datetime import date
from typing import Any

from rest_framework import serializers

from controlplane.kernel.fields import StrictBooleanField, StrictCharField, StrictIntegerField, StrictSerializer
from servers.api.dated_behaviour import default_reservation_policy
from servers.api.network_connection_requests import (
    CreateAttachmentBody,
    CreateInterfaceBody,
    PrimaryAttachmentBody,
    PrimaryInterfaceBody,
    attachment_prototype,
    interface_prototype,
)
from servers.api.shared_requests import NameField, ReferenceField
from servers.reserved_capacity import AUTOMATIC, DISABLED, MANUAL
from servers.services.initialization import InitializationPrototype
from servers.services.provisioning import ServerPrototype
from servers.services.reservation_affinity import ReservationAffinity

LONGEST_USER_DATA = 65_536
MOST_KEYS = 200
MOST_CONNECTIONS = 128
PROTOCOLS = ("http", "https")
STYLES = {"primary_network_interface": "network_interfaces", "primary_network_attachment": "network_attachments"}


class MetadataServiceBody(StrictSerializer):
    enabled = StrictBooleanField(required=False)
    protocol = serializers.ChoiceField(choices=PROTOCOLS, required=False)


class ReservationAffinityBody(StrictSerializer):
    """``manual`` needs one reservation in the pool, and the other policies none."""

    policy = serializers.ChoiceField(choices=[AUTOMATIC, DISABLED, MANUAL], required=False)
    pool = serializers.ListField(
        child=ReferenceField("id", "crn", "href"), required=False, allow_null=True, max_length=1
    )

    def validate(self, attrs: dict[str, Any]) -> Any:
        return ReservationAffinity(**attrs)


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
    keys = serializers.ListField(child=ReferenceField("id", "crn", "href", "fingerprint"), max_length=MOST_KEYS)
    user_data = StrictCharField(required=False, allow_blank=True, max_length=LONGEST_USER_DATA, trim_whitespace=False)
    default_trusted_profile = DefaultTrustedProfileBody(required=False)


class CreateServerBody(StrictSerializer):
    initialization = InitializationBody()
    profile = ReferenceField("name", "href")
    zone = ReferenceField("name", "href")
    primary_network_interface = PrimaryInterfaceBody(required=False)
    network_interfaces = serializers.ListField(child=CreateInterfaceBody(), required=False, max_length=MOST_CONNECTIONS)
    primary_network_attachment = PrimaryAttachmentBody(required=False)
    network_attachments = serializers.ListField(
        child=CreateAttachmentBody(), required=False, max_length=MOST_CONNECTIONS
    )
    name = NameField(required=False)
    bandwidth = StrictIntegerField(required=False, min_value=1, max_value=10_000_000)
    enable_secure_boot = StrictBooleanField(required=False)
    metadata_service = MetadataServiceBody(required=False)
    reservation_affinity = ReservationAffinityBody(required=False)
    resource_group = ReferenceField("id", required=False)
    trusted_platform_module = TpmBody(required=False)
    vpc = ReferenceField("id", "crn", "href", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that a server has either network interfaces or network attachments, with a primary one."""
        styles = [primary for primary, others in STYLES.items() if primary in attrs or others in attrs]
        if len(styles) > 1:
            raise serializers.ValidationError(
                {styles[1]: "A server has network interfaces or network attachments, not both. Leave one kind out."}
            )
        primary = styles[0] if styles else "primary_network_attachment"
        if primary not in attrs:
            raise serializers.ValidationError({primary: serializers.ErrorDetail("", code="required")})
        return attrs


class PatchServerBody(StrictSerializer):
    name = NameField(required=False)
    bandwidth = StrictIntegerField(required=False, min_value=1, max_value=10_000_000)
    enable_secure_boot = StrictBooleanField(required=False)
    metadata_service = MetadataServiceBody(required=False)
    reservation_affinity = ReservationAffinityBody(required=False)
    trusted_platform_module = TpmBody(required=False)


class StopBody(StrictSerializer):
    type = serializers.ChoiceField(choices=["soft", "hard"])


class FirmwareBody(StrictSerializer):
    auto_start = StrictBooleanField(required=False)


class ConsoleTokenBody(StrictSerializer):
    console_type = serializers.ChoiceField(choices=["serial", "vnc"])
    force = StrictBooleanField(required=False)


def server_prototype(body: dict[str, Any], *, version: date = date.max) -> ServerPrototype:
    metadata = body.get("metadata_service", {})
    return ServerPrototype(
        profile=body["profile"],
        zone=body["zone"],
        initialization=initialization_prototype(body["initialization"]),
        interfaces=tuple(interface_prototype(each) for each in _in_order(body, "primary_network_interface")),
        attachments=tuple(attachment_prototype(each) for each in _in_order(body, "primary_network_attachment")),
        name=body.get("name", ""),
        bandwidth=body.get("bandwidth"),
        enable_secure_boot=body.get("enable_secure_boot", False),
        metadata_enabled=metadata.get("enabled", False),
        metadata_protocol=metadata.get("protocol", "http"),
        reservation_affinity=body.get("reservation_affinity"),
        default_reservation_policy=default_reservation_policy(version),
        resource_group=body.get("resource_group", ""),
        tpm_mode=body.get("trusted_platform_module", {}).get("mode", ""),
        vpc=body.get("vpc", ""),
    )


def _in_order(body: dict[str, Any], primary: str) -> list[dict[str, Any]]:
    return [body[primary], *body.get(STYLES[primary], ())] if primary in body else []


def initialization_prototype(body: dict[str, Any]) -> InitializationPrototype:
    default = body.get("default_trusted_profile")
    return InitializationPrototype(
        image=body["image"],
        keys=tuple(body["keys"]),
        user_data=body.get("user_data", ""),
        trusted_profile=dict(default["target"]) if default else None,
        auto_link=default.get("auto_link", True) if default else True,
    )


def server_changes(body: dict[str, Any]) -> dict[str, Any]:
    """Return the changes of a merge patch; absent properties do not change."""
    metadata = body.pop("metadata_service", {})
    tpm = body.pop("trusted_platform_module", {})
    return body | {
        "metadata_enabled": metadata.get("enabled"),
        "metadata_protocol": metadata.get("protocol"),
        "tpm_mode": tpm.get("mode"),
    }
