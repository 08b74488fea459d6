"""Response bodies about profile identities, under the names of IBM's own models."""

from typing import NotRequired, TypedDict

from trustedprofiles.models import ProfileIdentity


class ProfileIdentityResponse(TypedDict):
    iam_id: str
    identifier: str
    type: str
    accounts: NotRequired[list[str]]
    description: str


class ProfileIdentitiesResponse(TypedDict):
    entity_tag: str
    identities: list[ProfileIdentityResponse]


def identity_body(identity: ProfileIdentity) -> ProfileIdentityResponse:
    body: ProfileIdentityResponse = {
        "iam_id": identity.iam_id,
        "identifier": identity.identifier,
        "type": identity.type,
        "description": identity.description,
    }
    if identity.type == ProfileIdentity.Type.USER:
        body["accounts"] = identity.accounts
    return body
