"""``/metrics``, in the text format of Prometheus."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from controlplane.kernel.route_spec import RouteSpec
from controlplane.observability.views import TAG


@RouteSpec(
    method="GET",
    name="get_metrics",
    tag=TAG,
    summary="Counts and states for Prometheus, of the whole deployment",
    answer=str,
    answer_type="text/plain",
)
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    from controlplane.observability.metrics import exposition  # noqa: PLC0415  the client library serves this page alone

    return HttpResponse(exposition.text(), content_type=exposition.CONTENT_TYPE)
