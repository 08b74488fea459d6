"""The token inspector: a token is looked at and forgotten. It comes in a body, and goes into no log and no record."""

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from controlplane.console.access import Person
from controlplane.console.pages import page, shown
from controlplane.kernel import clock
from identity.services.token_inspection import inspect


@sensitive_post_parameters("token")
@page("GET", "POST")
def inspector(request: HttpRequest, person: Person) -> HttpResponse:
    context = {}
    token = "".join(request.POST.get("token", "").split()).removeprefix("Bearer")
    if token:
        found = inspect(token, caller=person.caller, now=clock.now())
        context = {
            "found": found,
            "header": json.dumps(found.header, indent=2, ensure_ascii=False),
            "claims": json.dumps(found.claims, indent=2, ensure_ascii=False),
        }
    response = shown(request, person, "console/inspector/page.html", context)
    response["Cache-Control"] = "no-store"
    return response
