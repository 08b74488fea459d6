"""The actions of an operator on a server: start, stop, restart, delete, change, update the firmware."""

from django.conf import settings
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, ServerStatusConflict, Target
from servers import catalog, quotas
from servers.events import EVENTS, SERVER, record_change
from servers.models import BareMetalServer
from servers.services import transitions
from servers.services.metadata_service import apply_switches, refuse_deleting, switch_metadata_service, switches
from servers.services.naming import save_named
from servers.services.provisioning import profile_problems
from servers.services.reservation_affinity import ReservationAffinity, attach, detach, place_again, servers_in_quota
from servers.services.row_locks import lock_row

STATUSES = {"delete": 202}


@transaction.atomic
def act(server: BareMetalServer, *, action: str, by: Party) -> BareMetalServer:
    """Carry out ``start``, ``stop``, ``restart`` or ``delete``. Raises Conflict when the server's status forbids it."""
    server = lock_row(server)
    transitions.begin(server, action)
    record_change(EVENTS[action], server, by=by, status=STATUSES.get(action, 204))
    return server


@transaction.atomic
def update_firmware(server: BareMetalServer, *, auto_start: bool = True) -> BareMetalServer:
    """Install the pending firmware update, and start the server afterwards if that is requested.

    The event is recorded when the update is complete. Raises Conflict unless the server is stopped and an update is
    pending.
    """
    server = lock_row(server)
    transitions.begin(server, "update_and_start" if auto_start else "update_firmware")
    if server.firmware_update == "none":
        raise Conflict("The server's firmware is up to date: firmware.update is none.")
    return server


@transaction.atomic
def update_server(
    server: BareMetalServer,
    *,
    name: str | None = None,
    bandwidth: int | None = None,
    enable_secure_boot: bool | None = None,
    tpm_mode: str | None = None,
    reservation_affinity: ReservationAffinity | None = None,
    metadata_enabled: bool | None = None,
    metadata_protocol: str | None = None,
    by: Party,
) -> BareMetalServer:
    """Change the given properties of a server, all or none of them, with one event.

    Properties that are not given keep their values. Raises InvalidValue, NotUnique, Conflict for what only a stopped
    server may change, Refusals for the pool of reservations, OverQuota for a server that leaves a reservation and
    counts against the quota from then on.
    """
    if (name, bandwidth, enable_secure_boot, tpm_mode, reservation_affinity) == (None,) * 5:
        return switch_metadata_service(server, enabled=metadata_enabled, protocol=metadata_protocol, by=by)
    if reservation_affinity:
        lock_row(server.account)
    server = lock_row(server)
    refuse_deleting(server)
    profile = catalog.profiles()[server.profile]
    if problem := next(profile_problems(profile, bandwidth=bandwidth, tpm_mode=tpm_mode), None):
        raise problem
    if (enable_secure_boot, tpm_mode) != (None, None) and server.status != BareMetalServer.Status.STOPPED:
        raise ServerStatusConflict(
            "enable_secure_boot and trusted_platform_module change only while the server is stopped; "
            f"it is {server.status}."
        )
    columns = {
        "name": name,
        "bandwidth": bandwidth,
        "enable_secure_boot": enable_secure_boot,
        "tpm_mode": tpm_mode,
    }
    for attribute, value in columns.items():
        if value is not None:
            setattr(server, attribute, value)
    apply_switches(server, enabled=metadata_enabled, protocol=metadata_protocol)
    previous = server.reservation
    placement = place_again(server, reservation_affinity) if reservation_affinity else None
    if placement:
        placement.apply(server)
    count = servers_in_quota(server.account_id) if placement else 0
    server.revision += 1
    save_named(server)
    if placement and (more := servers_in_quota(server.account_id) - count) > 0:
        at = Target("reservation_affinity.policy")
        quotas.require_room("bare_metal_servers", taken=count, more=more, quotas=settings.BAREMINT_QUOTAS, target=at)
    switched = (metadata_enabled, metadata_protocol) != (None, None)
    record_change(f"{SERVER}.update", server, by=by, data=switches(server) if switched else None)
    if placement and previous != server.reservation:
        if previous:
            detach(server, previous, by=by)
        attach(server, by=by)
    return server
