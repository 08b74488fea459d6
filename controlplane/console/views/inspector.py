"""The token inspector. A token comes in a request body, and is neither stored nor logged."""

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from controlplane.console.access import Person
from controlplane.console.pages import full_page, page
from controlplane.kernel import clock
from identity.services.token_inspection import inspect


@sensitive_post_parameters("token")
@page("GET", "POST")
def inspector(request: HttpRequest, person: Person) -> HttpResponse:
    context = {}
    token = "".join(request.POST.get("token", "").split()).removeprefix("Bearer")
    if token:
        inspection = inspect(token, caller=person.caller, now=clock.now())
        context = {
            "inspection": inspection,
            "header": json.dumps(inspection.header, indent=2, ensure_ascii=False),
            "claims": json.dumps(inspection.claims, indent=2, ensure_ascii=False),
        }
    response = full_page(request, person, "console/inspector/page.html", context)
    response["Cache-Control"] = "no-store"
    return response
