"""The account's switch of the metadata service of all its servers."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from controlplane.activity.record import Party
from controlplane.console.access import ADMINISTER, Person
from controlplane.console.confirmed_changes import sentence_about
from controlplane.console.pages import SWITCH, page, return_path, success_response
from controlplane.console.views.server import ask
from controlplane.kernel import clock
from controlplane.kernel.errors import InvalidValue
from controlplane.kernel.form_snapshot import FIELD, require_as_shown
from controlplane.kernel.live_credentials import Alive
from identity.live_credentials import ended_by_switching_off
from servers.events import ACCOUNT
from servers.form_snapshot import account_shown
from servers.models import AccountSettings, BareMetalServer
from servers.services.metadata_service import switch_account


@page("POST")
def switch(request: HttpRequest, person: Person) -> HttpResponse:
    """Switch every server of the account. Switching off asks first when it ends tokens or certificates."""
    account, back, now = person.account, return_path(request, "/servers"), clock.now()
    servers = BareMetalServer.objects.filter(account=account)
    enabled = SWITCH.get(request.POST.get("enabled", ""))
    with person.recording(f"{ACCOUNT}.update", Party(account.id, account.name, "Account")), transaction.atomic():
        person.require(ADMINISTER)
        if enabled is None:
            raise InvalidValue("Say whether the account has the metadata service: enabled is true or false.")
        settings, _ = AccountSettings.objects.select_for_update().get_or_create(account=account)
        present = account_shown(account, enabled=settings.metadata_service)
        if settings.metadata_service != enabled:
            require_as_shown([present], request.POST.getlist(FIELD))
        before = Alive() if enabled else ended_by_switching_off(servers, now=now)
        if before and "confirmed" not in request.POST:
            context = {"account": account, "alive": before, "back": back, "marks": [present.mark]}
            return ask(request, person, "console/account/confirm_off.html", context)
        switch_account(account, enabled=enabled, by=person.by)
        remaining = ended_by_switching_off(servers, now=now) if before else before
    sentence = f"Switched {'on' if enabled else 'off'} for the account: {account.name}."
    return success_response(request, f"{sentence}{sentence_about(before - remaining)}", back=back)
