"""``activity``: when and how often an identity logged in, read from the activity events of its log-ins."""

from typing import NotRequired, TypedDict

from django.db.models import Count, Max, QuerySet
from django.db.models.lookups import Exact

from controlplane.activity.events import PROFILE_LOGINS
from controlplane.activity.models import ActivityEvent, ProfileId
from controlplane.kernel import timestamps
from controlplane.kernel.operation import BOOLEAN, Parameter
from trustedprofiles.models import TrustedProfile

INCLUDE_ACTIVITY = Parameter(
    "include_activity", "Whether to include when, and how often, it was used to log in.", BOOLEAN
)


class Activity(TypedDict):
    """The log-ins of an identity. ``last_authn`` is absent when there were none."""

    last_authn: NotRequired[str]
    authn_count: int


def activity_of(logins: QuerySet[ActivityEvent]) -> Activity:
    """Return the number and the last time of the log-ins that succeeded."""
    totals = logins.filter(outcome=ActivityEvent.Outcome.SUCCESS).aggregate(count=Count("id"), last=Max("time"))
    body: Activity = {"authn_count": totals["count"]}
    if totals["last"]:
        body["last_authn"] = timestamps.minutes(totals["last"])
    return body


def logins_to(profile: TrustedProfile) -> QuerySet[ActivityEvent]:
    """Return the events of callers that log in to the profile: by the assume grant, by the compute resource grant, or
    at the metadata service. On PostgreSQL an index finds them."""
    return ActivityEvent.objects.filter(Exact(ProfileId(), profile.id), action__in=PROFILE_LOGINS)
