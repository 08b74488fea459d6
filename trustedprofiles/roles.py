"""Roles and the actions that they grant.

A platform role grants by the verb an action ends with: Viewer reads, Operator also operates, Editor also writes,
Administrator also assigns access (IBM's role definitions for VPC infrastructure). Reader, Writer and Manager grant
likewise, in the services that have them; a service that declares itself says which of them grants an action
(controlplane/cloudservice/declaration.py). Roles that one service defines (trustedprofiles/service_roles.py) and custom
roles grant the actions that they list.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from controlplane.cloudservice.registry import services
from trustedprofiles.actions import ACCOUNT_MANAGEMENT, ACTIONS, service_of

READ = frozenset({"get", "head", "list", "read", "retrieve"})
OPERATE = READ | {"operate", "start", "stop", "restart"}
EDIT = OPERATE | {
    *("add", "create", "put", "post", "copy", "update", "delete", "export"),
    *("attach", "detach", "activate", "linkToResource"),
}
MANAGE = EDIT | {"administer"}
ADMINISTER = MANAGE | {"assign", "manage"}

# Actions that end in a writing verb but manage access, so that only Administrators may do them. Access tags are among
# them (IBM's table of required roles for attaching and detaching tags), the Public Access group's switch (IBM's table
# of roles and actions), and preferences (IAM identity API).
ACCESS_ACTIONS = frozenset(
    {
        "global-search-tagging.tag.create-access-tag",
        "global-search-tagging.tag.delete-access-tag",
        "global-search-tagging.tag.attach-access-tag",
        "global-search-tagging.tag.detach-access-tag",
        "iam-access-management.customRole.create",
        "iam-access-management.customRole.update",
        "iam-access-management.customRole.delete",
        "iam-access-management.policy.create",
        "iam-access-management.policy.update",
        "iam-access-management.policy.delete",
        "iam-groups.account-settings.update",
        "iam-identity.preferences.update",
    }
)
# Granted only by roles that list them, regardless of their verb (IBM's table of roles and actions).
LISTED_ONLY = frozenset({"iam-identity.user-apikey.create"})
# Services whose actions are all about data: platform roles manage an instance, service roles what is in it.
DATA_SERVICES = frozenset(services())
# Services that have no Reader, Writer and Manager (IBM's table of roles and actions).
WITHOUT_SERVICE_ROLES = ACCOUNT_MANAGEMENT | {"global-search-tagging", "globalcatalog"}

Kind = Literal["platform", "service", "custom"]


@dataclass(frozen=True)
class Role:
    crn: str
    display_name: str
    description: str
    kind: Kind
    verbs: frozenset[str] = frozenset()
    """The verbs of a role that grants by verb."""
    actions: frozenset[str] = field(default=frozenset(), repr=False)
    """Other actions that it grants: all of them for a custom role or a role of one service."""

    def grants(self, action: str) -> bool:
        if action in self.actions:
            return True
        if declared := services().get(service_of(action)):
            return self.kind == "service" and declared.grants(self.display_name, action)
        if self.kind != "platform" and service_of(action) in WITHOUT_SERVICE_ROLES:
            return False
        if action in LISTED_ONLY:
            return False
        if action in ACCESS_ACTIONS:
            return "assign" in self.verbs
        return verb_of(action) in self.verbs


def verb_of(action: str) -> str:
    """Return the verb of an action: ``read`` for ``is.key.key.read``, ``attach`` for
    ``global-search-tagging.tag.attach-user-tag``, ``put`` for ``cloud-object-storage.bucket.put_bucket``. The source of
    a copy is read: ``get`` for ``object.copy_get``."""
    last = action.rpartition(".")[2]
    return "get" if last.endswith("_get") else last.partition("-")[0].partition("_")[0]


def crn(name: str, *, kind: Literal["role", "serviceRole"] = "serviceRole", service: str = "iam") -> str:
    return f"crn:v1:bluemix:public:{service}::::{kind}:{name}"


def _platform(name: str, description: str, verbs: frozenset[str]) -> Role:
    return Role(crn(name, kind="role"), name, description, "platform", verbs)


def _service(name: str, description: str, verbs: frozenset[str]) -> Role:
    return Role(crn(name), name, description, "service", verbs)


SYSTEM_ROLES = (
    _platform("Viewer", "Views resources and lists them.", READ),
    _platform("Operator", "Views resources and operates them: start, stop, restart.", OPERATE),
    _platform("Editor", "Does all but manage access: creates, changes and deletes resources.", EDIT),
    _platform("Administrator", "Does everything but what needs a role of its own, and assigns access.", ADMINISTER),
)
"""The smallest role first; each grants what those before it grant."""
SERVICE_ROLES = (
    _service("Reader", "Reads within the service.", READ),
    _service("Writer", "Reads and writes within the service.", EDIT),
    _service("Manager", "Reads, writes and administers within the service.", MANAGE),
)
"""The smallest role first. On VPC infrastructure they grant more than IBM's (D-53)."""


def granted_actions(role: Role, services: Collection[str] = ()) -> list[str]:
    """Return the actions that the role grants on these services, or on all of them when none is named.

    Actions of operations come in the order of ``ACTIONS``, others after them.
    """
    actions = [each for service in services or ACTIONS for each in ACTIONS.get(service, ()) if role.grants(each)]
    further = role.actions.difference(actions)
    return actions + sorted(each for each in further if not services or service_of(each) in services)
