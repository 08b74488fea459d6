"""The lineage of one event: request, server, trusted profile, policy, key; and a diagram of the calls that led to
it."""

from dataclasses import dataclass
from typing import Any

from controlplane.activity.events import IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.activity.selectors import events_on
from controlplane.console.access import POLICY, Person
from controlplane.console.presenters.diagrams import Diagram, Message, State, diagram
from identity.events import METADATA_CERTIFICATE_CREATE as CERTIFICATE
from identity.models import KeyPair
from servers.models import BareMetalServer
from trustedprofiles.models import Account, Policy, TrustedProfile
from trustedprofiles.service_roles import ROLES


@dataclass(frozen=True)
class Step:
    """One step of the lineage: its kind, its name, and its page."""

    kind: str
    name: str
    path: str
    note: str


def lineage_steps(person: Person, event: ActivityEvent) -> list[Step]:
    """The steps from the request back to the key, without those that the event does not record. The contents of a
    policy are only for persons who may read policies."""
    lineage = event.data.get("lineage", {})
    steps = [
        _request(event, lineage),
        _server(event, lineage),
        _profile(event),
        _policy(event, lineage, readable=bool(person.may(f"{POLICY}.read"))),
        _key(event.data.get("kid") or lineage.get("key", "")),
    ]
    return [step for step in steps if step]


def _request(event: ActivityEvent, lineage: dict[str, str]) -> Step:
    name = f"{lineage['method']} {lineage['path']}" if "method" in lineage else event.action
    agent = event.initiator_agent or "an unnamed program"
    note = f"from {event.initiator_address} by {agent}" if event.initiator_address else "by the service itself"
    return Step("Request", name, "", note)


def _server(event: ActivityEvent, lineage: dict[str, str]) -> Step | None:
    crn = lineage.get("server") or (event.initiator_id if event.initiator_type == "BareMetalServer" else "")
    if ":bare-metal-server:" not in crn:
        return Step("Person", event.initiator_name, "", event.initiator_id) if event.initiator_type == "User" else None
    server = BareMetalServer.objects.filter(account_id=event.account_id, id=crn.rpartition(":")[2]).first()
    if server is None:
        return Step("Server", crn.rpartition(":")[2], "", "deleted since")
    return Step("Server", server.name, f"/servers/{server.id}", "known by the address it called from")


def _profile(event: ActivityEvent) -> Step | None:
    profile_id = event.data.get("profile_id") or event.initiator_id.removeprefix("iam-")
    if not profile_id.startswith("Profile-"):
        return None
    profile = TrustedProfile.objects.filter(account_id=event.account_id, id=profile_id).first()
    if profile is None:
        return Step("Trusted profile", profile_id, "", "deleted since")
    note = event.data.get("because") or "the identity its token stands for"
    return Step("Trusted profile", profile.name, f"/profiles/{profile.id}", note)


def _policy(event: ActivityEvent, lineage: dict[str, str], *, readable: bool) -> Step | None:
    source = lineage.get("decided_by", "")
    if not source:
        return Step("Decision", "Refused", "", event.message) if event.reason_code == 403 else None
    if Account.objects.filter(id=source).exists():
        return Step("Decision", "Owner of the account", "", "no policy is needed")
    if not readable:
        return Step("Policy", source, "", "what it grants is for those who may read policies")
    policy = Policy.objects.filter(account_id=event.account_id, id=source).first() if _is_uuid(source) else None
    if policy is None:
        return Step("Decision", source, "", "deleted since, or no policy")
    roles = ", ".join(ROLES[crn].display_name if crn in ROLES else crn.rpartition(":")[2] for crn in policy.roles)
    return Step("Policy", roles, "", f"policy {policy.id}")


def _is_uuid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


def _key(kid: str) -> Step | None:
    key = KeyPair.objects.filter(kid=kid).defer("ciphertext", "nonce").first() if kid else None
    return Step("Key", key.kid, "/keys", f"{key.get_purpose_display()}, {key.state} now") if key else None


def calls_before(event: ActivityEvent) -> list[ActivityEvent]:
    """The calls that led to this one, oldest first, and itself: identity token, IAM token, call."""
    lineage = event.data.get("lineage", {})
    crn = lineage.get("server") or event.target_id
    chain = [event]
    if (token := lineage.get("token")) and (exchange := _issuing(event, crn, METADATA_LOGIN, token)):
        chain.insert(0, exchange)
    if (identity := chain[0].data.get("identity_jti")) and (
        first := _issuing(event, crn, IDENTITY_TOKEN_CREATE, identity)
    ):
        chain.insert(0, first)
    return chain


def _issuing(later: ActivityEvent, crn: str, action: str, jti: str) -> ActivityEvent | None:
    """The event that issued this token to a server of the same account."""
    events = events_on(crn, account_id=later.account_id).filter(action=action, outcome=ActivityEvent.Outcome.SUCCESS)
    return events.filter(id__lt=later.pk, data__jti=jti).first()


WORDS = {IDENTITY_TOKEN_CREATE: "identity token", METADATA_LOGIN: "IAM token", CERTIFICATE: "certificate"}


def calls_diagram(chain: list[ActivityEvent]) -> Diagram | None:
    """The calls of a program on a server; None for calls of users and of the service itself."""
    if chain[0].initiator_type != "BareMetalServer":
        return None
    server = chain[0].initiator_name
    messages = [_message(event) for event in chain]
    return diagram("Preceding calls", [f"Program on {server}", "Metadata service", "Control plane"], messages)


def _message(event: ActivityEvent) -> Message:
    state: State = "done" if event.outcome == ActivityEvent.Outcome.SUCCESS else "refused"
    target = 1 if event.action in WORDS else 2
    return Message(0, target, f"{WORDS.get(event.action) or _asked(event)}: {event.reason_code}", state)


def _asked(event: ActivityEvent) -> str:
    lineage: dict[str, Any] = event.data.get("lineage", {})
    return f"{lineage.get('method', '')} {lineage.get('path', event.action)}"[:56].strip()
