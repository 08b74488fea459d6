"""Faults of every kind, one upon the other in any order, while clients ask: each answer still has its event.

Each kind comes once. SOAK_SECONDS, in the environment, has them come again and again for so long (``make soak``).
"""

import logging
import os
import random
import signal
import time
from collections.abc import Callable

import pytest
from django.db import connection

from tests.faults.whole import Loaded, Whole
from tests.live.operator import eventually

pytestmark = [pytest.mark.fault, pytest.mark.live]

log = logging.getLogger(__name__)

SECONDS = float(os.environ.get("SOAK_SECONDS", "0"))
RECOVERY = 10
STANDSTILL = 1.5
OTHER_BACKENDS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def one_of(whole: Whole, service: str) -> int:
    """A process, at random; when all were killed, they are started again within moments."""
    eventually(lambda: whole.product.named(service))
    return random.choice(whole.product.named(service))


def kill_one(service: str) -> Callable[[Whole], None]:
    return lambda whole: os.kill(one_of(whole, service), signal.SIGKILL)


def kill_everything(whole: Whole) -> None:
    whole.product.kill_everything()
    whole.product.start()


def empty_the_broker(whole: Whole) -> None:
    whole.broker.kill()
    time.sleep(STANDSTILL)
    whole.broker.start()


def stand_still(whole: Whole) -> None:
    """As a machine that is paused: one process, and what its clients sent it."""
    stopped = one_of(whole, "metadata")
    os.kill(stopped, signal.SIGSTOP)
    time.sleep(STANDSTILL)
    os.kill(stopped, signal.SIGCONT)


def end_database_connections(whole: Whole) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(OTHER_BACKENDS)


def rotate(whole: Whole) -> None:
    """Nothing breaks; what is signed by the old key and by the new one is answered alike."""
    generation = whole.make_due("identity")
    eventually(lambda: whole.generation("identity") > generation, seconds=60)


FAULTS: dict[str, Callable[[Whole], None]] = {
    "a process of the metadata service killed": kill_one("metadata"),
    "a process of the control plane killed": kill_one("control plane"),
    "the worker killed": kill_one("worker"),
    "everything killed": kill_everything,
    "the broker killed and emptied": empty_the_broker,
    "a process of the metadata service stopped": stand_still,
    "connections to the database ended": end_database_connections,
    "a key rotated": rotate,
}


def commit(fault: Callable[[Whole], None], whole: Whole, load: Loaded) -> None:
    with load.call_record.broken(recovery=RECOVERY):
        fault(whole)
    load.go_on(1)


def test_faults_in_any_order_leave_each_answer_with_one_event(whole: Whole) -> None:
    over = time.monotonic() + SECONDS
    answers, rounds = 0, 0
    while rounds == 0 or time.monotonic() < over:
        order = random.sample(sorted(FAULTS), len(FAULTS))
        log.info("in this order: %s", "; ".join(order))
        with whole.loaded() as load:
            for name in order:
                commit(FAULTS[name], whole, load)
        total = load.check(kills=len(order))
        answers, rounds = answers + total.answers, rounds + 1
        log.info("answers: %d; events of answers that were cut off: %d", total.answers, total.surplus)
    log.info("%d answers, each with exactly one event", answers)
    assert answers > 0
