"""Roles and the actions they grant.

A platform role grants by the verb an action ends with: Viewer reads, Operator also operates, Editor also writes,
Administrator also assigns access (IBM's role definitions for VPC infrastructure). Service roles grant likewise. A
custom role grants the actions it lists.
"""

from dataclasses import dataclass, field
from typing import Literal

from trustedprofiles.actions import ACTIONS, service_of

READ = frozenset({"get", "head", "list", "read"})
OPERATE = READ | {"operate", "start", "stop", "restart"}
EDIT = OPERATE | {"create", "put", "update", "delete", "attach", "detach", "linkToResource"}
ADMINISTER = EDIT | {"assign", "administer", "console", "manage"}

# Actions that end in a writing verb but decide who may do what: for Administrators alone. Access tags are among them
# (IBM's table of required roles for attaching and detaching tags).
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
    }
)
# Services whose actions are all about data: platform roles manage an instance, service roles what is in it.
DATA_SERVICES = frozenset({"cloud-object-storage"})

Kind = Literal["platform", "service", "custom"]


@dataclass(frozen=True)
class Role:
    crn: str
    display_name: str
    description: str
    kind: Kind
    verbs: frozenset[str] = frozenset()
    """Of a platform or service role."""
    actions: frozenset[str] = field(default=frozenset(), repr=False)
    """Of a custom role."""

    def grants(self, action: str) -> bool:
        if self.kind == "custom":
            return action in self.actions
        if self.kind == "platform" and service_of(action) in DATA_SERVICES:
            return False
        if action in ACCESS_ACTIONS:
            return "assign" in self.verbs
        return verb_of(action) in self.verbs


def verb_of(action: str) -> str:
    """``read`` of ``is.key.key.read``, ``attach`` of ``global-search-tagging.tag.attach-user-tag``, ``put`` of
    ``cloud-object-storage.bucket.put_bucket``."""
    return action.rpartition(".")[2].partition("-")[0].partition("_")[0]


def _platform(name: str, description: str, verbs: frozenset[str]) -> Role:
    return Role(f"crn:v1:bluemix:public:iam::::role:{name}", name, description, "platform", verbs)


def _service(name: str, description: str, verbs: frozenset[str]) -> Role:
    return Role(f"crn:v1:bluemix:public:iam::::serviceRole:{name}", name, description, "service", verbs)


SYSTEM_ROLES = (
    _platform("Viewer", "Views resources and lists them.", READ),
    _platform("Operator", "Views resources and operates them: start, stop, restart.", OPERATE),
    _platform("Editor", "Does all but manage access: creates, changes and deletes resources.", EDIT),
    _platform("Administrator", "Does everything, and assigns access to others.", ADMINISTER),
)
SERVICE_ROLES = (
    _service("Reader", "Reads within the service.", READ),
    _service("Writer", "Reads and writes within the service.", EDIT),
    _service("Manager", "Does everything within the service.", ADMINISTER),
)
ROLES = {role.crn: role for role in (*SYSTEM_ROLES, *SERVICE_ROLES)}


def least_role(action: str) -> Role | None:
    """The smallest platform role that grants the action, or service role where none does. None: no role does."""
    return next((role for role in (*SYSTEM_ROLES, *SERVICE_ROLES) if role.grants(action)), None)


def granted_actions(role: Role, service_name: str = "") -> list[str]:
    """What the role grants on a service; on all of them when none is named."""
    services = [service_name] if service_name else list(ACTIONS)
    return [action for service in services for action in ACTIONS.get(service, ()) if role.grants(action)]
