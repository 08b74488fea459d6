"""Activity events of the VPC API (IBM Cloud Activity Tracker, VPC events): their names, and how they are recorded."""

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM, Party, compose, record
from controlplane.kernel.errors import ApiError
from servers.lifecycle import Step
from servers.models import BareMetalServer
from servers.models.base import RegionalResource

CREATE = "is.bare-metal-server.bare-metal-server.create"
READ = "is.bare-metal-server.bare-metal-server.read"
UPDATE = "is.bare-metal-server.bare-metal-server.update"
DELETE = "is.bare-metal-server.bare-metal-server.delete"
START = "is.bare-metal-server.bare-metal-server.start"
STOP = "is.bare-metal-server.bare-metal-server.stop"
RESTART = "is.bare-metal-server.bare-metal-server.restart"
REINITIALIZE = "is.bare-metal-server.initialization.update"
UPDATE_FIRMWARE = "is.bare-metal-server.bare-metal-server-firmware.update"
CREATE_CONSOLE_TOKEN = "is.bare-metal-server.console-access-token.create"  # noqa: S105  an event's name
DISK_UPDATE = "is.bare-metal-server.disk.update"
INTERFACE_CREATE = "is.bare-metal-server.network-interface.create"
INTERFACE_UPDATE = "is.bare-metal-server.network-interface.update"
INTERFACE_DELETE = "is.bare-metal-server.network-interface.delete"
ATTACHMENT_READ = "is.bare-metal-server.network-attachment.read"
ATTACHMENT_CREATE = "is.bare-metal-server.network-attachment.create"
ATTACHMENT_UPDATE = "is.bare-metal-server.network-attachment.update"
ATTACHMENT_DELETE = "is.bare-metal-server.network-attachment.delete"
CAPACITY_READ = "is.bare-metal-server.bare-metal-server-capacity.read"
INITIALIZATION_READ = "is.bare-metal-server.initialization.read"
DISK_READ = "is.bare-metal-server.disk.read"
INTERFACE_READ = "is.bare-metal-server.network-interface.read"
PROFILE_READ = "is.bare-metal-server.bare-metal-server-profile.read"
ACCOUNT_READ = "baremint.account.read"
ACCOUNT_UPDATE = "baremint.account.update"

# How the names of the events of a kind begin; the verb follows.
ADDRESS_PREFIX = "is.vpc.address-prefix"
DNS_RESOLUTION_BINDING = "is.vpc.dns-resolution-binding"
FLOATING_IP = "is.floating-ip.floating-ip"
IMAGE = "is.image.image"
IMAGE_EXPORT_JOB = "is.image.image-export-job"
INTERFACE_FLOATING_IP = "is.bare-metal-server.network-interface-floating-ip"
KEY = "is.key.key"
NETWORK_ACL = "is.network-acl.network-acl"
OPERATING_SYSTEM = "is.operating-system.operating-system"
PUBLIC_GATEWAY = "is.public-gateway.public-gateway"
REGION = "is.region.region"
RESERVATION = "is.reservation.reservation"
RESERVED_IP = "is.subnet.reserved-ip"
ROUTE = "is.vpc.routing-table_route"
ROUTING_TABLE = "is.vpc.routing-table"
SECURITY_GROUP = "is.security-group.security-group"
SUBNET = "is.subnet.subnet"
SUBNET_NETWORK_ACL = "is.subnet.network-acl"
SUBNET_PUBLIC_GATEWAY = "is.subnet.public-gateway"
SUBNET_ROUTING_TABLE = "is.subnet.routing-table"
VIRTUAL_INTERFACE = "is.virtual-network-interface.virtual-network-interface"
VPC = "is.vpc.vpc"
ZONE = "is.region.zone"


def record_server_event(
    event: str, server: BareMetalServer, *, by: Party, status: int = 200, data: dict[str, object] | None = None
) -> None:
    """One event with the server as its target."""
    server_event(event, server, by=by, status=status, data=data).save(force_insert=True)


def server_event(
    event: str, server: BareMetalServer, *, by: Party, status: int = 200, data: dict[str, object] | None = None
) -> ActivityEvent:
    """The same, not written yet."""
    target = Party(server.crn, server.name, "BareMetalServer")
    return compose(event, initiator=by, target=target, account_id=server.account_id, status=status, data=data)


EVENTS = {
    "create": CREATE,
    "start": START,
    "stop": STOP,
    "restart": RESTART,
    "reinitialize": REINITIALIZE,
    "update_firmware": UPDATE_FIRMWARE,
    "update_and_start": UPDATE_FIRMWARE,
    "delete": DELETE,
}


def record_end(server: BareMetalServer, action: str, step: Step) -> None:
    """What a person should hear of when a transition is over: a failure, and new firmware (IBM: recorded when done)."""
    target = Party(server.crn, server.name, "BareMetalServer")
    if step.reason:
        code, message = step.reason
        failure = ApiError(message, code=code)
        record(EVENTS[action], initiator=SYSTEM, target=target, account_id=server.account_id, error=failure)
    elif EVENTS[action] == UPDATE_FIRMWARE:
        record(UPDATE_FIRMWARE, initiator=SYSTEM, target=target, account_id=server.account_id, status=204)


def record_change(event: str, resource: RegionalResource, *, by: Party, status: int = 200) -> None:
    """One event with any other resource as its target; ``is.key.key.create`` has a target of type Key."""
    kind = "".join(word.capitalize() for word in event.split(".")[1].split("-"))
    target = Party(resource.crn, resource.name, kind)
    record(event, initiator=by, target=target, account_id=resource.account_id, status=status)
