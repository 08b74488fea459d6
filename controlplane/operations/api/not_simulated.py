"""``/_baremint/not_simulated/{service}``: where ``baremint env`` points clients of services that are not simulated."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from controlplane.kernel.envelopes import json_response
from controlplane.kernel.errors import NotFound
from controlplane.operations.ibm_services import NAMES, SIMULATED

HERE = ", ".join(service.name for service in SIMULATED)


@csrf_exempt
def refuse(request: HttpRequest, slug: str, rest: str = "") -> HttpResponse:
    """404 with the name of the service, whatever is called and by whom: there is nothing to protect."""
    name = NAMES.get(slug, "This service")
    return json_response(NotFound(f"{name} is not simulated by Baremint. It has {HERE}.", code="not_supported"))
