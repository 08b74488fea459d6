"""Hundreds of clients that begin a request and do not finish it, of each kind, at each listener: a good one hardly
notices. ``baremint bench slow`` measures the same for longer."""

from collections.abc import Iterator

import pytest

from controlplane.bench.slow_clients import listeners, look
from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = pytest.mark.fault

CLIENTS = 500
SECONDS = 3.0
MOST = 3
"""Times the good client's idle p99."""
NOISE = 0.2
"""Seconds: what other tests beside this one do to the p99 of three. Before, a good client waited for ten and more."""


@pytest.fixture(scope="module")
def product(new_product: NewProduct) -> Iterator[Product]:
    made = new_product()
    made.start()
    yield made
    made.end()


@pytest.mark.parametrize(
    "number", range(5), ids=["control plane", "object store", "metadata", "metadata, same server", "metadata TLS"]
)
def test_slow_clients_of_every_kind_take_nothing_from_a_good_one(product: Product, number: int) -> None:
    listener = listeners(product.info)[number]
    idle = look(listener, seconds=SECONDS, times=1)

    def noticed(kind: str) -> str:
        """How much the good client notices of this kind, if it is too much once, and three times in the median."""
        for times in (1, 3):
            found = look(listener, kind, clients=listener.clients(CLIENTS), seconds=SECONDS, times=times)
            if not found.failed and found.p99 <= MOST * max(idle.p99, NOISE):
                return ""
        return f"{found.failed} failed, p99 {found.p99:.3f} s, without them {idle.p99:.3f} s"

    assert {kind: said for kind in listener.kinds if (said := noticed(kind))} == {}
