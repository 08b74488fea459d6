"""The roles of each service: the platform roles, Reader, Writer and Manager where it has them, and its own roles.

Sources: IBM's table of roles and actions by service, and the role ids that the services' documentation names. A role of
one service may be called in two forms, with ``iam`` or with the name of the service in its CRN (VPC documentation).
"""

from collections.abc import Collection, Mapping
from typing import Literal

from controlplane.cloudservice.declaration import CloudService
from controlplane.cloudservice.registry import services
from trustedprofiles.actions import ACTIONS, IAM_SERVICES
from trustedprofiles.roles import SERVICE_ROLES, SYSTEM_ROLES, WITHOUT_SERVICE_ROLES, Role, crn
from trustedprofiles.unsimulated_actions import published_actions

ALL_SERVICES = "alliamserviceroles"
"""The name that IBM's Terraform provider sends for the roles of a policy without a service."""
SERVICE_GROUPS = {"IAM": IAM_SERVICES}
SERVER = "is.bare-metal-server.bare-metal-server"
INTERFACE = "is.virtual-network-interface.virtual-network-interface"

CONFIGURATION_READER = Role(
    crn("ConfigReader", kind="role"),
    "Service Configuration Reader",
    "Reads how services are configured, for governance.",
    "platform",
    actions=frozenset({"iam-identity.account.read"}),
)
PLATFORM_ROLES = (*SYSTEM_ROLES, CONFIGURATION_READER)
"""Roles that every service lists."""

Kind = Literal["platform", "service"]


def _own(id: str, name: str, description: str, *actions: str, kind: Kind = "service", service: str = "iam") -> Role:
    """Return a role of one service. ``service`` is the part of the CRN that lists show."""
    form: Literal["role", "serviceRole"] = "serviceRole" if kind == "service" else "role"
    return Role(crn(id, kind=form, service=service), name, description, kind, actions=frozenset(actions))


def _declared(service: CloudService) -> tuple[Role, ...]:
    return tuple(
        _own(each.id, each.name, each.description, *each.actions, service=service.name) for each in service.roles
    )


OWN_ROLES: Mapping[str, tuple[Role, ...]] = {
    "is": (
        _own(
            "BareMetalAdvancedNetworkOperator",
            "Bare Metal Advanced Network Operator",
            "Changes IP spoofing and infrastructure NAT on interfaces of bare metal servers.",
            f"{SERVER}.ip-spoofing",
            f"{SERVER}.infrastructure-nat",
            # Virtual network interfaces are connected only to bare metal servers here (D-51).
            f"{INTERFACE}.manage-ip-spoofing",
            f"{INTERFACE}.manage-infrastructure-nat",
        ),
        _own(
            "BareMetalConsoleAdmin",
            "Bare Metal Console Admin",
            "Opens the console of a bare metal server, together with Operator or more.",
            f"{SERVER}.console",
        ),
        _own(
            "IPSpoofingOperator",
            "IP Spoofing Operator",
            "Changes IP spoofing on virtual server instances.",
            "is.instance.instance.ip-spoofing",
        ),
        _own(
            "VirtualServerConsoleAdmin",
            "Console Administrator",
            "Opens the console of a virtual server instance, together with Operator or more.",
            "is.instance.instance.console",
        ),
        _own("VPNClient", "VPN Client", "Connects to a VPN server.", "is.vpn-server.vpn-server.connect"),
        _own(
            "DNSBindingConnector",
            "DNS Binding Connector",
            "Connects and disconnects DNS resolution bindings of VPCs.",
            "is.vpc.dns-resolution-binding.connect",
            "is.vpc.dns-resolution-binding.disconnect",
            "is.vpc.vpc.read",
            service="is",
        ),
    ),
    **{each.name: _declared(each) for each in services().values()},
    "iam-identity": (
        _own(
            "ServiceIdCreator",
            "Service ID creator",
            "Creates service IDs, also where the account restricts that.",
            "iam-identity.serviceid.create",
            service="iam-identity",
        ),
        _own(
            "UserApiKeyCreator",
            "User API key creator",
            "Creates API keys of its own, also where the account restricts that.",
            "iam-identity.user-apikey.create",
            service="iam-identity",
        ),
    ),
    "iam-groups": (
        _own(
            "MemberManage",
            "Groups Service Member Manage",
            "Lists access groups and adds members to them.",
            "iam-groups.groups.list",
            "iam-groups.members.add",
            service="iam-groups",
        ),
    ),
    "resource-controller": (
        _own(
            "KeyManager",
            "Key Manager",
            "Manages the credentials of service instances.",
            kind="platform",
            service="resource-controller",
        ),
    ),
    # Their names are IBM's; their ids are not published.
    "cloudantnosqldb": (_own("Monitor", "Monitor", "Watches the databases' activity.", service="cloudantnosqldb"),),
    "satellite": (
        _own(
            "SatelliteLinkAdministrator",
            "Satellite Link Administrator",
            "Manages endpoints and sources of Satellite Link.",
            service="satellite",
        ),
    ),
}
EVERY_OWN_ROLE = tuple(role for own in OWN_ROLES.values() for role in own)
EVERY_ROLE = (*PLATFORM_ROLES, *SERVICE_ROLES, *EVERY_OWN_ROLE)
"""The smallest role of each kind first."""


def _named() -> dict[str, Role]:
    current = {role.crn: role for role in EVERY_ROLE}
    forms = {
        crn(role.crn.rpartition(":")[2], kind="serviceRole", service=form): role
        for service, roles in OWN_ROLES.items()
        for role in roles
        if role.kind == "service"
        for form in ("iam", service)
    }
    return forms | current


ROLES: Mapping[str, Role] = _named()
"""The roles by every CRN that a policy may use for them."""


def own_roles(*, service: str = "", group: str = "") -> tuple[Role, ...]:
    """Return the roles that one service or a group of services lists besides the platform roles; without either, those
    of all.

    A service that is not simulated has Reader, Writer and Manager, as most services have.
    """
    if group:
        return tuple(role for each in sorted(SERVICE_GROUPS.get(group, ())) for role in OWN_ROLES.get(each, ()))
    if service in ("", ALL_SERVICES):
        return (*SERVICE_ROLES, *EVERY_OWN_ROLE)
    return (*(() if service in WITHOUT_SERVICE_ROLES else SERVICE_ROLES), *OWN_ROLES.get(service, ()))


def services_of(*, service: str = "", group: str = "") -> Collection[str]:
    """Return the services whose actions a list of roles shows; empty for every service."""
    if group:
        return SERVICE_GROUPS.get(group, (group,))
    return () if service in ("", ALL_SERVICES) else (service,)


def least_role(action: str) -> Role | None:
    """Return the smallest platform role that grants the action, else the smallest service role; None when no role
    does."""
    return next((role for role in EVERY_ROLE if role.grants(action)), None)


def naming_role(action: str) -> Role | None:
    """Return the role of a service that lists the action; None when no role does."""
    return next((role for role in EVERY_OWN_ROLE if action in role.actions), None)


def known_actions(service: str) -> frozenset[str]:
    """Return the actions of a simulated service: those of operations, and the others that IBM publishes.

    Empty for any other service.
    """
    actions = ACTIONS.get(service, ())
    return frozenset((*actions, *published_actions(service))) if actions else frozenset()
