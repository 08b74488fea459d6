"""Answers about API keys, under the names of IBM's own models."""

from typing import NotRequired, TypedDict

from controlplane.kernel import timestamps
from identity.models import ApiKey as ApiKeyRow
from trustedprofiles.api.activity import Activity
from trustedprofiles.api.history import EnityHistoryRecord
from trustedprofiles.api.pagination import IdentityPage


class ApiKey(TypedDict):
    """``apikey`` is the value: in the answer that creates it, and, if it is stored, in the answer to a GET of this one
    key by a caller who may change it. Elsewhere it is absent."""

    id: str
    entity_tag: str
    crn: str
    locked: bool
    disabled: bool
    created_at: str
    created_by: str
    modified_at: str
    name: str
    description: NotRequired[str]
    support_sessions: bool
    action_when_leaked: str
    expires_at: NotRequired[str]
    iam_id: str
    account_id: str
    apikey: NotRequired[str]
    history: NotRequired[list[EnityHistoryRecord]]
    activity: NotRequired[Activity]


class ApiKeyList(IdentityPage):
    apikeys: list[ApiKey]


def api_key_body(key: ApiKeyRow, *, value: str = "") -> ApiKey:
    """Return the body of an API key. Optional members without a value are left out."""
    body: ApiKey = {
        "id": key.id,
        "entity_tag": key.entity_tag,
        "crn": key.crn,
        "locked": key.locked,
        "disabled": key.disabled,
        "created_at": timestamps.minutes(key.created_at),
        "created_by": key.created_by,
        "modified_at": timestamps.minutes(key.modified_at),
        "name": key.name,
        "support_sessions": key.support_sessions,
        "action_when_leaked": key.action_when_leaked,
        "iam_id": key.iam_id,
        "account_id": key.account_id,
    }
    if value:
        body["apikey"] = value
    if key.description:
        body["description"] = key.description
    if key.expires_at:
        body["expires_at"] = timestamps.minutes(key.expires_at)
    return body
