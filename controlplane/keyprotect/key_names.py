"""The forms of aliases and of the ids of key rings (Key Protect contract, section 2.4)."""

import re

ALIAS = re.compile(r"[A-Za-z0-9_-]{2,90}")
RING = re.compile(r"[A-Za-z0-9-]{2,100}")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
OF_PATHS = frozenset({"key", "keys", "metadata", "policy", "policies", "registration", "registrations", "allowed_ip"})
OF_ACTIONS = frozenset({"rotate", "wrap", "unwrap", "rewrap", "version", "versions", "ring", "rings"})
RESERVED = OF_PATHS | OF_ACTIONS
"""Words that would collide with paths of the API."""


def refusal_of_alias(alias: str) -> str:
    """Return why the text cannot be an alias; empty when it can."""
    if not ALIAS.fullmatch(alias):
        return "2 to 90 letters, digits, hyphens and underscores"
    if UUID.fullmatch(alias):
        return "another name than a UUID, because key ids are UUIDs"
    if alias in RESERVED:
        return f"none of the reserved words {', '.join(sorted(RESERVED))}"
    return ""


def is_ring(text: str) -> bool:
    return RING.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    return UUID.fullmatch(text) is not None
