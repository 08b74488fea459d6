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
    instance = new_product()
    instance.start()
    yield instance
    instance.end()


@pytest.mark.parametrize(
    "number", range(5), ids=["control plane", "object store", "metadata", "metadata, same server", "metadata TLS"]
)
def test_slow_clients_of_every_kind_take_nothing_from_a_good_one(product: Product, number: int) -> None:
    listener = listeners(product.info)[number]
    idle = look(listener, seconds=SECONDS, times=1)

    def noticed(kind: str) -> str:
        """How much the good client notices of this kind, if it is too much once, and three times in the median."""
        for times in (1, 3):
            observation = look(listener, kind, clients=listener.clients(CLIENTS), seconds=SECONDS, times=times)
            if not observation.failed and observation.p99 <= MOST * max(idle.p99, NOISE):
                return ""
        return f"{observation.failed} failed, p99 {observation.p99:.3f} s, without them {idle.p99:.3f} s"

    assert {kind: notice for kind in listener.kinds if (notice := noticed(kind))} == {}
