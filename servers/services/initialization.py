"""The initialization of a server: when it is created, and again when it is reinitialized."""

from dataclasses import dataclass

from django.db import transaction

from controlplane.activity.record import Party
from servers import allowed_use
from servers.events import INITIALIZATION, record_change
from servers.models import BareMetalServer, Image, Initialization, Key
from servers.selectors import images_of
from servers.services import transitions
from servers.services.host_accounts import administrator_of, key_problems
from servers.services.references import References, at
from servers.services.row_locks import lock_row
from trustedprofiles.models import TrustedProfile
from trustedprofiles.selectors import find_profile
from trustedprofiles.services.links import link_server

USABLE_IMAGE_STATUSES = ("available", "deprecated", "partially_available")


@dataclass(frozen=True)
class InitializationPrototype:
    image: str
    keys: tuple[str, ...] = ()
    """Ids or fingerprints."""
    user_data: str = ""
    trusted_profile: dict[str, str] | None = None
    """``{"id": ...}`` or ``{"crn": ...}``."""
    auto_link: bool = True
    """True by default once a profile is given (IBM's guides)."""


@dataclass(frozen=True)
class InitializationRows:
    """The rows that a prototype refers to."""

    prototype: InitializationPrototype
    image: Image | None
    keys: list[Key]
    trusted_profile: TrustedProfile | None


def find_initialization(
    account_id: str,
    region: str,
    prototype: InitializationPrototype,
    *,
    enable_secure_boot: bool,
    path: str,
    references: References,
) -> InitializationRows:
    """Look up the rows that the prototype refers to.

    The problems are added to ``references``, with ``path`` in their targets.
    """
    images = images_of(account_id).filter(region=region)
    image = references.find(at(path, "image"), images.filter(id=prototype.image).first())
    matches = [
        references.find(at(path, f"keys[{position}]"), _find_key(account_id, region, key))
        for position, key in enumerate(prototype.keys)
    ]
    keys = [key for key in matches if key]
    if image:
        usable = image.status in USABLE_IMAGE_STATUSES
        references.require(usable, at(path, "image"), f"The image is {image.status}. Choose one that is available.")
        boots = allowed_use.holds(image.allowed_use, enable_secure_boot=enable_secure_boot)
        references.require(
            boots, at(path, "image"), f"The image may be used only where {image.allowed_use}. Choose another."
        )
        if len(keys) == len(prototype.keys):
            for problem in key_problems(image.operating_system, [key.type for key in keys]):
                references.require(False, at(path, "keys"), problem)
    profile = None
    if prototype.trusted_profile is not None:
        profile = references.find(
            at(path, "default_trusted_profile.target"), find_profile(account_id=account_id, **prototype.trusted_profile)
        )
    return InitializationRows(prototype, image, keys, profile)


def _find_key(account_id: str, region: str, reference: str) -> Key | None:
    field = "fingerprint" if reference.startswith("SHA256:") else "id"
    return Key.objects.filter(account_id=account_id, region=region, **{field: reference}).first()


def save_initialization(server: BareMetalServer, rows: InitializationRows, *, by: Party) -> Initialization:
    """Save the initialization of the server, and create its link if requested. Must run in a transaction."""
    prototype, image, profile = rows.prototype, rows.image, rows.trusted_profile
    assert image  # noqa: S101  what is not found was refused before
    initialization, _ = Initialization.objects.update_or_create(
        server=server,
        defaults={
            "image": {
                "id": image.id,
                "crn": image.crn,
                "name": image.name,
                "allowed_use": image.allowed_use,
                "allowed_use_version": image.allowed_use_version,
            },
            "keys": [snapshot(key) for key in rows.keys],
            "user_data": prototype.user_data,
            "default_trusted_profile_id": profile.id if profile else "",
            "auto_link": prototype.auto_link and profile is not None,
            "user_accounts": administrator_of(image.operating_system, rows.keys),
        },
    )
    if profile and prototype.auto_link:
        link_server(profile, crn=server.crn, name=server.name, by=by)
    return initialization


def snapshot(key: Key) -> dict[str, str]:
    return {"id": key.id, "crn": key.crn, "name": key.name, "fingerprint": key.fingerprint}


@transaction.atomic
def reinitialize(server: BareMetalServer, prototype: InitializationPrototype, *, by: Party) -> Initialization:
    """Wipe the boot disk and initialize the server again; secondary disks, ids, addresses and links stay.

    Raises Refusals with all problems of the prototype, Conflict unless the server is stopped, or has failed during an
    earlier reinitialization.
    """
    server = lock_row(server)
    references = References()
    rows = find_initialization(
        server.account_id,
        server.region,
        prototype,
        enable_secure_boot=server.enable_secure_boot,
        path="",
        references=references,
    )
    references.settle()
    transitions.begin(server, "reinitialize")
    initialization = save_initialization(server, rows, by=by)
    record_change(f"{INITIALIZATION}.update", server, by=by)
    return initialization
