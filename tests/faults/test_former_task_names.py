"""Messages under the names that tasks had in earlier builds do their work: real broker, real worker, both databases.

The names themselves are written out, as they are in a message that waits in a broker.
"""

from collections.abc import Iterator

import pytest
from django.db.models import F

from controlplane.activity.models import Heartbeat, JobRun
from controlplane.kernel import clock
from identity.models import IssuedCertificate
from servers.models import BareMetalServer, Image, ImageExportJob
from tests.faults.site import Site, eventually

pytestmark = [pytest.mark.fault, pytest.mark.live]

QUEUE = "celery"


@pytest.fixture(scope="module", autouse=True)
def worker(site: Site) -> Iterator[None]:
    site.baremint("bench", "--certify", "3")
    Heartbeat.objects.all().delete()
    with site.worker(QUEUE):
        # It ticks once when it is ready. That must not do what a test makes due.
        eventually(lambda: Heartbeat.objects.exists() and site.waiting(QUEUE) == 0)
        yield


def run_of(message: str) -> tuple[str, str]:
    """Job and outcome of what this message brought about, once it is over."""
    runs = JobRun.objects.filter(request_id=message).exclude(outcome="running")
    eventually(runs.exists)
    return runs.values_list("job", "outcome")[0]


def test_a_tick_of_an_earlier_beat_sends_for_what_is_due(site: Site) -> None:
    JobRun.objects.filter(job="event-tally").delete()
    assert run_of(site.send(QUEUE, "controlplane.operations.tasks.tick")) == ("event-tally", "done")


def test_a_job_that_an_earlier_tick_sent_for_is_run(site: Site) -> None:
    JobRun.objects.filter(job="event-tally").delete()
    message = site.send(QUEUE, "controlplane.operations.tasks.run_job", "event-tally")
    assert run_of(message) == ("event-tally", "done")


def test_a_renewal_that_an_earlier_worker_sent_for_renews(site: Site) -> None:
    count = IssuedCertificate.objects.filter(id__startswith="copy-").update(renew_at=clock.now())
    message = site.send(QUEUE, "identity.tasks.renew_certificates")
    assert run_of(message) == ("certificate-renewal", "done")
    assert IssuedCertificate.objects.filter(renewal_of__id__startswith="copy-").count() == count == 3


def test_a_step_of_a_server_that_an_earlier_worker_sent_for_is_taken(site: Site) -> None:
    server = BareMetalServer.objects.filter(id__startswith="0717-copy-").first()
    assert server
    BareMetalServer.objects.filter(pk=server.pk).update(
        status="running", transition="stop", transition_due_at=clock.now(), revision=F("revision") + 1
    )
    assert run_of(site.send(QUEUE, "servers.tasks.advance_server", server.id)) == ("server-step", "done")
    server.refresh_from_db()
    assert server.status == "stopped"


def test_a_step_of_an_image_export_that_an_earlier_worker_sent_for_is_taken(site: Site) -> None:
    job = ImageExportJob.objects.create(
        id="r006-of-this-test",
        name="export",
        image=Image.objects.all()[0],
        format="qcow2",
        due_at=clock.now(),
        created_at=clock.now(),
    )
    assert run_of(site.send(QUEUE, "servers.tasks.advance_image_export", job.id)) == ("image-export-step", "done")
    job.refresh_from_db()
    assert job.started_at
