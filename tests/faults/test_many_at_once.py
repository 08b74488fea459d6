"""F4: beats and workers by the number, messages by the dozen; a due period is one rotation."""

import signal
import time
from contextlib import ExitStack

import pytest

from controlplane.kernel import clock
from identity.models import KeyPair
from identity.services import key_rotation
from tests.faults.site import Site, eventually
from tests.faults.watching import active_keys_watched

pytestmark = [pytest.mark.fault, pytest.mark.live]

QUEUE = "celery"
PURPOSES = ["intermediate", "tls", "iam", "identity"]
DUPLICATES = 10


def rotate_all_once(site: Site, *, quiet_seconds: float = 0) -> None:
    """All become due; each rotates. For as long as it takes ticks to come again, nothing else happens."""
    before = {purpose: site.generation(purpose) for purpose in PURPOSES}
    site.sign()
    for purpose in PURPOSES:
        site.make_due(purpose)
    eventually(lambda: all(site.has_rotated(purpose, since=before[purpose]) for purpose in PURPOSES))
    time.sleep(quiet_seconds)
    assert {purpose: site.generation(purpose) for purpose in PURPOSES} == {
        purpose: generation + 1 for purpose, generation in before.items()
    }
    site.check_rows()
    site.check()


@pytest.mark.parametrize("beats", [2, 5])
def test_several_beats_cause_one_rotation_a_period(site: Site, beats: int) -> None:
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(site.worker(QUEUE, name=f"worker-{number}"))
        for number in range(beats):
            stack.enter_context(site.beat(number))
        eventually(lambda: all("beat: Starting" in site.log(f"beat-{number}") for number in range(beats)))
        with active_keys_watched():
            for _ in range(3):
                rotate_all_once(site, quiet_seconds=1.5)


def test_a_message_that_comes_ten_times_is_one_rotation(site: Site) -> None:
    queue = "ten"
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(site.worker(queue, name=f"worker-{number}"))
        before = site.generation("iam")
        site.make_due("iam")
        with active_keys_watched():
            site.send_for_rotation(queue, times=DUPLICATES)
            eventually(lambda: site.has_rotated("iam", since=before))
            eventually(lambda: site.waiting(queue) == 0)
        assert site.generation("iam") == before + 1
        assert not key_rotation.run_due_steps(now=clock.now())


def test_a_message_whose_worker_was_killed_is_delivered_again_and_completes_the_rotation(site: Site) -> None:
    """Nothing else ticks here: the broker gives the message to another worker when its time has passed."""
    redelivering = {"DJANGO_SETTINGS_MODULE": "tests.faults.redelivering"}
    before = site.generation("iam")
    site.sign()
    site.make_due("iam")
    with site.worker("again", **redelivering, BAREMINT_FAILPOINT="after_demote:iam") as worker:
        site.send_for_rotation("again")
        assert worker.wait(60) == -signal.SIGKILL
    assert site.generation("iam") == before

    with site.worker("again", **redelivering):
        eventually(lambda: site.has_rotated("iam", since=before), seconds=90)

    site.check_rows()
    site.check()
    assert KeyPair.objects.filter(purpose="iam", state="prepared").count() == 1
