"""The servers: the table, its live part, and changes of several servers at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from controlplane.console.access import EVERY_SERVER, SERVER, Person
from controlplane.console.confirmed_changes import CHANGES, ConfirmationRequired, change, sentence_about
from controlplane.console.pages import SeeOther, fragment, full_page, page, return_path
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
        "filters": {name: request.GET.get(name, "") for name in (*FILTERS, "sort")},
        "statuses": BareMetalServer.Status.values,
        "zones": catalog.regions()[person.region].zones,
        "may_create": bool(person.may(f"{SERVER}.create", EVERY_SERVER)),
        "account": account_switch(person),
    }
    return full_page(request, person, "console/servers/list.html", context)


@page()
def table(request: HttpRequest, person: Person) -> HttpResponse:
    context = {"table": server_table(person, request.GET), "account": account_switch(person)}
    return fragment(request, "console/servers/table.html", context)


@page("POST")
def bulk(request: HttpRequest, person: Person) -> HttpResponse:
    """Change the selected servers one after the other. If one is refused, the others are changed nevertheless."""
    back = return_path(request, "/servers")
    ids = request.POST.getlist("server")[:MOST_AT_ONCE]
    action, marks = request.POST.get("action", ""), request.POST.getlist(FIELD)
    rows = BareMetalServer.objects.filter(account=person.account, region=person.region, id__in=ids)
    selection = person.readable(list(rows.select_related("vpc").order_by("name")))
    if action not in CHANGES or not selection:
        messages.warning(request, "Nothing was done: choose servers, then what to do with them.")
        return SeeOther(back)
    try:
        outcome = change(person, selection, action, marks=marks, confirmed="confirmed" in request.POST)
    except ConfirmationRequired as would:
        marks_shown = [switches_shown(server).mark for server in selection]
        context = {"servers": selection, "action": action, "alive": would.alive, "back": back, "marks": marks_shown}
        return full_page(request, person, "console/servers/confirm_bulk.html", context)
    for sentence in outcome.done:
        messages.success(request, sentence)
    for server, refusal in outcome.refused:
        messages.error(request, f"{server.name}: {refusal.message}")
    if outcome.credentials:
        messages.success(request, sentence_about(outcome.credentials).strip())
    return SeeOther(back)
