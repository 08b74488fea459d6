"""``/metrics``, in the text format of Prometheus."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from controlplane.operations.metrics.families import everything


class Families(Collector):
    """Read when they are asked for."""

    def collect(self) -> Iterable[Metric]:
        return everything()

    def describe(self) -> Iterable[Metric]:
        return []


REGISTRY = CollectorRegistry()
REGISTRY.register(Families())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
