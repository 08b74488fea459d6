"""Activity events of the VPC API (IBM Cloud Activity Tracker, VPC events): their names, and how they are recorded."""

from typing import Any

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM, Party, compose
from controlplane.kernel.errors import ApiError
from servers.lifecycle import Step
from servers.models import BareMetalServer, Image
from servers.models.base import RegionalResource, kind_of

# How the names of the events of a kind begin; the verb follows.
ACCOUNT = "baremint.account"
ADDRESS_PREFIX = "is.vpc.address-prefix"
ATTACHMENT = "is.bare-metal-server.network-attachment"
CAPACITY = "is.bare-metal-server.bare-metal-server-capacity"
CONSOLE_TOKEN = "is.bare-metal-server.console-access-token"  # noqa: S105  an event's name
DISK = "is.bare-metal-server.disk"
DNS_RESOLUTION_BINDING = "is.vpc.dns-resolution-binding"
FIRMWARE = "is.bare-metal-server.bare-metal-server-firmware"
FLOATING_IP = "is.floating-ip.floating-ip"
IMAGE = "is.image.image"
IMAGE_EXPORT_JOB = "is.image.image-export-job"
INITIALIZATION = "is.bare-metal-server.initialization"
INTERFACE = "is.bare-metal-server.network-interface"
INTERFACE_FLOATING_IP = "is.bare-metal-server.network-interface-floating-ip"
KEY = "is.key.key"
NETWORK_ACL = "is.network-acl.network-acl"
OPERATING_SYSTEM = "is.operating-system.operating-system"
PROFILE = "is.bare-metal-server.bare-metal-server-profile"
PUBLIC_GATEWAY = "is.public-gateway.public-gateway"
REGION = "is.region.region"
RESERVATION = "is.reservation.reservation"
RESERVED_IP = "is.subnet.reserved-ip"
ROUTE = "is.vpc.routing-table_route"
ROUTING_TABLE = "is.vpc.routing-table"
SECURITY_GROUP = "is.security-group.security-group"
SERVER = "is.bare-metal-server.bare-metal-server"
SUBNET = "is.subnet.subnet"
SUBNET_NETWORK_ACL = "is.subnet.network-acl"
SUBNET_PUBLIC_GATEWAY = "is.subnet.public-gateway"
SUBNET_ROUTING_TABLE = "is.subnet.routing-table"
VIRTUAL_INTERFACE = "is.virtual-network-interface.virtual-network-interface"
VPC = "is.vpc.vpc"
ZONE = "is.region.zone"


EVENTS = {
    "create": f"{SERVER}.create",
    "start": f"{SERVER}.start",
    "stop": f"{SERVER}.stop",
    "restart": f"{SERVER}.restart",
    "reinitialize": f"{INITIALIZATION}.update",
    "update_firmware": f"{FIRMWARE}.update",
    "update_and_start": f"{FIRMWARE}.update",
    "delete": f"{SERVER}.delete",
}


def record_end(server: BareMetalServer, action: str, step: Step) -> None:
    """Record the end of a transition if it is a failure or new firmware (IBM: recorded when done)."""
    if step.reason:
        code, message = step.reason
        record_change(EVENTS[action], server, by=SYSTEM, error=ApiError(message, code=code))
    elif EVENTS[action] == f"{FIRMWARE}.update":
        record_change(EVENTS[action], server, by=SYSTEM, status=204)


def record_change(
    event: str,
    resource: RegionalResource | Image,
    *,
    by: Party,
    status: int = 200,
    data: dict[str, Any] | None = None,
    error: ApiError | None = None,
) -> None:
    """Record one event with the resource as its target."""
    compose_change(event, resource, by=by, status=status, data=data, error=error).save(force_insert=True)


def compose_change(
    event: str,
    resource: RegionalResource | Image,
    *,
    by: Party,
    status: int = 200,
    data: dict[str, Any] | None = None,
    error: ApiError | None = None,
) -> ActivityEvent:
    """Return the event of ``record_change`` without saving it."""
    target = Party(resource.crn, resource.name, kind_of(resource.crn_type))
    account_id = resource.account_id or ""
    return compose(event, initiator=by, target=target, account_id=account_id, status=status, data=data, error=error)
