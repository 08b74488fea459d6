"""The lab's own process: as many places as there are servers, always, and what they call answered.

It stays outside of them, in the network where the database and the control plane are; their listening sockets were
made inside and handed over. One thread makes and ends places, for the kernel ties a child to the thread that made it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from controlplane.deployment import process_lock
from controlplane.deployment.env import ANY_ADDRESS
from controlplane.deployment.home import CA_BUNDLE
from controlplane.lab import host_names, lab_servers, state, trust_store
from controlplane.lab.api_relay import Relayed
from controlplane.lab.capabilities import Support
from controlplane.lab.server_namespace import CannotPlace, Ground, Place
from controlplane.runtime.http.listener import Door
from controlplane.runtime.http.service import Service
from controlplane.runtime.supervisor.stop_requests import StopRequests
from controlplane.runtime.tls.contexts import Contexts
from identity.inside.caller_address import ATTACHED, SERVICE_ADDRESS, SERVICE_NAME, Attached
from servers import catalog

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.25
TRY_AGAIN_AFTER = 5.0


@dataclass(frozen=True)
class Open:
    place: Place
    doors: tuple[Door, ...]


class Keeper:
    """To be used with ``with``: leaving the block ends every place."""

    def __init__(self, support: Support, service: Service) -> None:
        self.support = support
        self._service = service
        self._contexts = Contexts()
        host = ANY_ADDRESS.get(settings.BAREMINT_HOST, settings.BAREMINT_HOST)
        self._control_plane = host, settings.BAREMINT_PORT
        self._open: dict[int, Open] = {}
        self._troubles: dict[int, str] = {}
        self._seen: object = None
        self._tried_at = 0.0
        self._ground = Ground(
            user_namespace=support.user_namespace,
            hidden=tuple({str(settings.HOME.path), str(settings.VALKEY_SOCKET.parent)}),
            java_homes=tuple(trust_store.java_homes()),
            trust={},
        )

    def __enter__(self) -> "Keeper":
        self._service.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        for number in list(self._open):
            self._remove(number)
        self._service.__exit__()
        state.forget(settings.HOME)

    def keep(self, stop_requests: StopRequests, *, ready: Callable[[], object], tidy: Callable[[], object]) -> None:
        """Follow the database until StopRequested, or until the product that ran at the start is gone."""
        product = process_lock.holder(settings.HOME)
        self._step()
        ready()
        while True:
            stop_requests.check()
            time.sleep(LOOK_EVERY)
            if product and process_lock.holder(settings.HOME) != product:
                log.info("the product has stopped, and so does the lab")
                return
            self._step()
            tidy()

    def _step(self) -> None:
        try:
            close_old_connections()
            roots = settings.HOME.read_secret(CA_BUNDLE) or ""
            seen = lab_servers.fingerprint(), roots
            dead = [number for number, each in self._open.items() if not each.place.is_alive]
            again = bool(self._troubles) and time.monotonic() - self._tried_at > TRY_AGAIN_AFTER
            if seen != self._seen or dead or again:
                for number in dead:
                    self._remove(number)
                self._ground = replace(self._ground, trust=trust_store.files(roots.encode()))
                self._follow({member.number: member for member in lab_servers.members()})
                self._seen = seen
        except DatabaseError:
            log.exception("the lab cannot read the database; it tries again")

    def _follow(self, wanted: Mapping[int, lab_servers.Member]) -> None:
        self._tried_at = time.monotonic()
        self._troubles = {}
        for number in [number for number in self._open if number not in wanted]:
            self._remove(number)
        for number, member in wanted.items():
            if number in self._open and not self._open[number].place.follow(member, self._ground):
                self._remove(number)
            if number not in self._open:
                self._add(member)
        self._save()

    def _add(self, member: lab_servers.Member) -> None:
        try:
            place = Place(member, self._ground)
        except CannotPlace as error:
            self._troubles[member.number] = str(error)
            log.error("a server is not in the lab", server=member.name, reason=str(error))
            return
        attached = {ATTACHED: Attached(member.number, member.address)}
        http, https, control_plane = place.sockets
        doors = (
            Door(http, environ=lambda _: attached, share=lambda _: member.number),
            Door(
                https,
                environ=lambda _: attached,
                share=lambda _: member.number,
                context=lambda _: self._metadata_context(),
            ),
            Door(
                control_plane,
                share=lambda _: member.number,
                context=lambda _: self._control_plane_context(),
                instead=lambda service, share: Relayed(service.crowd, share, to=self._control_plane),
            ),
        )
        for door in doors:
            self._service.open(door)
        self._open[member.number] = Open(place, doors)
        log.info("a server is in the lab", server=member.name, address=member.address)

    def _remove(self, number: int) -> None:
        gone = self._open.pop(number)
        for door in gone.doors:
            self._service.shut(door)
        gone.place.close()
        log.info("a server has left the lab", server=gone.place.member.name)

    def _metadata_context(self) -> Any:
        return self._contexts.get(names=(SERVICE_NAME,), addresses=(SERVICE_ADDRESS,))

    def _control_plane_context(self) -> Any:
        return self._contexts.get(names=host_names.control_plane_hosts(catalog.regions()))

    def _save(self) -> None:
        entries = []
        for each in self._open.values():
            member, inner = each.place.member, each.place.inner
            if each.place.is_alive:
                entries.append(
                    state.Entry(
                        number=member.number,
                        id=member.id,
                        crn=member.crn,
                        name=member.name,
                        address=member.address,
                        inner=inner,
                        started=each.place.started,
                    )
                )
        keeper = process_lock.holder(settings.HOME, state.LOCK)
        assert keeper is not None  # noqa: S101  it is this process
        state.save(
            settings.HOME,
            state.State(
                keeper=keeper,
                rootless=self.support.rootless,
                user_namespace=self.support.user_namespace,
                left_out=lab_servers.left_out(),
                troubles=list(self._troubles.values()),
                servers=sorted(entries, key=lambda entry: entry.number),
            ),
        )
