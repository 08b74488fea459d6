"""Roles and the actions they grant.

A platform role grants by the verb an action ends with: Viewer reads, Operator also operates, Editor also writes,
Administrator also assigns access (IBM's role definitions for VPC infrastructure). Service roles grant likewise.
"""

from dataclasses import dataclass

READ = frozenset({"list", "read"})
OPERATE = READ | {"operate", "start", "stop", "restart"}
EDIT = OPERATE | {"create", "update", "delete", "attach", "detach", "linkToResource"}
ADMINISTER = EDIT | {"assign", "administer", "console", "manage"}

# Actions that end in a writing verb but decide who may do what: for Administrators alone. Access tags are among them
# (IBM's table of required roles for attaching and detaching tags).
ACCESS_ACTIONS = frozenset(
    {
        "global-search-tagging.tag.create-access-tag",
        "global-search-tagging.tag.delete-access-tag",
        "global-search-tagging.tag.attach-access-tag",
        "global-search-tagging.tag.detach-access-tag",
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
        return verb_of(action) in self.verbs


def verb_of(action: str) -> str:
    """``read`` of ``is.key.key.read``, ``attach`` of ``global-search-tagging.tag.attach-user-tag``."""
    return action.rpartition(".")[2].partition("-")[0]


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
        "is.bare-metal-server.bare-metal-server.console",
        "is.bare-metal-server.bare-metal-server-capacity.read",
        "is.bare-metal-server.bare-metal-server-firmware.update",
        "is.bare-metal-server.bare-metal-server-profile.list",
        "is.bare-metal-server.bare-metal-server-profile.read",
        "is.bare-metal-server.account-settings.read",
        "is.bare-metal-server.account-settings.administer",
        "is.bare-metal-server.disk.read",
        "is.bare-metal-server.disk.update",
        "is.bare-metal-server.initialization.read",
        "is.bare-metal-server.initialization.update",
        "is.bare-metal-server.network-attachment.read",
        "is.bare-metal-server.network-attachment.create",
        "is.bare-metal-server.network-attachment.update",
        "is.bare-metal-server.network-attachment.delete",
        "is.bare-metal-server.network-interface.read",
        "is.bare-metal-server.network-interface.create",
        "is.bare-metal-server.network-interface.update",
        "is.bare-metal-server.network-interface.delete",
        "is.image.image.list",
        "is.image.image.read",
        "is.image.image.create",
        "is.image.image.update",
        "is.image.image.delete",
        "is.key.key.list",
        "is.key.key.read",
        "is.key.key.create",
        "is.key.key.update",
        "is.key.key.delete",
        "is.operating-system.operating-system.list",
        "is.operating-system.operating-system.read",
        "is.region.region.list",
        "is.region.region.read",
        "is.region.zone.list",
        "is.region.zone.read",
        "is.subnet.reserved-ip.list",
        "is.subnet.reserved-ip.read",
        "is.subnet.reserved-ip.create",
        "is.subnet.reserved-ip.update",
        "is.subnet.reserved-ip.delete",
        "is.subnet.subnet.list",
        "is.subnet.subnet.read",
        "is.subnet.subnet.create",
        "is.subnet.subnet.update",
        "is.subnet.subnet.delete",
        "is.vpc.address-prefix.list",
        "is.vpc.address-prefix.read",
        "is.vpc.address-prefix.create",
        "is.vpc.address-prefix.update",
        "is.vpc.address-prefix.delete",
        "is.vpc.routing-table.list",
        "is.vpc.routing-table.read",
        "is.vpc.routing-table.create",
        "is.vpc.routing-table.update",
        "is.vpc.routing-table.delete",
        "is.virtual-network-interface.virtual-network-interface.list",
        "is.virtual-network-interface.virtual-network-interface.read",
        "is.virtual-network-interface.virtual-network-interface.create",
        "is.virtual-network-interface.virtual-network-interface.update",
        "is.virtual-network-interface.virtual-network-interface.delete",
        "is.virtual-network-interface.virtual-network-interface.manage-ip-spoofing",
        "is.virtual-network-interface.virtual-network-interface.manage-infrastructure-nat",
        "is.floating-ip.floating-ip.list",
        "is.floating-ip.floating-ip.read",
        "is.floating-ip.floating-ip.create",
        "is.floating-ip.floating-ip.update",
        "is.floating-ip.floating-ip.delete",
        "is.network-acl.network-acl.list",
        "is.network-acl.network-acl.read",
        "is.network-acl.network-acl.create",
        "is.network-acl.network-acl.update",
        "is.network-acl.network-acl.delete",
        "is.security-group.security-group.list",
        "is.security-group.security-group.read",
        "is.security-group.security-group.create",
        "is.security-group.security-group.update",
        "is.security-group.security-group.delete",
        "is.vpc.vpc.list",
        "is.vpc.vpc.read",
        "is.vpc.vpc.create",
        "is.vpc.vpc.update",
        "is.vpc.vpc.delete",
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
    "resource-controller": (
        "resource-controller.group.read",
        "resource-controller.group.create",
        "resource-controller.group.update",
        "resource-controller.group.delete",
    ),
    "global-search-tagging": (
        "global-search-tagging.resource.read",
        "global-search-tagging.tag.read",
        "global-search-tagging.tag.create-access-tag",
        "global-search-tagging.tag.delete-user-tag",
        "global-search-tagging.tag.delete-access-tag",
        "global-search-tagging.tag.attach-user-tag",
        "global-search-tagging.tag.attach-access-tag",
        "global-search-tagging.tag.detach-user-tag",
        "global-search-tagging.tag.detach-access-tag",
    ),
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
