"""The initialization of a bare metal server as the VPC API returns it."""

from typing import Literal, NotRequired, TypedDict

from controlplane.kernel.crn import Crn
from servers.api.dated_behaviour import remote
from servers.api.reference_responses import Hrefs
from servers.api.shared_responses import DELETED, Deleted, ImageReference, ImageRemote, KeyReference
from servers.models import Image, Initialization, Key


class InitializedImage(ImageReference):
    deleted: NotRequired[Deleted]
    remote: NotRequired[ImageRemote]


class InitializedKey(KeyReference):
    deleted: NotRequired[Deleted]


class TrustedProfileReference(TypedDict):
    crn: str
    id: str
    resource_type: Literal["trusted_profile"]


class DefaultTrustedProfile(TypedDict):
    auto_link: bool
    target: TrustedProfileReference


class HostUserAccount(TypedDict):
    encrypted_password: str
    encryption_key: InitializedKey
    resource_type: Literal["host_user_account"]
    username: str


class BareMetalServerInitialization(TypedDict):
    image: InitializedImage
    keys: list[InitializedKey]
    user_accounts: list[HostUserAccount]
    default_trusted_profile: NotRequired[DefaultTrustedProfile]


def initialization_body(initialization: Initialization, account_id: str, hrefs: Hrefs) -> BareMetalServerInitialization:
    """Return the stored initialization; ``deleted`` marks resources that no longer exist.

    ``default_trusted_profile`` is absent when none was given.
    """
    image = initialization.image
    there = set(Key.objects.filter(id__in=[key["id"] for key in initialization.keys]).values_list("id", flat=True))
    initial_image: InitializedImage = {
        "crn": image["crn"],
        "href": hrefs("images", image["id"]),
        "id": image["id"],
        "name": image["name"],
        "resource_type": "image",
    }
    if not Image.objects.filter(id=image["id"]).exists():
        initial_image["deleted"] = DELETED
    if owner := remote(Crn.parse(image["crn"]).account_id, account_id, hrefs.version):
        initial_image["remote"] = owner
    body: BareMetalServerInitialization = {
        "image": initial_image,
        "keys": [_key(key, there, hrefs) for key in initialization.keys],
        "user_accounts": [
            {
                "encrypted_password": account["encrypted_password"],
                "encryption_key": _key(account["encryption_key"], there, hrefs),
                "resource_type": "host_user_account",
                "username": account["username"],
            }
            for account in initialization.user_accounts
        ],
    }
    if profile_id := initialization.default_trusted_profile_id:
        crn = Crn("iam-identity", "", account_id, "profile", profile_id)
        body["default_trusted_profile"] = {
            "auto_link": initialization.auto_link,
            "target": {"id": profile_id, "crn": str(crn), "resource_type": "trusted_profile"},
        }
    return body


def _key(key: dict[str, str], there: set[str], hrefs: Hrefs) -> InitializedKey:
    body: InitializedKey = {
        "crn": key["crn"],
        "fingerprint": key["fingerprint"],
        "href": hrefs("keys", key["id"]),
        "id": key["id"],
        "name": key["name"],
    }
    if key["id"] not in there:
        body["deleted"] = DELETED
    return body
