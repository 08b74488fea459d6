"""Roles and the actions they grant.

A platform role grants by the verb an action ends with: Viewer reads, Operator also operates, Editor also writes,
Administrator also assigns access (IBM's role definitions for VPC infrastructure). Service roles grant likewise.
"""

from dataclasses import dataclass

READ = frozenset({"list", "read"})
OPERATE = READ | {"operate", "start", "stop", "restart"}
EDIT = OPERATE | {"create", "update", "delete", "linkToResource"}
ADMINISTER = EDIT | {"assign"}

# Actions that end in a writing verb but decide who may do what: for Administrators alone.
ACCESS_ACTIONS = frozenset(
    {
        "iam-access-management.policy.create",
        "iam-access-management.policy.update",
        "iam-access-management.policy.delete",
    }
)


@dataclass(frozen=True)
class Role:
    crn: str
    display_name: str
    description: str
    verbs: frozenset[str]

    def grants(self, action: str) -> bool:
        if action in ACCESS_ACTIONS:
            return "assign" in self.verbs
        return action.rpartition(".")[2] in self.verbs


def _platform(name: str, description: str, verbs: frozenset[str]) -> Role:
    return Role(f"crn:v1:bluemix:public:iam::::role:{name}", name, description, verbs)


def _service(name: str, description: str, verbs: frozenset[str]) -> Role:
    return Role(f"crn:v1:bluemix:public:iam::::serviceRole:{name}", name, description, verbs)


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

# Every action a control-plane operation asks for, by service: what ``GET /v2/roles`` lists.
ACTIONS: dict[str, tuple[str, ...]] = {
    "is": (
        "is.bare-metal-server.bare-metal-server.list",
        "is.bare-metal-server.bare-metal-server.read",
        "is.bare-metal-server.bare-metal-server.create",
        "is.bare-metal-server.bare-metal-server.update",
        "is.bare-metal-server.bare-metal-server.delete",
        "is.bare-metal-server.bare-metal-server.operate",
        "is.bare-metal-server.initialization.read",
        "is.bare-metal-server.disk.read",
        "is.bare-metal-server.network-interface.read",
        "is.bare-metal-server.bare-metal-server-profile.read",
        "is.image.image.read",
        "is.key.key.read",
        "is.operating-system.operating-system.read",
        "is.region.region.read",
        "is.subnet.subnet.read",
        "is.vpc.vpc.read",
    ),
    "iam-identity": (
        "iam-identity.profile.list",
        "iam-identity.profile.read",
        "iam-identity.profile.create",
        "iam-identity.profile.update",
        "iam-identity.profile.delete",
        "iam-identity.profile.linkToResource",
    ),
    "iam-access-management": (
        "iam-access-management.policy.read",
        "iam-access-management.policy.create",
        "iam-access-management.policy.update",
        "iam-access-management.policy.delete",
        "iam-access-management.role.read",
    ),
    "resource-controller": ("resource-controller.group.read",),
}


def grants(role_crn: str, action: str) -> bool:
    """Whether the role of this CRN grants the action. An unknown role grants nothing."""
    role = ROLES.get(role_crn)
    return role is not None and role.grants(action)


def display_name(role_crn: str) -> str:
    role = ROLES.get(role_crn)
    return role.display_name if role else role_crn.rpartition(":")[2]


def least_role(action: str) -> str:
    """Display name of the smallest platform role that grants the action."""
    return next((role.display_name for role in SYSTEM_ROLES if role.grants(action)), "Administrator")


def granted_actions(role: Role, service_name: str = "") -> list[str]:
    """What the role grants on a service; on all of them when none is named."""
    services = [service_name] if service_name else list(ACTIONS)
    return [action for service in services for action in ACTIONS.get(service, ()) if role.grants(action)]
