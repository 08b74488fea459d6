"""Forms that create and reinitialize a server, with the request bodies, checks and services of the REST API."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from controlplane.activity.record import Party
from controlplane.console.access import EVERY_SERVER, INITIALIZATION, SERVER, Person, server_party
from controlplane.console.pages import full_page, page, success_response
from controlplane.console.presenters import creation
from controlplane.console.presenters.form_snapshot import initialization_shown
from controlplane.console.presenters.forms import place_errors
from controlplane.console.views.server import find_server
from controlplane.kernel.errors import ApiError
from controlplane.kernel.form_snapshot import FIELD, ShownChanged, require_as_shown
from servers import events
from servers.api.extra_permissions import require_linking
from servers.api.server_requests import CreateServerBody, InitializationBody, initialization_prototype, server_prototype
from servers.models import BareMetalServer, Initialization
from servers.services.initialization import reinitialize
from servers.services.provisioning import create_server
from servers.services.row_locks import lock_row


@page("GET", "POST")
def create(request: HttpRequest, person: Person) -> HttpResponse:
    error = None
    if request.method == "POST":
        try:
            server = _create(person, request)
        except ApiError as refusal:
            error = refusal
        else:
            return success_response(request, f"{server.name} is being created.", back=f"/servers/{server.id}")
    else:
        person.require(f"{SERVER}.create", EVERY_SERVER)
    fields, above = place_errors(creation.creation_fields(person, request.POST), error, creation.PATHS)
    context = {"fields": fields, "above": above}
    return full_page(request, person, "console/servers/new.html", context, status=error.status if error else 200)


def _create(person: Person, request: HttpRequest) -> BareMetalServer:
    with person.recording(f"{events.SERVER}.create", Party(name="*")):
        person.require(f"{SERVER}.create", EVERY_SERVER)
        prototype = server_prototype(CreateServerBody.check(creation.creation_body(request.POST, person)))
        require_linking(person.caller, prototype.initialization, path="initialization.default_trusted_profile")
        return create_server(person.account, prototype=prototype, region=person.region, by=person.by)


@page("GET", "POST", subject=find_server)
def initialize(request: HttpRequest, person: Person, server: BareMetalServer) -> HttpResponse:
    error = None
    if request.method == "POST":
        try:
            _initialize(person, server, request)
        except ShownChanged:
            raise
        except ApiError as refusal:
            error = refusal
        else:
            return success_response(request, f"{server.name} is being reinitialized.", back=f"/servers/{server.id}")
    else:
        person.require(f"{INITIALIZATION}.update", server.policy_attributes)
    fields, above = place_errors(creation.initialization_fields(person, request.POST, server), error, creation.PATHS)
    context = {"server": server, "fields": fields, "above": above}
    context["marks"] = request.POST.getlist(FIELD) or [initialization_shown(server, server.initialization).mark]
    return full_page(request, person, "console/server/initialize.html", context, status=error.status if error else 200)


def _initialize(person: Person, server: BareMetalServer, request: HttpRequest) -> None:
    with person.recording(f"{events.INITIALIZATION}.update", server_party(server)):
        person.require(f"{INITIALIZATION}.update", server.policy_attributes)
        prototype = initialization_prototype(InitializationBody.check(creation.initialization_body(request.POST)))
        require_linking(person.caller, prototype, path="default_trusted_profile")
        with transaction.atomic():
            lock_row(server)
            present = Initialization.objects.get(pk=server.pk)
            require_as_shown([initialization_shown(server, present)], request.POST.getlist(FIELD))
            reinitialize(server, prototype, by=person.by)
