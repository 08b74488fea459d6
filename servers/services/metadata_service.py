"""The switches of the metadata service: on or off and http or https for one server, on or off for an account."""

from collections.abc import Callable, Sequence
from functools import partial

from django.db import transaction
from django.db.models import F

from controlplane.activity.record import Party, record, record_all
from controlplane.kernel.errors import ApiError, ServerStatusConflict
from servers.events import ACCOUNT, SERVER, compose_change, record_change
from servers.models import AccountSettings, BareMetalServer
from servers.services.row_locks import deleted, lock_row, lock_rows
from trustedprofiles.models import Account

AT_ONCE = 500


@transaction.atomic
def switch_metadata_service(
    server: BareMetalServer, *, enabled: bool | None = None, protocol: str | None = None, by: Party
) -> BareMetalServer:
    """Set the given switches, with immediate effect in every process and with one event.

    Raises NotFound for a deleted server, ServerStatusConflict for a server that is being deleted.
    """
    server = lock_row(server)
    refuse_deleting(server)
    apply_switches(server, enabled=enabled, protocol=protocol)
    server.revision += 1
    server.save(update_fields=["metadata_enabled", "metadata_protocol", "metadata_epoch", "revision"])
    record_change(f"{SERVER}.update", server, by=by, data=switches(server))
    return server


def switch_each(
    numbers: Sequence[int], *, enabled: bool | None = None, protocol: str | None = None, by: Party
) -> dict[int, ApiError]:
    """Set the given switches of many servers, and return the refusals by server number.

    A refused server does not prevent the others from being switched. One transaction covers AT_ONCE servers, with a
    constant number of queries.
    """
    return in_portions(numbers, partial(_switch_some, enabled=enabled, protocol=protocol, by=by))


def in_portions(numbers: Sequence[int], switch: Callable[[Sequence[int]], dict[int, ApiError]]) -> dict[int, ApiError]:
    """Call ``switch`` with at most AT_ONCE of the servers at a time, and return all refusals."""
    refusals: dict[int, ApiError] = {}
    for start in range(0, len(numbers), AT_ONCE):
        refusals |= switch(numbers[start : start + AT_ONCE])
    return refusals


@transaction.atomic
def _switch_some(
    numbers: Sequence[int], *, enabled: bool | None, protocol: str | None, by: Party
) -> dict[int, ApiError]:
    servers, refusals = hold_changeable(numbers)
    columns = {"metadata_enabled": enabled, "metadata_protocol": protocol}
    ending = [number for number, server in servers.items() if enabled is False and server.metadata_enabled]
    rows = BareMetalServer.objects
    rows.filter(pk__in=ending).update(metadata_epoch=F("metadata_epoch") + 1)
    changes = {column: value for column, value in columns.items() if value is not None}
    rows.filter(pk__in=servers).update(**changes, revision=F("revision") + 1)
    for server in servers.values():
        apply_switches(server, enabled=enabled, protocol=protocol)
    record_all(compose_change(f"{SERVER}.update", server, by=by, data=switches(server)) for server in servers.values())
    return refusals


def hold_changeable(numbers: Sequence[int]) -> tuple[dict[int, BareMetalServer], dict[int, ApiError]]:
    """Return the servers by number, locked until the transaction ends, and the refusals of the others."""
    rows = lock_rows(BareMetalServer, numbers)
    refusals: dict[int, ApiError] = {}
    for number in numbers:
        try:
            if number not in rows:
                raise deleted(BareMetalServer)
            refuse_deleting(rows[number])
        except ApiError as refusal:
            refusals[number] = refusal
    return {number: rows[number] for number in numbers if number not in refusals}, refusals


def refuse_deleting(server: BareMetalServer) -> None:
    if server.status == BareMetalServer.Status.DELETING:
        raise ServerStatusConflict("The server is being deleted and cannot be changed any more.")


def switches(server: BareMetalServer) -> dict[str, object]:
    """Return what an event contains about the switches."""
    return {"metadata_service": {"enabled": server.metadata_enabled, "protocol": server.metadata_protocol}}


def apply_switches(server: BareMetalServer, *, enabled: bool | None, protocol: str | None) -> None:
    """Set the switches on a row.

    Switching the service off begins a new epoch, so that earlier identity tokens stay invalid.
    """
    if enabled is False and server.metadata_enabled:
        server.metadata_epoch += 1
    if enabled is not None:
        server.metadata_enabled = enabled
    if protocol is not None:
        server.metadata_protocol = protocol


@transaction.atomic
def switch_account(account: Account, *, enabled: bool, by: Party) -> AccountSettings:
    """Turn the metadata service of an account off, or on again with the servers' own switches.

    The servers' own switches do not change. The effect is immediate in every process; turning the service off ends the
    identity tokens of every server, as switching off a single server does.
    """
    settings, _ = AccountSettings.objects.select_for_update().get_or_create(account=account)
    if settings.metadata_service != enabled:
        settings.metadata_service = enabled
        settings.save()
        servers = BareMetalServer.objects.filter(account=account)
        servers.update(revision=F("revision") + 1)
        if not enabled:
            servers.filter(metadata_enabled=True).update(metadata_epoch=F("metadata_epoch") + 1)
    target = Party(account.id, account.name, "Account")
    data: dict[str, object] = {"metadata_service": {"enabled": enabled}}
    record(f"{ACCOUNT}.update", initiator=by, target=target, account_id=account.id, data=data)
    return settings
