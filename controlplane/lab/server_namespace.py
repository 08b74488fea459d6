"""One server in the lab: its processes, its veth pair and its listening sockets."""

import json
import os
import select
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from controlplane.lab import state, veth
from controlplane.lab.host_names import CONTROL_PLANE_ADDRESS
from controlplane.lab.lab_servers import LabServer
from identity.inside.caller_address import SERVICE_ADDRESS

HTTP, HTTPS = 80, 443
# Responses of the metadata service cannot leave the server (like response_hop_limit 1 of virtual servers).
LISTENING = ((SERVICE_ADDRESS, HTTP, 1), (SERVICE_ADDRESS, HTTPS, 1), (CONTROL_PLANE_ADDRESS, HTTPS, 0))
START_SECONDS = 20
PROGRAM = [sys.executable, "-S", "-E", "-m"]
LAUNCHER = "controlplane.lab.launcher"
UPDATE_FILES = "controlplane.lab.update_files"


class NamespaceError(Exception):
    """The message says why the server could not be added to the lab."""


@dataclass(frozen=True)
class HostConfig:
    """What is the same for all servers of this machine."""

    user_namespace: bool
    """Whether each server has its own user namespace."""
    hidden: tuple[str, ...]
    java_homes: tuple[str, ...]
    trust: dict[str, str]
    """The files of the trust store. They change when a root CA is added or removed."""


class ServerNamespace:
    """The namespaces of one server. The constructor takes a fraction of a second. Raises NamespaceError."""

    def __init__(self, server: LabServer, host_config: HostConfig) -> None:
        self.server = server
        self.host_config = host_config
        self.outer, self.inner, self.sockets = _launch(server, host_config)
        try:
            self.started, self.alive = state.started(self.inner), os.pidfd_open(self.inner)
        except ProcessLookupError:
            _end(self.outer, self.sockets)
            raise NamespaceError(f"The namespaces of {server.name}: its first process ended") from None
        try:
            veth.run(self.outer.pid, veth.host_side(server, self.inner))
            veth.run(self.inner, veth.server_side(server))
            self._set_metadata_route(server)
        except (veth.VethError, subprocess.SubprocessError) as error:
            self.close()
            raise NamespaceError(f"The network of {server.name}: {error}") from None

    @property
    def is_alive(self) -> bool:
        return not select.select([self.alive], [], [], 0)[0]

    def update(self, server: LabServer, host_config: HostConfig) -> bool:
        """Apply changes of the server or the host. Returns False when they need new namespaces."""
        if (server.address, server.mac) != (self.server.address, self.server.mac):
            return False
        if server.metadata_reachable != self.server.metadata_reachable:
            self._set_metadata_route(server)
        before = self.server.name, self.server.files, self.host_config.trust
        self.server, self.host_config = server, host_config
        if before != (server.name, server.files, host_config.trust):
            self._update_files()
        return True

    def close(self) -> None:
        """End every process in the server; the kernel then removes its namespaces."""
        _end(self.outer, self.sockets)
        select.select([self.alive], [], [], START_SECONDS)
        os.close(self.alive)

    def _set_metadata_route(self, server: LabServer) -> None:
        host_commands, server_commands = veth.metadata_route(server, metadata_reachable=server.metadata_reachable)
        veth.run(self.outer.pid, host_commands, ignore_errors=True)
        veth.run(self.inner, server_commands, ignore_errors=True)

    def _update_files(self) -> None:
        changes = {
            "user_namespace": self.host_config.user_namespace,
            "hostname": self.server.name,
            "files": dict(self.server.files),
            "trust": self.host_config.trust,
        }
        subprocess.run(  # noqa: S603
            [*PROGRAM, UPDATE_FILES, str(self.inner)],
            input=json.dumps(changes),
            text=True,
            env={"PATH": os.defpath},
            cwd=settings.BASE_DIR,
            timeout=START_SECONDS,
            check=False,
        )


def _end(outer: subprocess.Popen[bytes], sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()
    outer.kill()
    outer.wait()


def _launch(server: LabServer, host_config: HostConfig) -> tuple[subprocess.Popen[bytes], int, list[socket.socket]]:
    """Return the outer process, the id of the inner one, and the listening sockets in the order of LISTENING."""
    parent, child = socket.socketpair()
    with parent, child:
        outer = subprocess.Popen(  # noqa: S603
            [*PROGRAM, LAUNCHER, str(child.fileno())],
            stdin=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            cwd=settings.BASE_DIR,
            pass_fds=[child.fileno()],
            start_new_session=True,
        )
        child.close()
        parent.settimeout(START_SECONDS)
        try:
            parent.sendall(json.dumps(_plan(server, host_config)).encode() + b"\n")
            message, descriptors, _, _ = socket.recv_fds(parent, 65_536, len(LISTENING))
        except OSError as error:
            message, descriptors = json.dumps({"error": str(error)}).encode(), []
    report: dict[str, Any] = json.loads(message or b'{"error": "its launcher ended"}')
    if "error" in report:
        _end(outer, [])
        raise NamespaceError(f"The namespaces of {server.name}: {report['error']}")
    return outer, report["inner"], [socket.socket(fileno=each) for each in descriptors]


def _plan(server: LabServer, host_config: HostConfig) -> dict[str, Any]:
    return {
        "hostname": server.name,
        "user_namespace": host_config.user_namespace,
        "listening": LISTENING,
        "filesystem": {
            "hidden": host_config.hidden,
            "trust": host_config.trust,
            "java_homes": host_config.java_homes,
            "files": dict(server.files),
        },
    }
