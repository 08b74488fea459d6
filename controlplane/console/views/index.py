"""``/``: the overview for browsers, an index for programs."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from controlplane.console.views.errors import wants_page
from controlplane.console.views.overview import overview
from controlplane.kernel.route_spec import RouteSpec
from controlplane.observability.views import TAG, Welcome, index


@RouteSpec(
    method="GET",
    name="get_welcome",
    tag=TAG,
    summary="Where everything is; to a browser, the overview of the console",
    answer=Welcome,
    page=True,
)
@require_safe
def front(request: HttpRequest) -> HttpResponse:
    response = overview(request) if wants_page(request) else index(request)
    patch_vary_headers(response, ["Accept"])
    return response
