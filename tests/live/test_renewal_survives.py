"""Renewal under ``kill -9``: whatever dies, and wherever, every certificate that is due is renewed once in the end."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from typing import Any

import psycopg
import pytest

from tests.live.operator import eventually
from tests.live.product import ROOT, Product
from tests.live.ready_made import NewProduct

pytestmark = [pytest.mark.live, pytest.mark.e2e]

CERTIFICATES = 900
FEW = 5
KILLS = 3
FAILPOINTS = {"after_sign": False, "after_insert": False, "before_commit": False, "after_commit": True}
"""Where a chunk ends, and whether it is done by then."""
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
RENEW = (
    "from identity.services.certificate_renewal import renew_due; from identity.models import IssuedCertificate; "
    "from controlplane.kernel import clock; now = clock.now(); "
    "{make_due}"
    "renew_due(now=now)"
)
MAKE_DUE = (
    "IssuedCertificate.objects.filter(renewal_of=None).update(renew_at=None); "
    "IssuedCertificate.objects.filter(renewal=None).update(renew_at=now); "
)
COUNT = "SELECT count(*), count(DISTINCT renewal_of_id) FROM identity_issuedcertificate WHERE renewal_of_id IS NOT NULL"
EVENTS = "SELECT count(*) FROM activity_activityevent WHERE action = 'baremint.certificate.renew'"


def ask(product: Product, statement: str) -> tuple[Any, ...]:
    """One row of the product's own database, read beside it."""
    if product.database_url:
        with psycopg.connect(product.database_url) as connection:
            return connection.execute(statement).fetchone() or ()  # type: ignore[arg-type]
    connection = sqlite3.connect(f"file:{product.home / 'baremint.sqlite3'}?mode=ro", uri=True, timeout=20)
    try:
        return tuple(connection.execute(statement).fetchone())
    finally:
        connection.close()


def renewed(product: Product) -> int:
    """How many certificates are renewals; none of the same one."""
    count, of = ask(product, COUNT)
    assert count == of
    return int(count)


@pytest.fixture(params=DATABASES)
def fresh(request: pytest.FixtureRequest, new_product: NewProduct) -> Product:
    """A product that no other test has used."""
    return new_product(database=request.param)


def test_a_worker_killed_again_and_again_loses_no_renewal_and_makes_none_twice(fresh: Product) -> None:
    fresh.start()
    fresh.run("bench", "--certify", str(CERTIFICATES))
    waiting = subprocess.Popen(
        fresh.command("bench", "--await-renewals"), env=fresh.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    for kill in range(1, KILLS + 1):
        # In the midst of it, a little further on each time.
        eventually(lambda share=kill: renewed(fresh) >= share * CERTIFICATES // (KILLS + 2), seconds=240)
        for pid in fresh.named("worker"):
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: fresh.named("worker"), seconds=60)
    printed, _ = waiting.communicate(timeout=300)
    assert json.loads(printed)["renewed"] == CERTIFICATES
    time.sleep(2)  # a task that was sent twice would make itself known by now
    assert renewed(fresh) == CERTIFICATES
    assert ask(fresh, EVENTS) == (CERTIFICATES,)
    fresh.stop()


def test_a_process_that_dies_at_any_point_of_a_chunk_leaves_all_or_nothing_of_it(fresh: Product) -> None:
    fresh.run("bench", "--certify", str(FEW))
    heads = FEW + 1  # and the one that the others are copies of
    for point, is_done in FAILPOINTS.items():
        before = renewed(fresh)
        died = subprocess.run(
            fresh.command("shell", "-c", RENEW.format(make_due=MAKE_DUE)),
            env={**fresh.environment, "BAREMINT_FAILPOINT": f"{point}:renewal"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert renewed(fresh) - before == (heads if is_done else 0)
        fresh.run("shell", "-c", RENEW.format(make_due=""))
        assert renewed(fresh) - before == heads
        assert ask(fresh, EVENTS) == (renewed(fresh),)
