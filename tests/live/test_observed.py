"""What a running product says of itself: ready until something is missing, and metrics that all processes add to."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.live.operator import NEW, eventually
from tests.live.product import Product
from tests.process_tree import command_line, descendants

pytestmark = [pytest.mark.live, pytest.mark.e2e]

COUNT = """
from controlplane.activity import counters
from controlplane.kernel import clock
print(sum(counters.count_settled_events(now=clock.now()) for _ in range(2)))
"""
"""As the job does every half a minute: what is there is marked, and counted the next time."""
ISSUED = {"kind": "identity_token", "operation": "is.metadata.identity-token.create"}


def get(product: Product, path: str) -> requests.Response:
    return requests.get(f"{product.info['control_plane_url']}{path}", timeout=10)


def sample(product: Product, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(get(product, "/metrics").text)
    samples = (each for family in families for each in family.samples)
    return next((each.value for each in samples if each.name == name and each.labels == labels), 0.0)


def issue(product: Product, times: int) -> None:
    url = f"{product.server('web-1')['metadata_url']}/identity/v1/token?version={NEW}"
    for _ in range(times):
        # A connection each, so that the kernel spreads them over the workers.
        headers = {"Metadata-Flavor": "ibm", "Connection": "close"}
        assert requests.put(url, headers=headers, timeout=10).status_code == 200


def test_tokens_of_the_metadata_service_are_counted_at_the_control_plane(product: Product) -> None:
    before = sample(product, "baremint_issued_total", **ISSUED)
    issue(product, 10)
    assert sample(product, "baremint_issued_total", **ISSUED) == before + 10


def test_counts_do_not_change_by_being_counted(product: Product) -> None:
    issue(product, 1)
    before = sample(product, "baremint_issued_total", **ISSUED)
    assert eventually(lambda: int(product.run("shell", "--verbosity", "0", "--command", COUNT)))
    assert sample(product, "baremint_issued_total", **ISSUED) == before


def test_signing_in_another_process_is_seen_within_seconds(product: Product) -> None:
    before = sample(product, "baremint_signing_seconds_count", kind="identity_token")

    def grown() -> bool:
        issue(product, 4)
        return sample(product, "baremint_signing_seconds_count", kind="identity_token") > before

    assert eventually(grown, seconds=30)


def test_every_purpose_has_an_active_key_and_a_next_step(product: Product) -> None:
    for purpose in ("root", "intermediate", "tls", "iam", "identity"):
        labels = {"purpose": purpose, "region": "us-south", "state": "active"}
        assert sample(product, "baremint_keys", **labels) == 1
        assert sample(product, "baremint_key_next_step_seconds", **labels, next="retiring") > 0


@pytest.fixture(scope="module")
def disposable(new_product: Callable[..., Product]) -> Product:
    """A product whose broker may be stopped."""
    product = new_product(settings={"BAREMINT_TICK_SECONDS": "0.5"})
    product.start()
    return product


def broker(product: Product) -> int:
    """It writes its title over its environment, so it is known as a child of the supervisor."""
    assert product.supervisor
    [pid] = [pid for pid in descendants(product.supervisor) if "valkey" in command_line(pid)]
    return pid


def unready(product: Product) -> dict[str, Any]:
    answer = get(product, "/readyz")
    return dict(answer.json()["reasons"]) if answer.status_code == 503 else {}


def test_the_product_is_not_ready_while_the_broker_is_away_but_issues_tokens(disposable: Product) -> None:
    assert get(disposable, "/readyz").json() == {"status": "ok"}
    pid = broker(disposable)
    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: "broker" in unready(disposable), seconds=30)
        assert sample(disposable, "baremint_broker_up") == 0
        issue(disposable, 3)
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: not unready(disposable), seconds=60)


def test_the_product_is_not_ready_when_no_worker_ticks(disposable: Product) -> None:
    workers = disposable.named("worker")
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        reason = eventually(lambda: unready(disposable).get("worker"), seconds=60)
        assert reason.startswith("No worker has taken a tick for ")
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
    eventually(lambda: not unready(disposable), seconds=60)
