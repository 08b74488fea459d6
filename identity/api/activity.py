"""The activity of API keys: when, and how often, they were used to log in."""

from collections.abc import Iterable

from controlplane.activity.models import ActivityEvent
from identity.events import API_KEY_LOGIN, SERVICE_ID_LOGIN
from identity.models import ApiKey
from trustedprofiles.api.activity import Activity, activity_of


def names_of(key: ApiKey) -> tuple[str, str]:
    """Return the names of an API key in events: its CRN, and its id in events of earlier versions."""
    return key.crn, key.id


def activity_of_keys(keys: Iterable[ApiKey]) -> Activity:
    """Return the activity of API keys that still exist: the logins with any of them (D-74).

    A session that goes on by its refresh token does not count as a login.
    """
    target_ids = [name for key in keys for name in names_of(key)]
    logins = ActivityEvent.objects.filter(target_id__in=target_ids, action__in=(API_KEY_LOGIN, SERVICE_ID_LOGIN))
    return activity_of(logins)
