"""One server's page: its properties, its credentials, the profiles that trust it, its events."""

from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings

from controlplane.activity.selectors import events_on
from controlplane.console.access import (
    CERTIFICATE,
    INITIALIZATION,
    PROFILE,
    ROTATION,
    SERVER,
    Person,
)
from controlplane.console.presenters.account import account_switch
from controlplane.console.presenters.certificates import certificates_of
from controlplane.console.presenters.events import event_row
from controlplane.console.presenters.servers import server_row
from controlplane.console.presenters.snippets import snippets
from controlplane.console.presenters.tokens import live_tokens
from controlplane.console.visible_events import visible
from controlplane.deployment.endpoints import metadata_url
from controlplane.deployment.home import CA_BUNDLE
from controlplane.kernel.errors import Conflict
from identity.form_snapshot import renewal_shown
from identity.models import CertificateRotation
from servers.addressing import loopback_address
from servers.claim_columns import claims_named
from servers.lifecycle import begin
from servers.models import BareMetalServer
from trustedprofiles.trust_lookups import Trust, profiles_trusting

MOST_EVENTS = 15
ACTS = (("start", "Start"), ("stop", "Stop"), ("restart", "Restart"), ("delete", "Delete"))


def server_page(person: Person, server: BareMetalServer) -> dict[str, Any]:
    """The parts of the page that are not refreshed."""
    url = metadata_url(loopback_address(server.number), protocol=server.metadata_protocol)
    may = {
        "operate": bool(person.may(f"{SERVER}.operate", server.policy_attributes)),
        "initialize": bool(person.may(f"{INITIALIZATION}.update", server.policy_attributes)),
    }
    return {
        "server": server,
        "url": url,
        "initialization": server.initialization if _sees_initialization(person, server) else None,
        "may": may,
        "snippets": snippets(
            url, profile_to_name(person, server), ca_bundle=str((settings.HOME.path / CA_BUNDLE).resolve())
        ),
    }


def server_state(person: Person, server: BareMetalServer) -> dict[str, Any]:
    """Its status and switches. ``server`` as ``servers_to_show`` reads it."""
    attributes = server.policy_attributes
    row = server_row(
        server,
        bool(person.may(f"{SERVER}.update", attributes)),
        shows_profile=_sees_initialization(person, server),
        names_profile=bool(person.may(f"{PROFILE}.list")),
        shows_use=person.sees_activity,
    )
    acts = _acts(server) if person.may(f"{SERVER}.operate", attributes) else []
    return {"row": row, "reasons": server.status_reasons, "acts": acts, "account": account_switch(person)}


def _acts(server: BareMetalServer) -> list[tuple[str, str, bool]]:
    """The actions on the server: value, label, and whether its status allows it now."""
    return [(action, word, _allows(server, action)) for action, word in ACTS]


def _allows(server: BareMetalServer, action: str) -> bool:
    try:
        begin(action, status=server.status, under_way=server.transition)
    except Conflict:
        return False
    return True


def server_holdings(person: Person, server: BareMetalServer, *, now: datetime) -> dict[str, Any]:
    """Its credentials, the profiles that trust it, its events; None for what the person may not read."""
    attributes = server.policy_attributes
    rotating = CertificateRotation.objects.filter(server=server).exists()
    sees_rotation = bool(person.may(f"{ROTATION}.read", attributes))
    certificates = events = tokens = None
    if person.may(f"{CERTIFICATE}.list", attributes):
        certificates = certificates_of(server.id, now=now, rotating=rotating and sees_rotation)
    if person.sees_activity:
        tokens = live_tokens(server, now=now)
        happened = visible(person, events_on(server.crn, account_id=server.account_id))
        events = [event_row(event) for event in happened[:MOST_EVENTS]]
    return {
        "instance_id": server.id,
        "tokens": tokens,
        "certificates": certificates,
        "rotating": rotating,
        "renewal_mark": renewal_shown(server, rotating=rotating).mark,
        "sees_rotation": sees_rotation,
        "may_rotate": bool(person.may(f"{ROTATION}.update", attributes)),
        "may_revoke": bool(person.may(f"{CERTIFICATE}.update", attributes)),
        "trusts": trusts_of(person, server) if person.may(f"{PROFILE}.list") else None,
        "events": events,
    }


def trusts_of(person: Person, server: BareMetalServer) -> list[Trust]:
    """The account's profiles that trust the server and that the person may read. Links of other accounts are not shown:
    any account that knows the CRN of a server can link it."""
    trusts = profiles_trusting(server, partial(claims_named, server))
    account_trusts = [trust for trust in trusts if trust.profile.account_id == person.account.id]
    verdicts = person.may_each(f"{PROFILE}.read", [trust.profile.policy_attributes for trust in account_trusts])
    return [trust for trust, verdict in zip(account_trusts, verdicts, strict=True) if verdict]


def profile_to_name(person: Person, server: BareMetalServer) -> str:
    """The trusted profile that an exchange has to name; empty when the server has a default one."""
    if server.initialization.default_trusted_profile_id:
        return ""
    return next((trust.profile.id for trust in trusts_of(person, server)), "")


def _sees_initialization(person: Person, server: BareMetalServer) -> bool:
    return bool(person.may(f"{INITIALIZATION}.read", server.policy_attributes))
