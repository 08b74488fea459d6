"""Which events somebody may see, and what of them: no more than the REST API would tell of the same things."""

from functools import reduce

from django.db.models import Q, QuerySet

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM
from controlplane.console.access import GROUP, POLICY, Person

TELLING = {
    "cloud-object-storage.": "cloud-object-storage.account.get_account_buckets",
    "global-search-tagging.": "global-search-tagging.tag.read",
    "iam-access-management.account-settings.": f"{POLICY}.read",
    "iam-am.explanation.": "iam-access-management.explanation.read",
    "iam-am.policy.": f"{POLICY}.read",
    "iam-am.role.": "iam-access-management.role.read",
    "iam-groups.": f"{GROUP}.list",
    "iam-identity.account-limits.": "iam-identity.account.read",
    "iam-identity.account-serviceid": "iam-identity.serviceid.list",
    "iam-identity.account-settings": "iam-identity.account.read",
    "iam-identity.accountsettings.": "iam-identity.account.read",
    "iam-identity.preferences.": "iam-identity.preferences.read",
    "iam-identity.serviceid": "iam-identity.serviceid.list",
    "iam-identity.user-": "iam-identity.apikey.list",
    "resource-controller.": "resource-controller.group.read",
    "user-management.": "user-management.user.retrieve",
}
"""Events whose names begin so tell of things that are for those who may do this. All others tell of servers, networks
and trusted profiles, which whoever sees activity may list, and of the deployment."""
ADMINISTRATOR = "the deployment administrator"


def visible(person: Person, rows: QuerySet[ActivityEvent]) -> QuerySet[ActivityEvent]:
    """Those of an account's events that the person may see."""
    hidden = [start for start, action in TELLING.items() if not person.may(action)]
    return rows.exclude(reduce(Q.__or__, (Q(action__startswith=start) for start in hidden))) if hidden else rows


def as_seen_by(person: Person, event: ActivityEvent) -> ActivityEvent:
    """What concerns every account is told to all: but not who of another account did it, and from where."""
    if event.account_id or event.initiator_id == SYSTEM.id or person.account.is_first:
        return event
    event.initiator_id = event.initiator_address = event.initiator_agent = ""
    event.initiator_name, event.initiator_type = ADMINISTRATOR, "User"
    event.data = {name: value for name, value in event.data.items() if name not in ("lineage", "explanation")}
    return event
