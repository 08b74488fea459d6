"""The data sources of IBM's Terraform provider for Key Protect, each with its calls in the provider's order."""

from typing import Any

from tests.keyprotect.provider_session import (
    GoClient,
    Session,
    decoded_key,
    policies_of_instance,
    policies_of_key,
)

PAGE = 200
LIMIT_OF_THE_CLIENT = 2000


def keys_by_name(session: Session, guid: str, name: str = "", *, limit: int = 0) -> list[dict[str, Any]]:
    """``ibm_kms_keys``: the keys of the list; with a name, those of this name."""
    rows = listed_keys(session.key_protect(guid), limit)
    assert rows  # otherwise the data source is an error
    return [each for each in rows if name in ("", each["name"])]


def keys_by_name_with_policies(session: Session, guid: str, name: str, *, limit: int = 0) -> list[dict[str, Any]]:
    """``ibm_kms_key`` by name."""
    client = session.key_protect(guid)
    rows = [each for each in listed_keys(client, limit) if each["name"] == name]
    return [{**each, "policies": policies_of_key(client, each["id"])} for each in rows]


def key_by_word(session: Session, guid: str, word: str) -> dict[str, Any]:
    """``ibm_kms_key`` and ``ibm_kms_keys`` by id or alias."""
    client = session.key_protect(guid)
    key = client.key(word)
    return {**key, "policies": policies_of_key(client, key["id"])}


def policies_by_id(session: Session, guid: str, key_id: str) -> dict[str, Any]:
    """``ibm_kms_key_policies`` by id."""
    return policies_of_key(session.key_protect(guid), key_id)


def policies_by_alias(session: Session, guid: str, alias: str) -> dict[str, Any]:
    """``ibm_kms_key_policies`` by alias, which asks for both by it."""
    client = session.key_protect(guid)
    return {"key_id": client.key(alias)["id"], **policies_of_key(client, alias)}


def instance_policies(session: Session, guid: str, policy_type: str = "") -> dict[str, Any]:
    """``ibm_kms_instance_policies``: all, or those of one type."""
    return policies_of_instance(session.key_protect(guid), f"?policy={policy_type}" if policy_type else "")


def key_rings(session: Session, guid: str) -> list[str]:
    """``ibm_kms_key_rings``; the default one has neither a creator nor a date."""
    return [each["id"] for each in session.key_protect(guid).resources("/key_rings")]


def listed_keys(client: GoClient, limit: int) -> list[dict[str, Any]]:
    """One list of as many keys as the client asks for; with a limit, pages until it is reached or one is not full."""
    rows: list[dict[str, Any]] = []
    while limit - len(rows) >= PAGE:
        page = client("GET", f"/keys?limit={PAGE}&offset={len(rows)}")
        rows += page.get("resources", [])
        if page["metadata"]["collectionTotal"] < PAGE or len(rows) == limit:
            return [decoded_key(each) for each in rows]
    rest = limit - len(rows) or LIMIT_OF_THE_CLIENT
    rows += client("GET", f"/keys?limit={rest}&offset={len(rows)}").get("resources", [])
    return [decoded_key(each) for each in rows]
