"""F9: eight processes that write to one SQLite file at once; no client is told that it is locked."""

import http.client
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import pytest

from controlplane.activity.models import JobRun
from tests.faults.call_record import Entry
from tests.faults.load import request
from tests.faults.whole import Loaded, Whole
from tests.live.product import DIES_WITH_US, ROOT
from tests.live.turning import token_of_the_owner

pytestmark = [pytest.mark.fault, pytest.mark.live]

SETTINGS = {"BAREMINT_WORKERS": "3"}
QUERY = "version=2025-08-26&generation=2"
CELERY = [sys.executable, "-m", "celery", "--quiet", "--app", "controlplane.celery"]
SECONDS = 12


@contextmanager
def another_celery_worker(whole: Whole) -> Iterator[None]:
    options = ["--pool", "threads", "--concurrency", "2", "--hostname", "second@here", "--without-gossip"]
    environment = {**whole.product.environment, "DJANGO_SETTINGS_MODULE": "controlplane.settings"}
    with (whole.folder / "second-worker.log").open("wb") as log:
        process = subprocess.Popen(
            [*DIES_WITH_US, *CELERY, "worker", *options], env=environment, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def operators(whole: Whole, load: Loaded, count: int) -> Iterator[None]:
    """People who restart their servers without end: each restart is a write, and two steps of Celery's."""
    over = Event()
    token = token_of_the_owner(whole.product)
    headers = {"Authorization": f"Bearer {token}"}

    def operate(server: str) -> None:
        while not over.wait(0.05):
            path = f"/v1/bare_metal_servers/{server}/restart?{QUERY}"
            try:
                status, _ = request(load.control_plane, "POST", path, **headers)
                load.call_record.write(Entry("restart", time.monotonic(), status))
            except (OSError, http.client.HTTPException) as error:
                load.call_record.write(Entry("restart", time.monotonic(), failure=type(error).__name__))

    # Not the one whose programs ask for tokens: its switches are compared with each answer.
    servers = [server["id"] for server in whole.product.info["servers"] if server["name"] != "web-1"]
    threads = [Thread(target=operate, args=(servers[number % len(servers)],)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("whole", ["sqlite"], indirect=True)
def test_no_client_is_told_that_the_database_is_locked(whole: Whole) -> None:
    """Three processes of the metadata service, three of the control plane, two of Celery."""
    runs = JobRun.objects.filter(job="server-step", outcome="done").count()
    with whole.loaded() as load, ExitStack() as stack:
        stack.enter_context(another_celery_worker(whole))
        stack.enter_context(operators(whole, load, count=4))
        load.go_on(SECONDS)
    assert load.call_record.failures == []
    statuses = Counter((entry.kind, entry.status) for entry in load.call_record.entries)
    # 409: a server that is being restarted is not restarted again.
    assert {status for kind, status in statuses if kind != "restart"} == {200}
    assert {status for kind, status in statuses if kind == "restart"} <= {204, 409}
    assert statuses["restart", 204] > 0
    load.check()
    assert JobRun.objects.filter(job="server-step", outcome="done").count() > runs
    assert not JobRun.objects.filter(outcome="failed").exists()
    assert "database is locked" not in (whole.product.home / "baremint.log").read_text()
    assert "database is locked" not in (whole.folder / "second-worker.log").read_text()
