"""``/_baremint/not_simulated/{service}``: the URL that ``baremint env`` gives for services that are not simulated."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from controlplane.kernel.envelopes import json_response
from controlplane.kernel.errors import NotFound
from controlplane.operations.ibm_services import NAMES, SIMULATED

HERE = ", ".join(service.name for service in SIMULATED)


@csrf_exempt
def refuse(request: HttpRequest, slug: str, rest: str = "") -> HttpResponse:
    """Return 404 with the name of the service for any request of any caller: there is nothing to protect."""
    name = NAMES.get(slug, "This service")
    return json_response(NotFound(f"{name} is not simulated by Baremint. It has {HERE}.", code="not_supported"))
