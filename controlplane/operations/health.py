"""How the parts of this deployment are, asked for people who look at it: a few seconds old at most."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from controlplane.celery import app
from controlplane.operations import broker
from servers.models import BareMetalServer

FRESH_SECONDS = 5.0
ASK_SECONDS = 0.5
LATE = timedelta(seconds=30)
"""By how much a step may be overdue before somebody should look."""


@dataclass(frozen=True)
class Part:
    name: str
    well: bool
    note: str


def parts(*, now: datetime) -> list[Part]:
    """Database, broker, worker and beat; whoever asks again at once gets the same answer."""
    return _kept.get(lambda: [_database(), *_messaging(), _beat(now)])


class _Kept:
    """The last answer, for FRESH_SECONDS: many pages that are looked at ask no more often than one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answer: list[Part] = []
        self._asked_at = float("-inf")

    def get(self, ask: Callable[[], list[Part]]) -> list[Part]:
        with self._lock:
            if time.monotonic() - self._asked_at >= FRESH_SECONDS:
                self._answer, self._asked_at = ask(), time.monotonic()
            return self._answer

    def forget(self) -> None:
        self._asked_at = float("-inf")


_kept = _Kept()


def forget() -> None:
    """Ask anew the next time."""
    _kept.forget()


def _database() -> Part:
    kind = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    try:
        BareMetalServer.objects.exists()
    except DatabaseError:
        return Part("Database", False, f"{kind} does not answer. Check DATABASE_URL.")
    return Part("Database", True, f"{kind} answers.")


def _messaging() -> list[Part]:
    if not broker.answers(seconds=ASK_SECONDS):
        return [
            Part("Broker", False, "It does not answer. Check REDIS_URL."),
            Part("Worker", False, "Nobody can ask it while the broker is away."),
        ]
    return [Part("Broker", True, "It answers."), _worker()]


def _worker() -> Part:
    try:
        answers = app.control.ping(timeout=ASK_SECONDS, limit=1)
    except (OperationalError, redis.RedisError, OSError):
        answers = []
    if not answers:
        return Part("Worker", False, "None answers. What is due waits until one does.")
    return Part("Worker", True, f"{next(iter(answers[0]))} answers.")


def _beat(now: datetime) -> Part:
    """Told by its fruits: what is due is a column, and the tick takes whatever is overdue."""
    overdue = BareMetalServer.objects.filter(transition_due_at__lt=now - LATE).count()
    if overdue:
        return Part("Beat", False, f"{overdue} steps are overdue by more than {LATE.seconds} s: no tick takes them.")
    return Part("Beat", True, f"Nothing is overdue; a tick comes every {settings.BAREMINT_TICK_SECONDS:g} s.")
