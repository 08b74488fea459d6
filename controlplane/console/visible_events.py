"""The events that a person may see, and what they see of them: no more than the REST API would show."""

from functools import reduce

from django.db.models import Q, QuerySet

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM
from controlplane.cloudservice.registry import services
from controlplane.console.access import CERTIFICATE, GROUP, POLICY, Person
from trustedprofiles.actions import ACTIONS
from trustedprofiles.visible_users import READ as READ_USERS

INSTANCES = "resource-controller.instance.retrieve"
REQUIRED_ACTIONS = {
    "globalcatalog.": INSTANCES,
    **{
        f"is.{kind}.": f"is.{kind}.{noun}.list"
        for _, kind, noun, verb in (each.split(".") for each in ACTIONS["is"])
        if kind == noun and verb == "list"
    },
    "baremint.certificate": f"{CERTIFICATE}.list",
    **{f"{each.name}.": each.events_action for each in services().values() if each.events_action},
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
    "resource-controller.group.": "resource-controller.group.read",
    **{f"resource-controller.{each}.": INSTANCES for each in ("alias", "binding", "instance", "key", "reclamation")},
    "user-management.": READ_USERS,
}
"""The action that a person needs to see events, by the prefix of their names. All others are about the deployment, and
about servers and trusted profiles, which every person who sees activity may list."""
ADMINISTRATOR = "the deployment administrator"


def visible(person: Person, rows: QuerySet[ActivityEvent]) -> QuerySet[ActivityEvent]:
    """The events of an account that the person may see."""
    hidden = [start for start, action in REQUIRED_ACTIONS.items() if not _may(person, action)]
    return rows.exclude(reduce(Q.__or__, (Q(action__startswith=start) for start in hidden))) if hidden else rows


def _may(person: Person, action: str) -> bool:
    """Whether the person may do this; in all regions for VPC, because events are of all regions."""
    if action.startswith("is."):
        return person.may_everywhere(action)
    if action == INSTANCES:  # of every service: an event does not say which
        return all(person.may_each(action, [{"serviceName": name} for name in services()]))
    return bool(person.may(action))


def as_seen_by(person: Person, event: ActivityEvent) -> ActivityEvent:
    """The event without its initiator, if it affects every account and a user of another account caused it."""
    if event.account_id or event.initiator_id == SYSTEM.id or person.account.is_first:
        return event
    event.initiator_id = event.initiator_address = event.initiator_agent = ""
    event.initiator_name, event.initiator_type = ADMINISTRATOR, "User"
    event.data = {name: value for name, value in event.data.items() if name not in ("lineage", "explanation")}
    return event
