"""Request bodies of images."""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from rest_framework import serializers

from controlplane.kernel import clock
from controlplane.kernel.fields import StrictCharField, StrictSerializer
from controlplane.kernel.versioning import last_version
from servers.allowed_use import LONGEST
from servers.api.base import EARLIEST_VERSION
from servers.api.shared_requests import NameField, ReferenceField

FILE = r"\Acos://[-a-z0-9]+/[-.a-z0-9]+/[^\s?#]+\.(qcow2|vhd)\Z"
LONGEST_FILE = 2048
ALLOWED_USE = {
    "api_version": "allowed_use_version",
    "bare_metal_server": "allowed_use",
    "instance": "allowed_use_instance",
}
"""The columns that the properties of ``allowed_use`` change."""


class AllowedUseBody(StrictSerializer):
    api_version = serializers.DateField(required=False)
    bare_metal_server = StrictCharField(required=False, max_length=LONGEST, trim_whitespace=False)
    instance = StrictCharField(required=False, max_length=LONGEST, trim_whitespace=False)

    def validate_api_version(self, value: date) -> date:
        last = last_version(clock.latest())
        if not EARLIEST_VERSION <= value <= last:
            raise serializers.ValidationError(f"The version must be a date from {EARLIEST_VERSION} to {last}.")
        return value


class FileField(StrictCharField, serializers.RegexField):
    """``cos://us-south/my-bucket/my-image.qcow2``: where the image is in Cloud Object Storage."""

    default_error_messages = {
        "invalid": "An image file is cos://<region>/<bucket>/<object>, and its name ends with .qcow2 or .vhd."
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(FILE, max_length=LONGEST_FILE, trim_whitespace=False, **options)


class ImageFileBody(StrictSerializer):
    href = FileField()


class CreateImageBody(StrictSerializer):
    """An image by file."""

    not_simulated: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("encrypted_data_key", "encryption_key"), "Encrypted images are not simulated."),
        "source_volume": "Images of volumes are not simulated.",
    }
    file = ImageFileBody()
    operating_system = ReferenceField("name", "href")
    allowed_use = AllowedUseBody(required=False)
    deprecation_at = serializers.DateTimeField(required=False)
    name = NameField(required=False)
    obsolescence_at = serializers.DateTimeField(required=False)
    resource_group = ReferenceField("id", required=False)


class UpdateImageBody(StrictSerializer):
    allowed_use = AllowedUseBody(required=False)
    deprecation_at = serializers.DateTimeField(required=False, allow_null=True)
    name = NameField(required=False)
    obsolescence_at = serializers.DateTimeField(required=False, allow_null=True)


def prototype(body: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments for the services from a validated body."""
    values = {name: value for name, value in body.items() if name != "allowed_use"}
    values |= {ALLOWED_USE[name]: str(value) for name, value in body.get("allowed_use", {}).items()}
    if "file" in values:
        values["file"] = values["file"]["href"]
    return values
