"""When, and how often, API keys were used to log in: read from the activity events of it."""

from collections.abc import Iterable

from django.db.models import Count, Max

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import timestamps
from identity.api.answers import Activity
from identity.models import ApiKey
from identity.services.grants import APIKEY_LOGIN, SERVICE_ID_LOGIN


def names_of(key: ApiKey) -> tuple[str, str]:
    """What events call it: the CRN, and the id in those of earlier versions."""
    return key.crn, key.id


def activity_of(keys: Iterable[ApiKey]) -> Activity:
    """Log-ins with any of the keys, which are still there (D-74). A session that goes on by its refresh token is
    none."""
    logins = ActivityEvent.objects.filter(
        target_id__in=[name for key in keys for name in names_of(key)],
        action__in=(APIKEY_LOGIN, SERVICE_ID_LOGIN),
        outcome=ActivityEvent.Outcome.SUCCESS,
    )
    found = logins.aggregate(count=Count("id"), last=Max("time"))
    body: Activity = {"authn_count": found["count"]}
    if found["last"]:
        body["last_authn"] = timestamps.minutes(found["last"])
    return body
