"""A real Baremint: its own data directory, ports and processes, driven as a person would, by its command."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from controlplane.deployment import process_lock
from controlplane.deployment.home import Home
from controlplane.runtime.background_process import LOG
from tests import process_tree

ROOT = Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 90
LOG_LINES = 60
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
"""Before a command line: the kernel kills the process when the one that starts it ends, however it ends."""
NEVER_A_CLIENTS = (10_000, 32_768)
"""Linux takes the port of a client's connection from above these (ip_local_port_range)."""


def free_ports(count: int) -> list[int]:
    """Ports on which no process listens now, on any address, and that the kernel gives to no client in the meantime."""
    ports: list[int] = []
    with ExitStack() as stack:
        while len(ports) < count:
            port = random.randrange(*NEVER_A_CLIENTS)
            with suppress(OSError):
                stack.enter_context(socket.create_server(("", port)))
                ports.append(port)
    return ports


def clean_environment() -> dict[str, str]:
    """The environment without settings of the product, or of the unit tests, and no place to remember a start in."""
    ours = ("BAREMINT_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "XDG_STATE_HOME": "/proc/none",
    }


@dataclass
class Product:
    home: Path
    database_url: str = ""
    run_through: tuple[str, ...] = ()
    """A command line that runs another one, such as ``unshare --user``."""
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port, self.metadata_port, tls_port = free_ports(3)
        self.environment = {
            **clean_environment(),
            "BAREMINT_HOME": str(self.home),
            "BAREMINT_PORT": str(self.port),
            "BAREMINT_METADATA_PORT": str(self.metadata_port),
            "BAREMINT_METADATA_TLS_PORT": str(tls_port),
            "BAREMINT_PROVISION_SECONDS": "0.2",
            "BAREMINT_TICK_SECONDS": "1",
            **({"DATABASE_URL": self.database_url} if self.database_url else {}),
            **self.settings,
        }

    def command(self, *arguments: str) -> list[str]:
        return [*self.run_through, sys.executable, "-m", "controlplane", *arguments]

    def attempt(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run ``baremint ARGUMENTS`` with this product's environment and other settings, whatever comes of it."""
        return subprocess.run(
            self.command(*arguments),
            env={**self.environment, **settings},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def run(self, *arguments: str) -> str:
        """What ``baremint ARGUMENTS`` prints; it must succeed."""
        process = self.attempt(*arguments)
        if process.returncode:
            raise AssertionError(
                f"baremint {' '.join(arguments)}: {process.returncode}\n{process.stdout}\n{process.stderr}"
            )
        return process.stdout

    def start(self, *options: str) -> str:
        """It stops by itself when this process ends, however that happens."""
        try:
            return self.run("up", "--detach", "--stop-with", str(os.getpid()), *options)
        except AssertionError as error:
            log = (self.home / LOG).read_text().splitlines()
            error.add_note("\n".join(["The end of its log:", *log[-LOG_LINES:]]))
            raise

    def stop(self) -> str:
        return self.run("down")

    def read_info(self) -> dict[str, Any]:
        """``baremint info --json``, asked now."""
        info: dict[str, Any] = json.loads(self.run("info", "--json"))
        return info

    @cached_property
    def info(self) -> dict[str, Any]:
        """``baremint info --json``, asked once: addresses and credentials do not change."""
        return self.read_info()

    def server(self, name: str) -> dict[str, Any]:
        """The demo server of this name, as ``info`` describes it."""
        return next(server for server in self.info["servers"] if server["name"] == name)

    @property
    def supervisor(self) -> int | None:
        """Process id of the supervisor while it runs."""
        return process_lock.holder(Home(self.home))

    def processes(self) -> list[int]:
        """Every living process of this product, regardless of what started it."""
        mark = f"BAREMINT_HOME={self.home}".encode()
        pids = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                try:
                    environment = (folder / "environ").read_bytes()
                except OSError:
                    continue
                if mark in environment.split(b"\0"):
                    pids.append(int(folder.name))
        return pids

    def named(self, name: str) -> list[int]:
        """The processes of a service, such as ``metadata`` or ``worker``."""
        return [pid for pid in self.processes() if process_tree.name(pid) == name]

    def end(self) -> None:
        """Stopped, and if that fails killed."""
        if self.supervisor:
            self.attempt("down")
        self.kill_everything()

    def kill_everything(self) -> None:
        """``kill -9`` of every process, the supervisor's and all others, at once."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        assert self.is_gone()

    def is_gone(self, seconds: float = 5) -> bool:
        """Whether no process is left, now or within a moment."""
        give_up_at = time.monotonic() + seconds
        while self.processes():
            if time.monotonic() > give_up_at:
                return False
            time.sleep(0.05)
        return True
