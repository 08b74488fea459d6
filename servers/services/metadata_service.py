"""The switches of a server's metadata service: on or off, http or https."""

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotFound
from servers.models import BareMetalServer
from servers.services.events import UPDATE, record_server_event


@transaction.atomic
def switch_metadata_service(
    server: BareMetalServer, *, enabled: bool | None = None, protocol: str | None = None, by: Party
) -> BareMetalServer:
    """Switch what is given. Effective at once in every process; one event. Raises NotFound for a deleted server."""
    found = BareMetalServer.objects.select_for_update().filter(pk=server.pk).first()
    if found is None:
        raise NotFound("The bare metal server was deleted meanwhile.")
    server = found
    apply_switches(server, enabled=enabled, protocol=protocol)
    server.revision += 1
    server.save(update_fields=["metadata_enabled", "metadata_protocol", "metadata_epoch", "revision"])
    record_server_event(UPDATE, server, by=by, data=switches(server))
    return server


def switches(server: BareMetalServer) -> dict[str, object]:
    """What an event says of the switches."""
    return {"metadata_service": {"enabled": server.metadata_enabled, "protocol": server.metadata_protocol}}


def apply_switches(server: BareMetalServer, *, enabled: bool | None, protocol: str | None) -> None:
    """Set the switches on a row. Switching off begins a new epoch: identity tokens from before stay dead."""
    if enabled is False and server.metadata_enabled:
        server.metadata_epoch += 1
    if enabled is not None:
        server.metadata_enabled = enabled
    if protocol is not None:
        server.metadata_protocol = protocol
