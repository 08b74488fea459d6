"""Changes of servers from the console: refused if the page was outdated, and confirmed if they end credentials."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from controlplane.console.access import SERVER, Person, server_party
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from controlplane.kernel.form_snapshot import require_as_shown
from controlplane.kernel.live_credentials import Alive
from identity.live_credentials import ended_by_deleting, ended_by_switching_off
from servers import events
from servers.form_snapshot import switches_shown
from servers.models import BareMetalServer
from servers.services import actions
from servers.services.metadata_service import switch_metadata_service

Act = Callable[[BareMetalServer, Person], object]
CHANGES: dict[str, tuple[str, str, str, Act]] = {
    "enable": ("Switched on", "update", f"{events.SERVER}.update", lambda s, p: _switch(s, p, enabled=True)),
    "disable": ("Switched off", "update", f"{events.SERVER}.update", lambda s, p: _switch(s, p, enabled=False)),
    "https": ("Secure access on", "update", f"{events.SERVER}.update", lambda s, p: _switch(s, p, protocol="https")),
    "http": ("Secure access off", "update", f"{events.SERVER}.update", lambda s, p: _switch(s, p, protocol="http")),
    "start": ("Starting", "operate", f"{events.SERVER}.start", lambda s, p: actions.act(s, action="start", by=p.by)),
    "stop": ("Stopping", "operate", f"{events.SERVER}.stop", lambda s, p: actions.act(s, action="stop", by=p.by)),
    "restart": (
        "Restarting",
        "operate",
        f"{events.SERVER}.restart",
        lambda s, p: actions.act(s, action="restart", by=p.by),
    ),
    "delete": ("Deleting", "delete", f"{events.SERVER}.delete", lambda s, p: actions.act(s, action="delete", by=p.by)),
}
"""By the value of the button: the participle for messages, the verb of the IAM action, the event, and the service."""
SETTLED_VALUES: dict[str, Mapping[str, object]] = {
    "enable": {"metadata_enabled": True},
    "disable": {"metadata_enabled": False},
    "https": {"metadata_protocol": "https"},
    "http": {"metadata_protocol": "http"},
}
"""The values that each change sets. If the server has them already, the button was pressed twice, and nothing
changes."""
Count = Callable[..., Alive]
ENDS: dict[str, Count] = {"disable": ended_by_switching_off, "delete": ended_by_deleting}
"""The changes that end credentials. A change of the protocol ends none."""


class ConfirmationRequired(Exception):
    """The change would end credentials and was not confirmed. Nothing was done."""

    def __init__(self, alive: Alive) -> None:
        super().__init__(f"It would end {alive}.")
        self.alive = alive


@dataclass(frozen=True)
class Outcome:
    done: list[str]
    """A sentence for each server."""
    refused: list[tuple[BareMetalServer, ApiError]]
    credentials: Alive


def _switch(server: BareMetalServer, person: Person, **switches: Any) -> BareMetalServer:
    return switch_metadata_service(server, by=person.by, **switches)


@transaction.atomic
def change(
    person: Person, servers: Sequence[BareMetalServer], action: str, *, marks: Sequence[str], confirmed: bool
) -> Outcome:
    """Make one change to servers, as the REST API does it. If one server is refused, the others are changed
    nevertheless.

    ``marks`` are those of the page. Raises ShownChanged when the page was outdated, and ConfirmationRequired, unless
    ``confirmed``, when the change would end tokens or certificates, and always for deletion. Then nothing was done.
    """
    verb, now = CHANGES[action][1], clock.now()
    verdicts = person.may_each(f"{SERVER}.{verb}", [server.policy_attributes for server in servers])
    permitted_ids = [server.pk for server, verdict in zip(servers, verdicts, strict=True) if verdict]
    rows = BareMetalServer.objects.select_for_update(no_key=True).filter(pk__in=permitted_ids).order_by("pk")
    require_as_shown([switches_shown(row) for row in rows if not _is_settled(row, action)], marks)
    before = _ends(action, BareMetalServer.objects.filter(pk__in=permitted_ids), now=now)
    if permitted_ids and not confirmed and (before or action == "delete"):
        raise ConfirmationRequired(before)
    sentences, refusals = [], []
    for server in servers:
        try:
            sentences.append(_act(person, server, action))
        except ApiError as error:
            refusals.append((server, error))
    remaining = _ends(action, BareMetalServer.objects.filter(pk__in=permitted_ids), now=now) if before else before
    return Outcome(sentences, refusals, before - remaining)


def _is_settled(server: BareMetalServer, action: str) -> bool:
    values = SETTLED_VALUES.get(action, {})
    return bool(values) and all(getattr(server, name) == value for name, value in values.items())


def _ends(action: str, servers: QuerySet[BareMetalServer], *, now: datetime) -> Alive:
    return ENDS[action](servers, now=now) if action in ENDS else Alive()


def _act(person: Person, server: BareMetalServer, action: str) -> str:
    participle, verb, event, act = CHANGES[action]
    with person.recording(event, server_party(server)), transaction.atomic():
        person.require(f"{SERVER}.{verb}", server.policy_attributes)
        act(server, person)
    return f"{participle}: {server.name}."


def sentence_about(credentials: Alive) -> str:
    """The sentence about ended credentials; empty when none ended."""
    return f" Ended: {credentials}." if credentials else ""
