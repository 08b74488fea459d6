"""The process of the lab: keep one ``ServerNamespace`` for each server and answer the requests of its programs.

The process stays outside of the namespaces, in the network of the database and the control plane. The launcher creates
the listening sockets inside and passes them here. One thread creates and ends all namespaces, because the kernel's
death signal is bound to the thread that started a child.
"""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from controlplane.deployment import process_lock
from controlplane.deployment.env import ANY_ADDRESS
from controlplane.deployment.home import CA_BUNDLE
from controlplane.lab import host_names, lab_servers, state, trust_store
from controlplane.lab.api_relay import RelayedConnection
from controlplane.lab.capabilities import Capabilities
from controlplane.lab.server_namespace import HostConfig, NamespaceError, ServerNamespace
from controlplane.runtime.http.listener import Listener
from controlplane.runtime.http.service import Service
from controlplane.runtime.supervisor.stop_requests import StopRequests
from controlplane.runtime.tls.contexts import Contexts
from identity.inside.caller_address import ATTACHED, SERVICE_ADDRESS, SERVICE_NAME, Attached
from servers import catalog

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
RETRY_SECONDS = 5.0


@dataclass(frozen=True)
class RunningServer:
    """A server in the lab and the listeners that answer it."""

    namespace: ServerNamespace
    listeners: tuple[Listener, ...]


class LabProcess:
    """A context manager; leaving the block ends every server's namespaces."""

    def __init__(self, support: Capabilities, service: Service) -> None:
        self.support = support
        self._service = service
        self._contexts = Contexts()
        host = ANY_ADDRESS.get(settings.BAREMINT_HOST, settings.BAREMINT_HOST)
        self._control_plane = host, settings.BAREMINT_PORT
        self._running: dict[int, RunningServer] = {}
        self._troubles: dict[int, str] = {}
        self._fingerprint: object = None
        self._tried_at = 0.0
        self._host_config = HostConfig(
            user_namespace=support.user_namespace,
            hidden=tuple({str(settings.HOME.path), str(settings.VALKEY_SOCKET.parent)}),
            java_homes=tuple(trust_store.java_homes()),
            trust={},
        )

    def __enter__(self) -> "LabProcess":
        self._service.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        for number in list(self._running):
            self._remove(number)
        self._service.__exit__()
        state.forget(settings.HOME)

    def run(self, stop_requests: StopRequests, *, ready: Callable[[], object], tidy: Callable[[], object]) -> None:
        """Follow the database until StopRequested, or until the product that ran at the start has stopped."""
        product = process_lock.holder(settings.HOME)
        self._step()
        ready()
        while True:
            stop_requests.check()
            time.sleep(POLL_SECONDS)
            if product and process_lock.holder(settings.HOME) != product:
                log.info("the product has stopped; the lab stops too")
                return
            self._step()
            tidy()

    def _step(self) -> None:
        try:
            close_old_connections()
            roots = settings.HOME.read_secret(CA_BUNDLE) or ""
            fingerprint = lab_servers.fingerprint(), roots
            dead = [number for number, each in self._running.items() if not each.namespace.is_alive]
            retry = bool(self._troubles) and time.monotonic() - self._tried_at > RETRY_SECONDS
            if fingerprint != self._fingerprint or dead or retry:
                for number in dead:
                    self._remove(number)
                self._host_config = replace(self._host_config, trust=trust_store.files(roots.encode()))
                self._update_servers({server.number: server for server in lab_servers.listed_servers()})
                self._fingerprint = fingerprint
        except DatabaseError:
            log.exception("the lab cannot read the database and will retry")

    def _update_servers(self, servers: Mapping[int, lab_servers.LabServer]) -> None:
        self._tried_at = time.monotonic()
        self._troubles = {}
        for number in [number for number in self._running if number not in servers]:
            self._remove(number)
        for number, server in servers.items():
            if number in self._running and not self._running[number].namespace.update(server, self._host_config):
                self._remove(number)
            if number not in self._running:
                self._add(server)
        self._save()

    def _add(self, server: lab_servers.LabServer) -> None:
        try:
            namespace = ServerNamespace(server, self._host_config)
        except NamespaceError as error:
            self._troubles[server.number] = str(error)
            log.error("a server is not in the lab", server=server.name, reason=str(error))
            return
        attached = {ATTACHED: Attached(server.number, server.address)}
        http, https, control_plane = namespace.sockets
        listeners = (
            Listener(http, environ=lambda _: attached, share=lambda _: server.number),
            Listener(
                https,
                environ=lambda _: attached,
                share=lambda _: server.number,
                context=lambda _: self._contexts.get(names=(SERVICE_NAME,), addresses=(SERVICE_ADDRESS,)),
            ),
            Listener(
                control_plane,
                share=lambda _: server.number,
                context=lambda _: self._contexts.get(names=host_names.control_plane_hosts(catalog.regions())),
                protocol_factory=self._relay,
            ),
        )
        for listener in listeners:
            self._service.add_listener(listener)
        self._running[server.number] = RunningServer(namespace, listeners)
        log.info("a server is in the lab", server=server.name, address=server.address)

    def _remove(self, number: int) -> None:
        running = self._running.pop(number)
        for listener in running.listeners:
            self._service.remove_listener(listener)
        running.namespace.close()
        log.info("a server has left the lab", server=running.namespace.server.name)

    def _relay(self, service: Service, share: Hashable) -> RelayedConnection:
        return RelayedConnection(service.connections, share, to=self._control_plane)

    def _save(self) -> None:
        entries = []
        for each in self._running.values():
            server, inner = each.namespace.server, each.namespace.inner
            if each.namespace.is_alive:
                entries.append(
                    state.Entry(
                        number=server.number,
                        id=server.id,
                        crn=server.crn,
                        name=server.name,
                        address=server.address,
                        inner=inner,
                        started=each.namespace.started,
                    )
                )
        process = process_lock.holder(settings.HOME, state.LOCK)
        assert process is not None  # noqa: S101  it is this process
        state.save(
            settings.HOME,
            state.State(
                keeper=process,
                rootless=self.support.rootless,
                user_namespace=self.support.user_namespace,
                left_out=lab_servers.left_out(),
                troubles=list(self._troubles.values()),
                servers=sorted(entries, key=lambda entry: entry.number),
            ),
        )
