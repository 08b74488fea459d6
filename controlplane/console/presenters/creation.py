"""The forms that create or reinitialize a server, and the request bodies of the REST API that they stand for."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

from controlplane.console.access import INITIALIZATION, PROFILE, Person
from controlplane.console.presenters.forms import Field, choices
from servers import catalog
from servers.models import BareMetalServer, Key, Subnet
from servers.selectors import image_columns, images_of
from servers.services.initialization import USABLE_IMAGE_STATUSES
from trustedprofiles.models import TrustedProfile
from trustedprofiles.policy_columns import Columns
from trustedprofiles.selectors import profiles_of

PATHS = {
    "name": "name",
    "profile": "profile",
    "zone": "subnet",
    "primary_network_interface": "subnet",
    "initialization.image": "image",
    "initialization.keys": "keys",
    "initialization.user_data": "user_data",
    "initialization.default_trusted_profile": "trusted_profile",
    "image": "image",
    "keys": "keys",
    "user_data": "user_data",
    "default_trusted_profile": "trusted_profile",
    "metadata_service.protocol": "protocol",
    "enable_secure_boot": "secure_boot",
}
"""The field of the form for each property of the body."""
M = TypeVar("M", bound=Model)


def creation_fields(person: Person, typed: QueryDict) -> list[Field]:
    region = person.region
    profiles = [each for each in catalog.profiles().values() if region in each.regions]
    subnets = _listed(
        person,
        "is.subnet.subnet.list",
        Subnet.policy_columns(),
        Subnet.objects.select_related("vpc").order_by("name"),
    )
    return [
        Field(
            "name",
            "Name",
            "Lower case letters, digits and hyphens. Empty: four random words.",
            value=_text(typed, "name"),
        ),
        Field(
            "profile",
            "Profile",
            "How many cores, how much memory and which disks the server has.",
            "select",
            options=choices(
                [(each.name, f"{each.name} - {each.core_count} cores, {each.memory} GiB") for each in profiles],
                typed.getlist("profile"),
            ),
            required=True,
        ),
        Field(
            "subnet",
            "Subnet",
            "Where its primary address is taken from. The subnet decides the zone and the VPC.",
            "select",
            options=choices(
                [
                    (each.id, f"{each.name} - {each.ipv4_cidr_block}, {each.zone}, VPC {each.vpc.name}")
                    for each in subnets
                ],
                typed.getlist("subnet"),
            ),
            required=True,
        ),
        *initialization_fields(person, typed),
        Field(
            "metadata",
            "Metadata service",
            "On: programs on the server can ask who they are. It can be switched at any time.",
            "checkbox",
            value=_text(typed, "metadata"),
        ),
        Field(
            "protocol",
            "Secure access",
            "Whether the metadata service answers http or https.",
            "select",
            options=choices([("http", "http"), ("https", "https (secure access)")], typed.getlist("protocol")),
        ),
        Field(
            "secure_boot",
            "Secure boot",
            "Boots only what is signed. Some images ask for it, others forbid it.",
            "checkbox",
            value=_text(typed, "secure_boot"),
        ),
    ]


def initialization_fields(person: Person, typed: QueryDict, server: BareMetalServer | None = None) -> list[Field]:
    """The fields of an initialization, filled in from the server's last one, if there is a server."""
    account, region = person.account.id, person.region
    knows = server is not None and bool(person.may(f"{INITIALIZATION}.read", server.policy_attributes))
    before = server.initialization if server and knows and not typed else None
    images = images_of(account).filter(region=region, status__in=USABLE_IMAGE_STATUSES).order_by("number")
    images = person.visible("is.image.image.list", image_columns(account)).of(images)
    keys = _listed(person, "is.key.key.list", Key.policy_columns(), Key.objects.order_by("name"))
    may_list = person.visible(f"{PROFILE}.list", TrustedProfile.policy_columns())
    profiles = may_list.of(profiles_of(account)).order_by("name").values_list("id", "name")
    image = [before.image["id"]] if before else typed.getlist("image")
    key_ids = [key["id"] for key in before.keys] if before else typed.getlist("keys")
    default = [before.default_trusted_profile_id] if before else typed.getlist("trusted_profile")
    link = before.auto_link if before else not typed or "auto_link" in typed
    return [
        Field(
            "image",
            "Image",
            "What is installed on its boot disk.",
            "select",
            options=choices(images.values_list("id", "name"), image),
            required=True,
        ),
        Field(
            "keys",
            "SSH keys",
            "Who may log in as its administrator. Optional. Hold Ctrl or Command to select several.",
            "select",
            options=choices([(key.id, f"{key.name} ({key.type})") for key in keys], key_ids),
            multiple=True,
        ),
        Field(
            "trusted_profile",
            "Default trusted profile",
            "What a program on the server becomes when it asks for an IAM token and names no profile.",
            "select",
            options=choices([("", "None"), *profiles], default),
        ),
        Field(
            "auto_link",
            "Link the server to that profile",
            "Without a link, or a claim rule that describes the server, the profile does not trust it.",
            "checkbox",
            value="true" if link else "",
        ),
        Field(
            "user_data",
            "User data",
            "A script or cloud-init document that the image runs at its first start. It is kept, and never shown.",
            "textarea",
            value=_text(typed, "user_data"),
        ),
    ]


def _listed(person: Person, action: str, columns: Columns, rows: QuerySet[M]) -> QuerySet[M]:
    """The rows of the account in the region that the person may list."""
    return person.visible(action, columns).of(rows.filter(account_id=person.account.id, region=person.region))


def creation_body(typed: QueryDict, person: Person) -> dict[str, Any]:
    """The body of ``POST /v1/bare_metal_servers``."""
    body: dict[str, Any] = {
        "profile": {"name": _text(typed, "profile")},
        "zone": {"name": _zone_of(_text(typed, "subnet"), person)},
        "primary_network_interface": {"subnet": {"id": _text(typed, "subnet")}},
        "initialization": initialization_body(typed),
        "metadata_service": {"enabled": "metadata" in typed, "protocol": _text(typed, "protocol") or "http"},
        "enable_secure_boot": "secure_boot" in typed,
    }
    return body | ({"name": _text(typed, "name")} if _text(typed, "name") else {})


def initialization_body(typed: QueryDict) -> dict[str, Any]:
    """The body of ``PUT /v1/bare_metal_servers/{id}/initialization``."""
    body: dict[str, Any] = {
        "image": {"id": _text(typed, "image")},
        "keys": [{"id": key} for key in typed.getlist("keys")],
    }
    if user_data := typed.get("user_data", ""):
        body["user_data"] = user_data.replace("\r\n", "\n")
    if profile := _text(typed, "trusted_profile"):
        body["default_trusted_profile"] = {"target": {"id": profile}, "auto_link": "auto_link" in typed}
    return body


def _zone_of(subnet_id: str, person: Person) -> str:
    subnets = Subnet.objects.filter(account=person.account, region=person.region, id=subnet_id)
    return str(subnets.values_list("zone", flat=True).first() or "")


def _text(typed: Mapping[str, Any], name: str) -> str:
    return str(typed.get(name, "")).strip()
