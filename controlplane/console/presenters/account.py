"""The account's switch of the metadata service of all its servers, shown wherever a server's own switch is."""

from dataclasses import dataclass

from controlplane.console.access import ADMINISTER, Person
from servers.form_snapshot import account_shown
from servers.models import AccountSettings

READ = "is.bare-metal-server.account-settings.read"


@dataclass(frozen=True)
class AccountSwitch:
    shows: bool
    """Whether the person may read the switch; otherwise it is shown as on."""
    on: bool
    may_change: bool
    mark: str


def account_switch(person: Person) -> AccountSwitch:
    shows = bool(person.may(READ))
    off = shows and AccountSettings.objects.filter(account=person.account, metadata_service=False).exists()
    return AccountSwitch(
        shows=shows,
        on=not off,
        may_change=shows and bool(person.may(ADMINISTER)),
        mark=account_shown(person.account, enabled=not off).mark,
    )
