"""The servers: the table, its live part, and what is done to several of them at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from controlplane.console.access import EVERY_SERVER, SERVER, Person
from controlplane.console.confirmed_changes import ACTS, WouldEnd, change, told_of
from controlplane.console.pages import came_from, fragment, page, see_other, shown
from controlplane.console.presenters.account import account_switch
from controlplane.console.presenters.servers import FILTERS, server_table
from controlplane.kernel.form_snapshot import FIELD
from servers import catalog
from servers.form_snapshot import switches_shown
from servers.models import BareMetalServer

MOST_AT_ONCE = 100


@page()
def servers(request: HttpRequest, person: Person) -> HttpResponse:
    context = {
        "table": server_table(person, request.GET),
        "asked": {name: request.GET.get(name, "") for name in (*FILTERS, "sort")},
        "statuses": BareMetalServer.Status.values,
        "zones": catalog.regions()[person.region].zones,
        "may_create": bool(person.may(f"{SERVER}.create", EVERY_SERVER)),
        "account": account_switch(person),
    }
    return shown(request, person, "console/servers/list.html", context)


@page()
def table(request: HttpRequest, person: Person) -> HttpResponse:
    context = {"table": server_table(person, request.GET), "account": account_switch(person)}
    return fragment(request, "console/servers/table.html", context)


@page("POST")
def bulk(request: HttpRequest, person: Person) -> HttpResponse:
    """The chosen servers, one after the other: a refusal of one keeps no other from its turn."""
    back = came_from(request, "/servers")
    chosen = request.POST.getlist("server")[:MOST_AT_ONCE]
    action, marks = request.POST.get("action", ""), request.POST.getlist(FIELD)
    own = BareMetalServer.objects.filter(account=person.account, region=person.region, id__in=chosen)
    found = person.readable(list(own.select_related("vpc").order_by("name")))
    if action not in ACTS or not found:
        messages.warning(request, "Nothing was done: choose servers, then what to do with them.")
        return see_other(back)
    try:
        outcome = change(person, found, action, marks=marks, confirmed="confirmed" in request.POST)
    except WouldEnd as would:
        kept = [switches_shown(server).mark for server in found]
        context = {"servers": found, "action": action, "alive": would.alive, "back": back, "marks": kept}
        return shown(request, person, "console/servers/confirm_bulk.html", context)
    for said in outcome.done:
        messages.success(request, said)
    for server, refusal in outcome.refused:
        messages.error(request, f"{server.name}: {refusal.message}")
    if outcome.ended:
        messages.success(request, told_of(outcome.ended).strip())
    return see_other(back)
