"""Recording what happens to a server (IBM Cloud Activity Tracker, VPC events)."""

from controlplane.activity.record import Party, record
from servers.models import BareMetalServer

CREATE = "is.bare-metal-server.bare-metal-server.create"
READ = "is.bare-metal-server.bare-metal-server.read"
UPDATE = "is.bare-metal-server.bare-metal-server.update"
DELETE = "is.bare-metal-server.bare-metal-server.delete"
START = "is.bare-metal-server.bare-metal-server.start"
STOP = "is.bare-metal-server.bare-metal-server.stop"
RESTART = "is.bare-metal-server.bare-metal-server.restart"
INITIALIZATION_READ = "is.bare-metal-server.initialization.read"
DISK_READ = "is.bare-metal-server.disk.read"
INTERFACE_READ = "is.bare-metal-server.network-interface.read"
PROFILE_READ = "is.bare-metal-server.bare-metal-server-profile.read"


def record_server_event(
    event: str, server: BareMetalServer, *, by: Party, status: int = 200, data: dict[str, object] | None = None
) -> None:
    """One event with the server as its target."""
    target = Party(server.crn, server.name, "BareMetalServer")
    record(event, initiator=by, target=target, account_id=server.account_id, status=status, data=data)
