"""Try it: the three calls of a program on the server, from its page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from controlplane.console import metadata_calls
from controlplane.console.access import SERVER, Person
from controlplane.console.lessons.learner_events import mark_of
from controlplane.console.pages import by_htmx, full_page, page
from controlplane.console.presenters.diagrams import Diagram, Message, State, diagram
from controlplane.console.presenters.server import profile_to_name
from controlplane.console.views.server import find_server
from controlplane.deployment.endpoints import metadata_url
from controlplane.kernel.errors import InvalidValue
from servers.addressing import loopback_address
from servers.models import BareMetalServer

LABELS = (
    ("PUT /identity/v1/token", "identity token"),
    ("POST /identity/v1/iam_tokens", "IAM token"),
    ("POST /identity/v1/certificates", "leaf and intermediate"),
)


@page("POST", subject=find_server)
def try_it(request: HttpRequest, person: Person, server: BareMetalServer) -> HttpResponse:
    """Make the calls, for a person who may operate the server. The page shows no usable credential."""
    person.require(f"{SERVER}.operate", server.policy_attributes)
    last = request.POST.get("last", metadata_calls.STEPS[-1])
    if last not in metadata_calls.STEPS:
        raise InvalidValue(f"Say up to which call: {', '.join(metadata_calls.STEPS)}.")
    url = metadata_url(loopback_address(server.number), protocol=server.metadata_protocol)
    agent = f"baremint-console {mark_of(person.user)}"
    calls = metadata_calls.run(url, last=last, agent=agent, profile_id=profile_to_name(person, server))
    context = {"server": server, "calls": calls, "diagram": calls_diagram(server.name, calls)}
    if by_htmx(request):
        response = render(request, "console/server/calls.html", context)
        response["HX-Trigger"] = "refresh"
        return response
    return full_page(request, person, "console/server/calls_page.html", context)


def calls_diagram(server_name: str, calls: list[metadata_calls.Call]) -> Diagram:
    """Request and response of each call; calls that were not made are waiting."""
    messages = []
    for number, (request, response) in enumerate(LABELS):
        call = calls[number] if number < len(calls) else None
        state: State = "waiting" if call is None else "done" if call.succeeded else "refused"
        messages.append(Message(0, 1, request, "done" if call else "waiting"))
        messages.append(Message(1, 0, response if call is None or call.succeeded else _refusal(call), state))
    return diagram("The three calls", [f"Program on {server_name}", "Metadata service"], messages)


def _refusal(call: metadata_calls.Call) -> str:
    return f"{call.status} {call.reason}" if call.status else "no answer"
