"""One server in the lab: its processes, its cable, its listening sockets."""

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
from controlplane.lab.lab_servers import Member
from identity.inside.caller_address import SERVICE_ADDRESS

HTTP, HTTPS = 80, 443
# Answers of the metadata service get no further than the server itself (as response_hop_limit 1 of virtual servers).
LISTENING = ((SERVICE_ADDRESS, HTTP, 1), (SERVICE_ADDRESS, HTTPS, 1), (CONTROL_PLANE_ADDRESS, HTTPS, 0))
START_SECONDS = 20
PROGRAM = [sys.executable, "-S", "-E", "-m"]
LAUNCHER = "controlplane.lab.launcher"
DRESSING = "controlplane.lab.update_files"


class CannotPlace(Exception):
    """Why a server could not be put into the lab."""


@dataclass(frozen=True)
class Ground:
    """What is the same for all servers."""

    user_namespace: bool
    """Whether each server gets one of its own."""
    hidden: tuple[str, ...]
    java_homes: tuple[str, ...]
    trust: dict[str, str]
    """Changes when a root CA comes or goes."""


class Place:
    """Making one takes a fraction of a second. Raises CannotPlace."""

    def __init__(self, member: Member, ground: Ground) -> None:
        self.member = member
        self.ground = ground
        self.outer, self.inner, self.sockets = _launch(member, ground)
        try:
            self.started, self.alive = state.started(self.inner), os.pidfd_open(self.inner)
        except ProcessLookupError:
            _end(self.outer, self.sockets)
            raise CannotPlace(f"The namespaces of {member.name}: its first process ended") from None
        try:
            veth.run(self.outer.pid, veth.far_end(member, self.inner))
            veth.run(self.inner, veth.near_end(member))
            self._switch(member)
        except (veth.CannotWire, subprocess.SubprocessError) as error:
            self.close()
            raise CannotPlace(f"The network of {member.name}: {error}") from None

    @property
    def is_alive(self) -> bool:
        return not select.select([self.alive], [], [], 0)[0]

    def follow(self, member: Member, ground: Ground) -> bool:
        """Become as the member and the ground are now. False when that takes a new place."""
        if (member.address, member.mac) != (self.member.address, self.member.mac):
            return False
        if member.answers != self.member.answers:
            self._switch(member)
        worn = self.member.name, self.member.files, self.ground.trust
        self.member, self.ground = member, ground
        if worn != (member.name, member.files, ground.trust):
            self._dress()
        return True

    def close(self) -> None:
        """End every process in the server; the kernel takes the rest away."""
        _end(self.outer, self.sockets)
        select.select([self.alive], [], [], START_SECONDS)
        os.close(self.alive)

    def _switch(self, member: Member) -> None:
        far, near = veth.switch(member, answers=member.answers)
        veth.run(self.outer.pid, far, whatever_comes=True)
        veth.run(self.inner, near, whatever_comes=True)

    def _dress(self) -> None:
        dress = {
            "user_namespace": self.ground.user_namespace,
            "hostname": self.member.name,
            "files": dict(self.member.files),
            "trust": self.ground.trust,
        }
        subprocess.run(  # noqa: S603
            [*PROGRAM, DRESSING, str(self.inner)],
            input=json.dumps(dress),
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


def _launch(member: Member, ground: Ground) -> tuple[subprocess.Popen[bytes], int, list[socket.socket]]:
    """The outer process, the id of the inner one, the listening sockets in the order of LISTENING."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        outer = subprocess.Popen(  # noqa: S603
            [*PROGRAM, LAUNCHER, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            cwd=settings.BASE_DIR,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        ours.settimeout(START_SECONDS)
        try:
            ours.sendall(json.dumps(_plan(member, ground)).encode() + b"\n")
            message, descriptors, _, _ = socket.recv_fds(ours, 65_536, len(LISTENING))
        except OSError as error:
            message, descriptors = json.dumps({"error": str(error)}).encode(), []
    said: dict[str, Any] = json.loads(message or b'{"error": "its launcher ended"}')
    if "error" in said:
        _end(outer, [])
        raise CannotPlace(f"The namespaces of {member.name}: {said['error']}")
    return outer, said["inner"], [socket.socket(fileno=each) for each in descriptors]


def _plan(member: Member, ground: Ground) -> dict[str, Any]:
    return {
        "hostname": member.name,
        "user_namespace": ground.user_namespace,
        "listening": LISTENING,
        "filesystem": {
            "hidden": ground.hidden,
            "trust": ground.trust,
            "java_homes": ground.java_homes,
            "files": dict(member.files),
        },
    }
