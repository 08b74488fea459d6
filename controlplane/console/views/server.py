"""One server: its page, the live part of it, its switches and actions."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from controlplane.console.access import SERVER, Person
from controlplane.console.confirmed_changes import ConfirmationRequired, change, sentence_about
from controlplane.console.pages import by_htmx, fragment, full_page, page, return_path, success_response
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
    """The server as ``servers_here`` reads it. Raises NotFound, also for another account's, and NotAuthorized."""
    return _find(person, server_id, servers_here(person.account.id, person.region))


def _server_to_show(person: Person, server_id: str) -> Any:
    """The same, as ``servers_to_show`` reads it."""
    return _find(person, server_id, servers_to_show(person.account.id, person.region))


def _find(person: Person, server_id: str, rows: QuerySet[BareMetalServer]) -> BareMetalServer:
    row = existing(
        rows.filter(id=server_id).first(), "There is no server of this id here. It may have been deleted meanwhile."
    )
    person.require(f"{SERVER}.read", row.policy_attributes)
    return row


@page(subject=_server_to_show)
def server(request: HttpRequest, person: Person, row: Any) -> HttpResponse:
    context = {
        **server_page(person, row),
        **server_state(person, row),
        **server_holdings(person, row, now=clock.now()),
    }
    return full_page(request, person, "console/server/page.html", context)


@page(subject=_server_to_show)
def state(request: HttpRequest, person: Person, row: Any) -> HttpResponse:
    return fragment(request, "console/server/state.html", server_state(person, row))


@page(subject=find_server)
def holdings(request: HttpRequest, person: Person, row: Any) -> HttpResponse:
    return fragment(request, "console/server/holdings.html", server_holdings(person, row, now=clock.now()))


@page("POST", subject=find_server)
def switch(request: HttpRequest, person: Person, row: Any) -> HttpResponse:
    """Switch on or off, or to http or https. Switching off asks first when it ends tokens or certificates."""
    actions = [SWITCHES[each] for each in SWITCHES if request.POST.get(each[0]) == each[1]]
    if len(actions) != 1:
        raise InvalidValue("Say what to switch: enabled or protocol.")
    return _change(request, person, row, actions[0], question="console/server/confirm_off.html")


@page("POST", subject=find_server)
def act(request: HttpRequest, person: Person, row: Any) -> HttpResponse:
    """Start, stop, restart, or delete after a confirmation."""
    action = request.POST.get("action", "")
    if action not in ACTIONS:
        raise InvalidValue(f"Say what to do: {', '.join(ACTIONS)}.")
    return _change(request, person, row, action, question="console/server/confirm_delete.html")


def _change(request: HttpRequest, person: Person, row: Any, action: str, *, question: str) -> HttpResponse:
    back, marks = return_path(request, f"/servers/{row.id}"), request.POST.getlist(FIELD)
    try:
        outcome = change(person, [row], action, marks=marks, confirmed="confirmed" in request.POST)
    except ConfirmationRequired as would:
        mark = switches_shown(row).mark
        context = {"server": row, "alive": would.alive, "back": back, "marks": [mark]}
        return ask(request, person, question, context)
    for _, refusal in outcome.refused:
        raise refusal
    return success_response(request, f"{outcome.done[0]}{sentence_about(outcome.credentials)}", back=back)


def ask(request: HttpRequest, person: Person, template: str, context: dict[str, Any]) -> HttpResponse:
    """A confirmation: a dialog over the page for htmx, a page of its own otherwise."""
    if by_htmx(request):
        response = render(request, template, context)
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
        return response
    return full_page(request, person, "console/question.html", {**context, "question": template})
