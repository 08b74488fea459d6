"""Response bodies about trusted profiles and their links, under the names of IBM's own models."""

from typing import NotRequired, TypedDict

from controlplane.kernel import timestamps
from trustedprofiles.api.activity import Activity
from trustedprofiles.api.history import EnityHistoryRecord
from trustedprofiles.api.pagination import IdentityPage
from trustedprofiles.api.response_fields import NamedResource, Revised, without_empty
from trustedprofiles.models import ProfileLink as LinkRow
from trustedprofiles.models import TrustedProfile as ProfileRow


class TrustedProfile(NamedResource):
    email: NotRequired[str]
    iam_id: str
    history: NotRequired[list[EnityHistoryRecord]]
    activity: NotRequired[Activity]


class TrustedProfilesList(IdentityPage):
    profiles: list[TrustedProfile]


class ProfileLinkLink(TypedDict):
    crn: str
    namespace: NotRequired[str]
    name: NotRequired[str]
    component_type: NotRequired[str]
    component_name: NotRequired[str]


class ProfileLink(Revised):
    name: NotRequired[str]
    cr_type: str
    is_cross_account: bool
    link: ProfileLinkLink


class ProfileLinkList(TypedDict):
    links: list[ProfileLink]


def profile_body(profile: ProfileRow) -> TrustedProfile:
    """Return the response body of a profile, without optional members that have no value."""
    body: TrustedProfile = {
        "id": profile.id,
        "entity_tag": profile.entity_tag,
        "crn": profile.crn,
        "name": profile.name,
        "created_at": timestamps.minutes(profile.created_at),
        "modified_at": timestamps.minutes(profile.modified_at),
        "iam_id": profile.iam_id,
        "account_id": profile.account_id,
        "description": profile.description,
        "email": profile.email,
    }
    return without_empty(body, "description", "email")


def link_body(link: LinkRow) -> ProfileLink:
    body: ProfileLink = {
        "id": link.id,
        "entity_tag": link.entity_tag,
        "created_at": timestamps.minutes(link.created_at),
        "modified_at": timestamps.minutes(link.modified_at),
        "cr_type": link.cr_type,
        "is_cross_account": link.is_cross_account,
        "link": _target_body(link),
        "name": link.name,
    }
    return without_empty(body, "name")


def _target_body(link: LinkRow) -> ProfileLinkLink:
    body: ProfileLinkLink = {
        "crn": link.crn,
        "namespace": link.namespace,
        "name": link.resource_name,
        "component_type": link.component_type,
        "component_name": link.component_name,
    }
    return without_empty(body, "namespace", "name", "component_type", "component_name")
