"""What is done to servers from the console: not over what somebody else did, and not before what it ends is known."""

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
ACTS: dict[str, tuple[str, str, str, Act]] = {
    "enable": ("Switched on", "update", events.UPDATE, lambda s, p: _switch(s, p, enabled=True)),
    "disable": ("Switched off", "update", events.UPDATE, lambda s, p: _switch(s, p, enabled=False)),
    "https": ("Secure access on", "update", events.UPDATE, lambda s, p: _switch(s, p, protocol="https")),
    "http": ("Secure access off", "update", events.UPDATE, lambda s, p: _switch(s, p, protocol="http")),
    "start": ("Starting", "operate", events.START, lambda s, p: actions.act(s, action="start", by=p.by)),
    "stop": ("Stopping", "operate", events.STOP, lambda s, p: actions.act(s, action="stop", by=p.by)),
    "restart": ("Restarting", "operate", events.RESTART, lambda s, p: actions.act(s, action="restart", by=p.by)),
    "delete": ("Deleting", "delete", events.DELETE, lambda s, p: actions.act(s, action="delete", by=p.by)),
}
"""By the value of its button: what is said when it is done, the verb of its IAM action, its event, the service."""
SETTLED: dict[str, Mapping[str, object]] = {
    "enable": {"metadata_enabled": True},
    "disable": {"metadata_enabled": False},
    "https": {"metadata_protocol": "https"},
    "http": {"metadata_protocol": "http"},
}
"""Where this holds already, nothing is changed, whatever the page showed: somebody pressed twice."""
Count = Callable[..., Alive]
ENDS: dict[str, Count] = {"disable": ended_by_switching_off, "delete": ended_by_deleting}
"""What ends credentials. Another protocol ends none: tokens and certificates know nothing of it."""


class WouldEnd(Exception):
    """What is asked for ends something, and nobody has said yes to that yet. Nothing was done."""

    def __init__(self, alive: Alive) -> None:
        super().__init__(f"It would end {alive}.")
        self.alive = alive


@dataclass(frozen=True)
class Outcome:
    done: list[str]
    """A sentence for each server."""
    refused: list[tuple[BareMetalServer, ApiError]]
    ended: Alive


def _switch(server: BareMetalServer, person: Person, **switches: Any) -> BareMetalServer:
    return switch_metadata_service(server, by=person.by, **switches)


@transaction.atomic
def change(
    person: Person, servers: Sequence[BareMetalServer], action: str, *, marks: Sequence[str], confirmed: bool
) -> Outcome:
    """Do one thing to servers, as the REST API does it: a refusal of one keeps no other from its turn.

    ``marks``: what the page showed of them. Raises ShownChanged when it is not so any more; WouldEnd, unless it is
    ``confirmed``, when tokens or certificates would die of it, and always for deleting. Then nothing was done.
    """
    verb, now = ACTS[action][1], clock.now()
    verdicts = person.may_each(f"{SERVER}.{verb}", [server.policy_attributes for server in servers])
    allowed = [server.pk for server, verdict in zip(servers, verdicts, strict=True) if verdict]
    held = BareMetalServer.objects.select_for_update(no_key=True).filter(pk__in=allowed).order_by("pk")
    require_as_shown([switches_shown(row) for row in held if not _is_settled(row, action)], marks)
    before = _ends(action, BareMetalServer.objects.filter(pk__in=allowed), now=now)
    if allowed and not confirmed and (before or action == "delete"):
        raise WouldEnd(before)
    done, refused = [], []
    for server in servers:
        try:
            done.append(_act(person, server, action))
        except ApiError as error:
            refused.append((server, error))
    left = _ends(action, BareMetalServer.objects.filter(pk__in=allowed), now=now) if before else before
    return Outcome(done, refused, before - left)


def _is_settled(server: BareMetalServer, action: str) -> bool:
    asked = SETTLED.get(action, {})
    return bool(asked) and all(getattr(server, name) == value for name, value in asked.items())


def _ends(action: str, servers: QuerySet[BareMetalServer], *, now: datetime) -> Alive:
    return ENDS[action](servers, now=now) if action in ENDS else Alive()


def _act(person: Person, server: BareMetalServer, action: str) -> str:
    said, verb, event, act = ACTS[action]
    with person.recording(event, server_party(server)), transaction.atomic():
        person.require(f"{SERVER}.{verb}", server.policy_attributes)
        act(server, person)
    return f"{said}: {server.name}."


def told_of(ended: Alive) -> str:
    """The sentence about what ended; empty when nothing did."""
    return f" Ended: {ended}." if ended else ""
