"""Hundreds of clients that begin a request and do not finish it, of each kind, at each listener: a good one hardly
notices. ``baremint bench slow`` measures the same for longer."""

from collections.abc import Iterator

import pytest

from controlplane.operations.bench.slow_clients import Found, listeners, look
from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = pytest.mark.fault

CLIENTS = 500
SECONDS = 3.0
MOST = 3
"""Times the good client's idle p99."""
NOISE = 0.1
"""Seconds: what a busy machine alone does to a p99 of three seconds. Before, a good client waited for ten and more."""


@pytest.fixture(scope="module")
def product(new_product: NewProduct) -> Iterator[Product]:
    made = new_product()
    made.start()
    yield made
    made.end()


@pytest.mark.parametrize("number", range(4), ids=["control plane", "metadata", "metadata, same server", "metadata TLS"])
def test_slow_clients_of_every_kind_take_nothing_from_a_good_one(product: Product, number: int) -> None:
    listener = listeners(product.info)[number]
    idle = look(listener, seconds=SECONDS, times=1)
    found = {kind: look(listener, kind, clients=CLIENTS, seconds=SECONDS, times=1) for kind in listener.kinds}
    assert {kind: each.failed for kind, each in found.items() if each.failed} == {}
    assert {kind: each.p99 for kind, each in found.items() if is_slow(each, idle)} == {}


def is_slow(found: Found, idle: Found) -> bool:
    return found.p99 > MOST * max(idle.p99, NOISE)
