"""One server: its page, the live part of it, its switches and what is done to it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from controlplane.console.access import SERVER, Person
from controlplane.console.confirmed_changes import WouldEnd, change, told_of
from controlplane.console.pages import by_htmx, came_from, done, fragment, page, shown
from controlplane.console.presenters.server import server_holdings, server_page, server_state
from controlplane.console.selectors import servers_here, servers_to_show
from controlplane.kernel import clock
from controlplane.kernel.errors import InvalidValue, existing
from controlplane.kernel.form_snapshot import FIELD
from servers.form_snapshot import switches_shown
from servers.models import BareMetalServer

SWITCHES = {("enabled", "true"): "enable", ("enabled", "false"): "disable"}
SWITCHES |= {("protocol", protocol): protocol for protocol in ("http", "https")}
ACTIONS = ("start", "stop", "restart", "delete")


def find_server(person: Person, server_id: str) -> Any:
    """The server as ``servers_here`` reads it. Raises NotFound, for another account's too, and NotAuthorized."""
    return _find(person, server_id, servers_here(person.account.id, person.region))


def _server_to_show(person: Person, server_id: str) -> Any:
    """The same as ``servers_to_show`` reads it."""
    return _find(person, server_id, servers_to_show(person.account.id, person.region))


def _find(person: Person, server_id: str, rows: QuerySet[BareMetalServer]) -> BareMetalServer:
    found = existing(
        rows.filter(id=server_id).first(), "There is no server of this id here. It may have been deleted meanwhile."
    )
    person.require(f"{SERVER}.read", found.policy_attributes)
    return found


@page()
def server(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    found = _server_to_show(person, server_id)
    context = {
        **server_page(person, found),
        **server_state(person, found),
        **server_holdings(person, found, now=clock.now()),
    }
    return shown(request, person, "console/server/page.html", context)


@page()
def state(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    return fragment(request, "console/server/state.html", server_state(person, _server_to_show(person, server_id)))


@page()
def holdings(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    found = find_server(person, server_id)
    return fragment(request, "console/server/holdings.html", server_holdings(person, found, now=clock.now()))


@page("POST")
def switch(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    """On or off, http or https. Off asks first when tokens or certificates die of it."""
    found = find_server(person, server_id)
    asked = [SWITCHES[each] for each in SWITCHES if request.POST.get(each[0]) == each[1]]
    if len(asked) != 1:
        raise InvalidValue("Say what to switch: enabled or protocol.")
    return _change(request, person, found, asked[0], question="console/server/confirm_off.html")


@page("POST")
def act(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    """Start, stop, restart, delete; the last one asks first."""
    found = find_server(person, server_id)
    action = request.POST.get("action", "")
    if action not in ACTIONS:
        raise InvalidValue(f"Say what to do: {', '.join(ACTIONS)}.")
    return _change(request, person, found, action, question="console/server/confirm_delete.html")


def _change(request: HttpRequest, person: Person, found: Any, action: str, *, question: str) -> HttpResponse:
    back, marks = came_from(request, f"/servers/{found.id}"), request.POST.getlist(FIELD)
    try:
        outcome = change(person, [found], action, marks=marks, confirmed="confirmed" in request.POST)
    except WouldEnd as would:
        mark = switches_shown(found).mark
        context = {"server": found, "alive": would.alive, "back": back, "marks": [mark]}
        return ask(request, person, question, context)
    for _, refusal in outcome.refused:
        raise refusal
    return done(request, f"{outcome.done[0]}{told_of(outcome.ended)}", back=back)


def ask(request: HttpRequest, person: Person, template: str, context: dict[str, Any]) -> HttpResponse:
    """A question: in a dialog over the page for a script, as a page for a browser without."""
    if by_htmx(request):
        response = render(request, template, context)
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
        return response
    return shown(request, person, "console/question.html", {**context, "question": template})
