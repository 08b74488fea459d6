"""F3: the worker is killed with SIGKILL in the middle of a rotation; the next tick completes it, and nothing is lost.

Each of the six points, for three purposes, on both databases; real workers, real broker, real keys.
"""

import signal
from collections.abc import Iterator

import pytest

from controlplane.activity.models import Heartbeat
from tests.faults.site import Site, eventually
from tests.faults.watching import active_keys_watched

pytestmark = [pytest.mark.fault, pytest.mark.live]

POINTS = ["after_demote", "before_commit", "after_commit", "after_generate", "after_insert", "after_publish"]
HEALTHY, FAILING = "celery", "failing"


@pytest.fixture(scope="module", autouse=True)
def healthy_worker(site: Site) -> Iterator[None]:
    """One that is never killed, on a queue of its own. All the while, a thread watches the active keys."""
    Heartbeat.objects.all().delete()  # of workers that were here before
    with site.worker(HEALTHY), active_keys_watched() as looks:
        # A worker ticks once when it is ready: that must not take what a test makes due for another one.
        eventually(lambda: Heartbeat.objects.exists() and site.waiting(HEALTHY) == 0)
        yield
    assert looks[0] > 0


@pytest.mark.parametrize("purpose", ["identity", "iam", "intermediate"])
@pytest.mark.parametrize("point", POINTS)
def test_the_tick_after_a_kill_completes_the_rotation(site: Site, purpose: str, point: str) -> None:
    # What the test before has sent for is done: a run that comes late would take what is made due here.
    eventually(lambda: site.waiting(HEALTHY) == 0)
    before = site.generation(purpose)
    site.sign()
    site.make_due(purpose)
    with site.worker(FAILING, BAREMINT_FAILPOINT=f"{point}:{purpose}") as worker:
        site.send_for_rotation(FAILING)
        assert worker.wait(60) == -signal.SIGKILL
    site.check_rows()
    site.check()

    site.send_tick(HEALTHY)

    eventually(lambda: site.has_rotated(purpose, since=before))
    site.sign()
    site.check_rows()
    assert site.check() > 0
