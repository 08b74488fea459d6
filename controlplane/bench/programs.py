"""The programs whose start is measured: this Baremint, another one, or any server that listens on a port."""

import http.client
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controlplane.bench import children, process_tree, product
from controlplane.bench.children import Failed
from controlplane.bench.requests import send_each
from controlplane.deployment import command_line
from controlplane.deployment.home import Home
from controlplane.runtime.supervisor.process_control import die_with

EMPTY, EXISTING, DOWN, START = "up --detach, no data", "up --detach, existing data", "down", "first answer"
NAME = re.compile(r"[\w-]+")
READY_SECONDS = 120.0
END_SECONDS = 10.0
REST_SECONDS = 3.0
"""Time between a start and the measurement of memory."""


@dataclass(frozen=True)
class Span:
    wall: float
    cpu: float
    """Time and CPU time of all processes of the program."""


@dataclass(frozen=True)
class Round:
    """One start and one stop of each kind, and the processes in between."""

    spans: list[tuple[str, Span]]
    processes: list[process_tree.Process]
    """At rest."""
    loaded: list[tuple[int, int]] = field(default_factory=list)
    """Requests of each kind that were answered by then, and the memory of all processes in bytes."""

    @property
    def memory(self) -> int:
        return process_tree.memory(self.processes)


@dataclass
class Baremint:
    """A Baremint by its command. A start with existing data uses a copy of the data of its first round."""

    name: str
    command: list[str]

    def measure(self, folder: Path, requests: Sequence[int]) -> Round:
        """Measure a round. Memory is measured again after each number of requests in ``requests``."""
        spans: list[tuple[str, Span]] = []
        memory_by_count: list[tuple[int, int]] = []
        data, home = folder / f"{self.name}-data", Home(folder / "home")
        with self._up_and_down(home, EMPTY, spans):
            pass
        if not data.exists():
            shutil.copytree(home.path, data, ignore=shutil.ignore_patterns("*.sock", "*.lock", "*.log"))
        shutil.rmtree(home.path)
        shutil.copytree(data, home.path)
        with self._up_and_down(home, EXISTING, spans) as environment:
            time.sleep(REST_SECONDS)
            processes = process_tree.processes()
            for count in requests:
                previous = memory_by_count[-1][0] if memory_by_count else 0
                send_each(self._info(environment, folder), count=count - previous)
                memory_by_count.append((count, process_tree.memory(process_tree.processes())))
        shutil.rmtree(home.path)
        return Round(spans, processes, memory_by_count)

    def _info(self, environment: dict[str, str], folder: Path) -> dict[str, Any]:
        printed = children.run([*self.command, "info", "--json"], environment=environment, folder=folder)
        info: dict[str, Any] = json.loads(printed)
        return info

    @contextmanager
    def _up_and_down(self, home: Home, start: str, spans: list[tuple[str, Span]]) -> Iterator[dict[str, str]]:
        """Start it, yield its environment, and stop it."""
        environment, folder = product.environment_of(home), home.path.parent
        try:
            with _measured(start, spans):
                command = [*self.command, "up", "--detach", "--stop-with", str(os.getpid())]
                children.run(command, environment=environment, folder=folder)
            yield environment
            with _measured(DOWN, spans):
                children.run([*self.command, "down"], environment=environment, folder=folder)
                process_tree.await_end(END_SECONDS)
        finally:
            product.stop(home)
            process_tree.end_all()


@dataclass
class Server:
    """A program that answers HTTP requests on ``{port}`` once it is ready."""

    name: str
    command: str

    def measure(self, folder: Path, requests: Sequence[int]) -> Round:
        """Measure a round without requests, because it is not known which ones the server answers."""
        spans: list[tuple[str, Span]] = []
        port = product.free_ports(1)[0]
        command = [word.replace("{port}", str(port)) for word in shlex.split(self.command)]
        log = folder / f"{self.name}.log"
        try:
            with log.open("wb") as output, _measured(START, spans):
                process = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=folder,
                    start_new_session=True,
                    preexec_fn=die_with(os.getpid()),  # noqa: PLW1509  the benchmark has one thread
                )
                self._await(process, port, log)
            time.sleep(REST_SECONDS)
            return Round(spans, process_tree.processes())
        except OSError as error:
            raise Failed(f"{self.name}: {error}") from None
        finally:
            process_tree.end_all()

    def _await(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        give_up_at = time.monotonic() + READY_SECONDS
        while process.poll() is None and time.monotonic() < give_up_at:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
                connection.request("GET", "/")
                connection.getresponse()
                return
            time.sleep(0.01)
        raise Failed(f"{self.name} did not answer on port {port}:\n{log.read_text(errors='replace')[-2000:]}")


Program = Baremint | Server


def ours() -> Baremint:
    installed = Path(sys.prefix) / "bin" / "baremint"
    return Baremint(
        "baremint", [str(installed)] if installed.exists() else [sys.executable, str(command_line.ROOT / "manage.py")]
    )


def named(text: str) -> Program:
    """Parse ``NAME=COMMAND``. Raises ValueError."""
    name, _, command = text.partition("=")
    if not (NAME.fullmatch(name) and command):
        raise ValueError("it must be NAME=COMMAND")
    return Server(name, command) if "{port}" in command else Baremint(name, shlex.split(command))


@contextmanager
def _measured(what: str, spans: list[tuple[str, Span]]) -> Iterator[None]:
    cpu, wall = process_tree.cpu_seconds(), time.perf_counter()
    yield
    took = time.perf_counter() - wall
    spans.append((what, Span(took, process_tree.cpu_seconds() - cpu)))
