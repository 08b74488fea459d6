"""F1, F5, F19: HTTP workers, the broker, everything is killed under load; nothing that was answered is lost."""

import random
import time

import pytest

from tests.faults.whole import Whole
from tests.live.operator import eventually

pytestmark = [pytest.mark.fault, pytest.mark.live]

CUT_OFF = {"RemoteDisconnected", "ConnectionResetError", "BrokenPipeError", "IncompleteRead"}
POWER_CUTS = 3


def test_an_http_worker_that_is_killed_takes_no_answer_with_it(whole: Whole) -> None:
    """F1. The others go on; what was cut off is a connection that was reset, never an answer that says so."""
    with whole.loaded() as load, whole.killing("metadata", load.call_record, every=2) as killed:
        load.go_on(12)
    assert len(killed) >= 3
    assert {entry.failure for entry in load.call_record.failures} <= CUT_OFF
    assert load.check(kills=len(killed)).verified > 0


def test_a_broker_that_is_away_and_comes_back_empty_is_not_noticed_by_clients(whole: Whole) -> None:
    """F5. It is in no answer's way; a rotation that fell due meanwhile happens when it is back."""
    with whole.loaded() as load:
        whole.broker.kill()
        generation = whole.make_due("iam")
        load.go_on(6)
        assert whole.generation("iam") == generation
        whole.broker.start()
        eventually(lambda: whole.generation("iam") == generation + 1, seconds=30)
        load.go_on(2)
    assert load.call_record.failures == []
    assert {entry.status for entry in load.call_record.entries} == {200}
    load.check()


@pytest.mark.parametrize("attempt", range(POWER_CUTS))
def test_all_processes_killed_at_once_lose_nothing_that_was_answered(whole: Whole, attempt: int) -> None:
    """F19, at an instant chosen at random. (PostgreSQL itself lives on; its own crashes are its own business.)"""
    with whole.loaded() as load:
        time.sleep(random.uniform(0, 2))
        with load.call_record.broken(recovery=10):
            whole.product.kill_everything()
            whole.product.start()
        load.go_on(1)
    load.check(kills=1)
