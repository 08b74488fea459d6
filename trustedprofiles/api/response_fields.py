"""Fields that the response bodies of several IAM APIs share."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict, TypeVar, cast

B = TypeVar("B", bound=Mapping[str, object])


class Revised(TypedDict):
    """A record of the identity API that changes under ``If-Match``."""

    id: str
    entity_tag: str
    created_at: str
    modified_at: str


class NamedResource(Revised):
    """A resource of the identity API."""

    crn: str
    name: str
    description: NotRequired[str]
    account_id: str


class Authored(TypedDict):
    """A record with the identities that created it and that changed it last."""

    created_at: str
    created_by_id: str
    last_modified_at: str
    last_modified_by_id: str


def without_empty(body: B, *names: str) -> B:
    """Return the body without those of the named members that have no value."""
    return cast(B, {name: value for name, value in body.items() if value or name not in names})
