"""Policies of keys and of instances of Key Protect, in the form in which IBM's clients send them."""

from typing import Any

from keyprotect import IbmKeyProtectApiV2

POLICY_TYPE = "application/vnd.ibm.kms.policy+json"


def collection(*policies: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    """The body of a request that sets ``policies``; ``total`` is what it says about their number."""
    number = len(policies) if total is None else total
    return {"metadata": {"collectionType": POLICY_TYPE, "collectionTotal": number}, "resources": list(policies)}


def rotation(**members: Any) -> dict[str, Any]:
    """A rotation policy of a key, with ``enabled`` or ``interval_month`` or both."""
    return {"type": POLICY_TYPE, "rotation": members}


def dual_authorization(enabled: bool = True) -> dict[str, Any]:
    """The policy of a key about its deletion."""
    return {"type": POLICY_TYPE, "dualAuthDelete": {"enabled": enabled}}


def of_instance(kind: str, *, enabled: bool = True, **attributes: Any) -> dict[str, Any]:
    """A policy of an instance; one without attributes has no such member."""
    data: dict[str, Any] = {"enabled": enabled, **({"attributes": attributes} if attributes else {})}
    return {"policy_type": kind, "policy_data": data}


def policies_in(response: Any) -> list[dict[str, Any]]:
    """The policies that are answered; an answer without any has no ``resources``."""
    answer = response.get_result()
    policies = list(answer.get("resources", []))
    assert answer["metadata"]["collectionTotal"] == len(policies)
    return policies


def kinds_of(keys: IbmKeyProtectApiV2, key: dict[str, Any], guid: str) -> set[str]:
    """The types of the policies that a key has."""
    policies = policies_in(keys.get_policy(key["id"], guid))
    return {kind for policy in policies for kind in ("rotation", "dualAuthDelete") if kind in policy}
