"""All families of metrics in the text format of Prometheus."""

from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from controlplane.observability.metrics.families import everything

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Families(Collector):
    """Reads the metrics at each scrape."""

    def collect(self) -> Iterable[Metric]:
        return everything()


def text() -> bytes:
    return generate_latest(Families())
