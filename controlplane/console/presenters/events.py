"""Activity events as rows of a list."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from controlplane.activity.events import IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.keyprotect import events as key_events
from identity.events import KEY_ASK_ROTATION, KEY_ROTATE, METADATA_CERTIFICATE_CREATE

WORDS = {
    IDENTITY_TOKEN_CREATE: ("Identity token", "issued"),
    METADATA_LOGIN: ("IAM token", "issued"),
    METADATA_CERTIFICATE_CREATE: ("Identity certificate", "issued"),
    KEY_ROTATE: ("Key", "rotated"),
    KEY_ASK_ROTATION: ("Rotation of a key", "asked for"),
    "baremint.console.login": ("Person", "signed in"),
    "baremint.account.update": ("Account switch", "changed"),
    key_events.LIST: ("Keys", "listed"),
    key_events.HEAD: ("Keys", "counted"),
    key_events.PATCH: ("Key", "moved to another key ring"),
    key_events.WRAP: ("Data key", "wrapped"),
    key_events.UNWRAP: ("Data key", "unwrapped"),
    key_events.REWRAP: ("Data key", "wrapped again"),
    key_events.READ_METADATA: ("Metadata of a key", "read"),
    key_events.LIST_VERSIONS: ("Versions of a key", "listed"),
    key_events.CREATE_ALIAS: ("Alias of a key", "created"),
    key_events.DELETE_ALIAS: ("Alias of a key", "deleted"),
    key_events.LIST_RINGS: ("Key rings", "listed"),
    key_events.CREATE_RING: ("Key ring", "created"),
    key_events.DELETE_RING: ("Key ring", "deleted"),
    key_events.SET_FOR_DELETION: ("Deletion of a key", "authorized"),
    key_events.UNSET_FOR_DELETION: ("Authorization to delete a key", "taken back"),
    key_events.SYNCHRONIZE: ("Synchronization of what a key protects", "asked for"),
    key_events.READ_POLICIES: ("Policies of a key", "read"),
    key_events.WRITE_POLICIES: ("Policies of a key", "set"),
    key_events.READ_INSTANCE_POLICIES: ("Policies of an instance", "read"),
    key_events.WRITE_INSTANCE_POLICIES: ("Policies of an instance", "set"),
    key_events.READ_ALLOWED_PORT: ("Port of an instance", "read"),
    key_events.WRITE_REGISTRATION: ("Registration of a resource", "changed"),
}
NOUNS = {
    "acl": "ACL",
    "accountsettings": "account settings",
    "apikey": "API key",
    "computeresource": "compute resource",
    "dns": "DNS",
    "ike": "IKE",
    "ip": "IP",
    "ipsec": "IPsec",
    "kek": "key-encryption key",
    "refreshtoken": "refresh token",
    "secrets": "key",
    "serviceid": "service ID",
    "vpc": "VPC",
    "vpn": "VPN",
}
"""The spelling of words in event names."""
VERBS = {
    "create": "created",
    "read": "read",
    "list": "listed",
    "update": "changed",
    "delete": "deleted",
    "start": "started",
    "stop": "stopped",
    "restart": "restarted",
    "attach": "attached",
    "detach": "detached",
    "add": "added",
    "activate": "activated",
    "expire": "expired",
    "export": "exported",
    "complete": "completed",
    "invite": "invited",
    "login": "used to log in",
    "set": "set",
    "reset": "reset",
    "renew": "renewed",
    "rotate": "rotated",
    "prepare": "prepared",
    "discard": "discarded",
    "retire": "retired",
    "revoke": "revoked",
    "retrieve": "read",
    "lock": "locked",
    "unlock": "unlocked",
    "reclaim": "reclaimed",
    "restore": "restored",
    "cancel": "cancelled",
    "disable": "disabled",
    "enable": "enabled",
    "purge": "purged",
}


@dataclass(frozen=True)
class EventRow:
    event: ActivityEvent
    path: str
    text: str
    success: bool
    initiator: str
    target: str
    explanation: str
    """The path of the page that explains the refusal; empty without an access decision."""


def event_row(event: ActivityEvent) -> EventRow:
    return EventRow(
        event=event,
        path=f"/activity/{event.pk}",
        text=describe(event.action, success=event.outcome == ActivityEvent.Outcome.SUCCESS),
        success=event.outcome == ActivityEvent.Outcome.SUCCESS,
        initiator=event.initiator_name or event.initiator_id or "unknown",
        target=event.target_name or event.target_id,
        explanation=explanation_path(event.data.get("explanation", "")),
    )


def explanation_path(more_info: str) -> str:
    """The path of the console's page for the explanation that a refusal links to."""
    query = urlsplit(more_info).query
    return f"/explain?{query}" if query else ""


def describe(action: str, *, success: bool = True) -> str:
    """``is.subnet.reserved-ip.create`` is "Reserved IP created" or "not created"; an unknown pattern stays as it is."""
    *_, noun, verb = ("", "", *action.split("."))
    words = " ".join(NOUNS.get(word, word) for word in noun.replace("_", "-").split("-"))
    subject, participle = WORDS.get(action, (words, VERBS.get(verb, "")))
    if not (subject and participle):
        return action
    return f"{subject[0].upper()}{subject[1:]} {participle if success else f'not {participle}'}"
