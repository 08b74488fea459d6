"""The servers: the table, its live part, and what is done to several of them at once."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from controlplane.console.access import EVERY_SERVER, SERVER, Person, server_party
from controlplane.console.pages import came_from, fragment, page, see_other, shown
from controlplane.console.presenters.servers import FILTERS, server_table
from controlplane.console.presenters.switching import recent_uses
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from servers import catalog
from servers.models import AccountSettings, BareMetalServer
from servers.services import actions, events
from servers.services.metadata_service import switch_metadata_service

MOST_AT_ONCE = 100
SETTINGS = "is.bare-metal-server.account-settings.read"


@page()
def servers(request: HttpRequest, person: Person) -> HttpResponse:
    person.require(f"{SERVER}.list", EVERY_SERVER)
    context = {
        "table": server_table(person, request.GET),
        "asked": {name: request.GET.get(name, "") for name in (*FILTERS, "sort")},
        "statuses": BareMetalServer.Status.values,
        "zones": catalog.regions()[person.region].zones,
        "may_create": bool(person.may(f"{SERVER}.create", EVERY_SERVER)),
        "account_off": bool(person.may(SETTINGS)) and _is_off(person),
    }
    return shown(request, person, "console/servers/list.html", context)


def _is_off(person: Person) -> bool:
    """The account's switch over all its servers."""
    return AccountSettings.objects.filter(account=person.account, metadata_service=False).exists()


@page()
def table(request: HttpRequest, person: Person) -> HttpResponse:
    person.require(f"{SERVER}.list", EVERY_SERVER)
    return fragment(request, "console/servers/table.html", {"table": server_table(person, request.GET)})


Act = Callable[[BareMetalServer, Person], object]
SWITCH: dict[str, tuple[str, str, str, Act]] = {
    "enable": ("Switched on", "update", events.UPDATE, lambda s, p: _switch(s, p, enabled=True)),
    "disable": ("Switched off", "update", events.UPDATE, lambda s, p: _switch(s, p, enabled=False)),
    "https": ("Secure access on", "update", events.UPDATE, lambda s, p: _switch(s, p, protocol="https")),
    "http": ("Secure access off", "update", events.UPDATE, lambda s, p: _switch(s, p, protocol="http")),
    "start": ("Starting", "operate", events.START, lambda s, p: actions.act(s, action="start", by=p.by)),
    "stop": ("Stopping", "operate", events.STOP, lambda s, p: actions.act(s, action="stop", by=p.by)),
    "restart": ("Restarting", "operate", events.RESTART, lambda s, p: actions.act(s, action="restart", by=p.by)),
    "delete": ("Deleting", "delete", events.DELETE, lambda s, p: actions.act(s, action="delete", by=p.by)),
}
"""By the value of its button: what is said when it is done, the verb of its IAM action, its event, the service."""


def _switch(server: BareMetalServer, person: Person, **switches: object) -> BareMetalServer:
    return switch_metadata_service(server, by=person.by, **switches)  # type: ignore[arg-type]


def perform(person: Person, server: BareMetalServer, action: str) -> str:
    """Do one thing to one server, as the REST API does it. Returns what to say. Raises ApiError."""
    said, verb, event, act = SWITCH[action]
    with person.recording(event, server_party(server)):
        person.require(f"{SERVER}.{verb}", server.policy_attributes)
        act(server, person)
    return f"{said}: {server.name}."


@page("POST")
def bulk(request: HttpRequest, person: Person) -> HttpResponse:
    """The chosen servers, one after the other: a refusal of one keeps no other from its turn."""
    back = came_from(request, "/servers")
    chosen = request.POST.getlist("server")[:MOST_AT_ONCE]
    action = request.POST.get("action", "")
    own = BareMetalServer.objects.filter(account=person.account, region=person.region, id__in=chosen)
    found = person.readable(list(own.select_related("vpc").order_by("name")))
    if action not in SWITCH or not found:
        messages.warning(request, "Nothing was done: choose servers, then what to do with them.")
        return see_other(back)
    needs_word = action == "delete" or (action == "disable" and recent_uses(found, now=clock.now()))
    if needs_word and "confirmed" not in request.POST:
        context = {"servers": found, "action": action, "uses": recent_uses(found, now=clock.now()), "back": back}
        return shown(request, person, "console/servers/confirm_bulk.html", context)
    for server in found:
        try:
            messages.success(request, perform(person, server, action))
        except ApiError as error:
            messages.error(request, f"{server.name}: {error.message}")
    return see_other(back)
