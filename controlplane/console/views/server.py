"""One server: its page, the live part of it, its switches and what is done to it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from controlplane.console.access import SERVER, Person
from controlplane.console.pages import by_htmx, came_from, done, fragment, page, shown
from controlplane.console.presenters.server import server_holdings, server_page, server_state
from controlplane.console.presenters.switching import LastUse, recent_uses
from controlplane.console.selectors import servers_to_show
from controlplane.console.views.servers import perform
from controlplane.kernel import clock
from controlplane.kernel.errors import InvalidValue, NotFound

SWITCHES = {("enabled", "true"): "enable", ("enabled", "false"): "disable"}
SWITCHES |= {("protocol", protocol): protocol for protocol in ("http", "https")}
ACTIONS = ("start", "stop", "restart", "delete")


def find_server(person: Person, server_id: str) -> Any:
    """The server as ``servers_to_show`` reads it. Raises NotFound, for another account's too, and NotAuthorized."""
    found = servers_to_show(person.account.id, person.region).filter(id=server_id).first()
    if found is None:
        raise NotFound("There is no server of this id here. It may have been deleted meanwhile.")
    person.require(f"{SERVER}.read", found.policy_attributes)
    return found


@page()
def server(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    found = find_server(person, server_id)
    context = {
        **server_page(person, found),
        **server_state(person, found),
        **server_holdings(person, found, now=clock.now()),
    }
    return shown(request, person, "console/server/page.html", context)


@page()
def state(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    return fragment(request, "console/server/state.html", server_state(person, find_server(person, server_id)))


@page()
def holdings(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    found = find_server(person, server_id)
    return fragment(request, "console/server/holdings.html", server_holdings(person, found, now=clock.now()))


@page("POST")
def switch(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    """On or off, http or https. Off asks first when programs on the server used the service a moment ago."""
    found = find_server(person, server_id)
    asked = [SWITCHES[each] for each in SWITCHES if request.POST.get(each[0]) == each[1]]
    if len(asked) != 1:
        raise InvalidValue("Say what to switch: enabled or protocol.")
    back = came_from(request, f"/servers/{found.id}")
    uses = recent_uses([found], now=clock.now()) if asked == ["disable"] else []
    if uses and "confirmed" not in request.POST:
        return ask(request, person, "console/server/confirm_off.html", _ending(found, uses[0], back))
    return done(request, perform(person, found, asked[0]), back=back)


@page("POST")
def act(request: HttpRequest, person: Person, server_id: str) -> HttpResponse:
    """Start, stop, restart, delete; the last one asks first."""
    found = find_server(person, server_id)
    action = request.POST.get("action", "")
    if action not in ACTIONS:
        raise InvalidValue(f"Say what to do: {', '.join(ACTIONS)}.")
    back = came_from(request, f"/servers/{found.id}")
    if action == "delete" and "confirmed" not in request.POST:
        return ask(request, person, "console/server/confirm_delete.html", {"server": found, "back": back})
    return done(request, perform(person, found, action), back=back)


def _ending(server: Any, use: LastUse, back: str) -> dict[str, Any]:
    """What switching off ends, for the question."""
    return {"server": server, "use": use, "back": back, "revokes": settings.BAREMINT_REVOKE_ON_DISABLE}


def ask(request: HttpRequest, person: Person, template: str, context: dict[str, Any]) -> HttpResponse:
    """A question: in a dialog over the page for a script, as a page for a browser without."""
    if by_htmx(request):
        response = render(request, template, context)
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
        return response
    return shown(request, person, "console/question.html", {**context, "question": template})
