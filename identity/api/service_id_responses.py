"""Answers about service IDs, under the names of IBM's own models."""

from typing import NotRequired

from controlplane.kernel import timestamps
from identity.api.apikey_responses import ApiKey
from trustedprofiles.api.activity import Activity
from trustedprofiles.api.history import EnityHistoryRecord
from trustedprofiles.api.pagination import IdentityPage
from trustedprofiles.api.response_fields import NamedResource, without_empty
from trustedprofiles.models import ServiceId as ServiceIdRow


class ServiceId(NamedResource):
    """``apikey`` is present only in the answer that creates a service ID with an API key."""

    iam_id: str
    locked: bool
    unique_instance_crns: NotRequired[list[str]]
    group_id: NotRequired[str]
    history: NotRequired[list[EnityHistoryRecord]]
    apikey: NotRequired[ApiKey]
    activity: NotRequired[Activity]


class ServiceIdList(IdentityPage):
    serviceids: list[ServiceId]


def service_id_body(service_id: ServiceIdRow, *, show_group: bool = False) -> ServiceId:
    """Return the body of a service ID. Optional members without a value are left out, and by default the group."""
    body: ServiceId = {
        "id": service_id.id,
        "iam_id": service_id.iam_id,
        "entity_tag": service_id.entity_tag,
        "crn": service_id.crn,
        "locked": service_id.locked,
        "created_at": timestamps.minutes(service_id.created_at),
        "modified_at": timestamps.minutes(service_id.modified_at),
        "account_id": service_id.account_id,
        "name": service_id.name,
        "description": service_id.description,
        "unique_instance_crns": service_id.unique_instance_crns,
        "group_id": (show_group and service_id.group_id) or "",
    }
    return without_empty(body, "description", "unique_instance_crns", "group_id")
