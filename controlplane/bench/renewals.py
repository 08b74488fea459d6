"""Measure the renewal of many certificates that are due at once, and its effect on requests."""

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from controlplane.bench.load import Request, Result, run
from controlplane.bench.population import FIRST, copy_rows, populate, tell_the_planner
from controlplane.kernel import clock
from identity import csr
from identity.models import CertificateRotation, IssuedCertificate, RenewalProgress
from identity.services.certificates import create_certificate
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import servers_for_facts

CONNECTIONS = 4
"""Requests in flight during the renewal: a moderate load."""
POLL_SECONDS = 0.2
LONGEST = 1_800


@dataclass(frozen=True)
class Measured:
    renewed: int
    seconds: float
    before: Result
    during: Result

    @property
    def rate(self) -> float:
        return self.renewed / self.seconds

    @property
    def ratio(self) -> float:
        """Ratio of the 99th percentile of latency during the renewal to that before."""
        return self.during.percentile(0.99) / self.before.percentile(0.99)


def measure(
    request: Request, *, seconds: float, start: Callable[[], AbstractContextManager[subprocess.Popen[str]]]
) -> Measured:
    """Load the product, first alone, then while the process of ``start`` makes certificates due and awaits renewal.

    Raises RuntimeError when a request is refused, or not all are renewed.
    """
    run(request, connections=CONNECTIONS, seconds=seconds / 4)  # once to warm up
    before = run(request, connections=CONNECTIONS, seconds=seconds)
    with start() as process:
        during = run(request, connections=CONNECTIONS, seconds=LONGEST, while_true=lambda: process.poll() is None)
        printed, _ = process.communicate()
    if process.returncode or before.refused or during.refused:
        raise RuntimeError(f"{before.refused + during.refused} requests were refused. {printed}")
    report: dict[str, Any] = json.loads(printed)
    return Measured(report["renewed"], report["seconds"], before, during)


@transaction.atomic
def certify(count: int, request: str) -> None:
    """Create ``count`` servers with certificate rotation and a certificate each, all from the CSR ``request``."""
    populate(count + BareMetalServer.objects.filter(number__lt=FIRST).count())
    template = servers_for_facts().filter(metadata_enabled=True, number__lt=FIRST).order_by("number")[0]
    now = clock.now()
    chain = create_certificate(csr.check(request), facts=facts_of(template), lifetime=timedelta(hours=1), now=now)
    rotation, _ = CertificateRotation.objects.get_or_create(server=template, defaults={"enabled_at": now})
    number = f"{FIRST} + i"
    certificate = {
        "id": f"'copy-' || ({number})",
        "serial_number": f"'c0' || ({number})",
        "server_id": f"'0717-copy-' || ({number})",
    }
    copy_rows(IssuedCertificate.objects.get(id=chain.id), count, certificate)
    copy_rows(rotation, count, {"server_id": number})
    BareMetalServer.objects.filter(number__gte=FIRST, number__lte=FIRST + count).update(metadata_enabled=True)
    tell_the_planner()


def make_due_and_wait() -> dict[str, Any]:
    """Make all copies due now and wait until the workers have renewed them. Returns the number and the seconds.

    Raises TimeoutError.
    """
    RenewalProgress.objects.all().delete()
    start = time.monotonic()
    count = IssuedCertificate.objects.filter(id__startswith="copy-").update(renew_at=clock.now())
    while time.monotonic() - start < LONGEST:
        renewed = IssuedCertificate.objects.filter(renewal_of__id__startswith="copy-").count()
        if renewed == count:
            return {"renewed": renewed, "seconds": time.monotonic() - start}
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"{renewed} of {count} were renewed within {LONGEST} s")
