"""Which events somebody may see, and what of them: no more than the REST API would tell of the same things."""

from functools import reduce

from django.db.models import Q, QuerySet

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM
from controlplane.console.access import CERTIFICATE, GROUP, POLICY, Person
from trustedprofiles.actions import ACTIONS
from trustedprofiles.visible_users import READ as READ_USERS

TELLING = {
    **{
        f"is.{kind}.": f"is.{kind}.{noun}.list"
        for _, kind, noun, verb in (each.split(".") for each in ACTIONS["is"])
        if kind == noun and verb == "list"
    },
    "baremint.certificate": f"{CERTIFICATE}.list",
    "cloud-object-storage.": "cloud-object-storage.account.get_account_buckets",
    "global-search-tagging.": "global-search-tagging.tag.read",
    "iam-access-management.": f"{POLICY}.read",
    "iam-am.action-control-": f"{POLICY}.read",
    "iam-am.explanation.": "iam-access-management.explanation.read",
    "iam-am.policy": f"{POLICY}.read",
    "iam-am.role": "iam-access-management.role.read",
    "iam-groups.": f"{GROUP}.list",
    "iam-identity.account-limits.": "iam-identity.account.read",
    "iam-identity.account-settings-": "iam-identity.account.read",
    "iam-identity.account-serviceid": "iam-identity.serviceid.list",
    "iam-identity.accountsettings.": "iam-identity.account.read",
    "iam-identity.preferences.": "iam-identity.preferences.read",
    "iam-identity.serviceid-apikey.": "iam-identity.serviceid.list",
    "iam-identity.user-": "iam-identity.apikey.list",
    "resource-controller.": "resource-controller.group.read",
    "user-management.": READ_USERS,
}
"""The action that a person needs to see events whose names begin so. All others are about servers and trusted profiles,
which everybody who sees activity may list, and about the deployment."""
ADMINISTRATOR = "the deployment administrator"


def visible(person: Person, rows: QuerySet[ActivityEvent]) -> QuerySet[ActivityEvent]:
    """Those of an account's events that the person may see."""
    hidden = [start for start, action in TELLING.items() if not _may(person, action)]
    return rows.exclude(reduce(Q.__or__, (Q(action__startswith=start) for start in hidden))) if hidden else rows


def _may(person: Person, action: str) -> bool:
    """Events are of all regions."""
    return person.may_everywhere(action) if action.startswith("is.") else bool(person.may(action))


def as_seen_by(person: Person, event: ActivityEvent) -> ActivityEvent:
    """What concerns every account is told to all: but not who of another account did it, and from where."""
    if event.account_id or event.initiator_id == SYSTEM.id or person.account.is_first:
        return event
    event.initiator_id = event.initiator_address = event.initiator_agent = ""
    event.initiator_name, event.initiator_type = ADMINISTRATOR, "User"
    event.data = {name: value for name, value in event.data.items() if name not in ("lineage", "explanation")}
    return event
