"""Answers to questions about decisions: finds who and what is meant, and lets those explain who decide."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import ReferenceNotFound, Target, Unauthenticated
from controlplane.kernel.facts import ServerFacts
from identity import admission, signing
from identity.models import ApiKey, KeyPair
from identity.services.iam_tokens import verify_iam_token
from identity.services.identity_tokens import verify_presented_token
from servers.facts import facts_of
from servers.selectors import server_by_word
from trustedprofiles import questions
from trustedprofiles.actions import service_of
from trustedprofiles.assuming import identity_of
from trustedprofiles.explanations import (
    Explanation,
    decision_of,
    explain_access,
    explain_assumption,
    explain_trust,
)
from trustedprofiles.models import TrustedProfile
from trustedprofiles.selectors import find_profile_by_word


def explain(asked: Mapping[str, Any], *, caller: Caller, now: datetime) -> Explanation:
    """Explain what was asked: ``action`` (and ``resource``) of ``subject``, of the bearer of ``token``, or of the
    caller; or ``profile`` and ``server``, or one of them. What is named is looked up in the caller's own account.

    Raises ReferenceNotFound for a server or a profile that is not there.
    """
    if "server" in asked:
        facts = _server(caller, asked["server"])
        return (
            explain_trust(_profile(caller, asked["profile"]), facts) if "profile" in asked else _explain_switch(facts)
        )
    if "token" in asked:
        return _explain_token(asked, caller=caller, now=now)
    subject = asked.get("subject", caller.iam_id)
    return _explain_subject(asked, subject=subject, account_id=caller.account_id, caller=caller, now=now)


def _explain_token(asked: Mapping[str, Any], *, caller: Caller, now: datetime) -> Explanation:
    """Of an identity token, it is the server that counts; of an IAM token, its bearer and the bearer's account."""
    token = asked["token"]
    try:
        if "profile" in asked and signing.purpose_of(token) == KeyPair.Purpose.IDENTITY:
            _, facts = verify_presented_token(token, now=now)
            return explain_trust(_profile(caller, asked["profile"]), facts)
        bearer = verify_iam_token(token, now=now)
    except Unauthenticated as refusal:
        return {
            "decision": "deny",
            "because": refusal.message,
            "considered": [],
        }
    subject = bearer.iam_id if "action" in asked else identity_of(bearer)
    return _explain_subject(asked, subject=subject, account_id=bearer.account_id, caller=caller, now=now)


def _explain_subject(
    asked: Mapping[str, Any], *, subject: str, account_id: str, caller: Caller, now: datetime
) -> Explanation:
    if "action" not in asked:
        return explain_assumption(_profile(caller, asked["profile"]), subject=subject, account_id=account_id)
    action: str = asked["action"]
    resource = {"accountId": account_id, "serviceName": service_of(action), **asked.get("resource", {})}
    if own := _own_api_key(subject, action, resource):
        return own
    return explain_access(account_id=account_id, subject=subject, action=action, resource=resource, now=now)


def _server(caller: Caller, wanted: str) -> ServerFacts:
    server = server_by_word(caller.account_id, wanted)
    if server is None:
        raise ReferenceNotFound("There is no server of this id, CRN or name in your account.", target=Target("server"))
    return facts_of(server)


def _profile(caller: Caller, wanted: str) -> TrustedProfile:
    profile = find_profile_by_word(caller.account_id, wanted)
    if profile is None:
        raise ReferenceNotFound(
            "There is no trusted profile of this id, CRN or name in your account.", target=Target("profile")
        )
    return profile


def _explain_switch(facts: ServerFacts) -> Explanation:
    verdict = admission.admit(facts)
    answer: Explanation = {
        "decision": decision_of(verdict),
        "because": verdict.because,
        "explanation": questions.server_url(facts.crn),
        "server": facts.crn,
        "considered": [],
    }
    if verdict:
        answer["decided_by"] = {"type": "metadata_service", "id": facts.crn}
    else:
        path = f"/v1/bare_metal_servers/{facts.id}" if facts.metadata_allowed else "/_baremint/account"
        switch: dict[str, Any] = {"metadata_service": {"enabled": True}}
        answer["nearest"] = {"because": verdict.because, "request": {"method": "PATCH", "path": path, "body": switch}}
    return answer


def _own_api_key(subject: str, action: str, resource: dict[str, str]) -> Explanation | None:
    """People may do to their own API keys what they like."""
    if not action.startswith("iam-identity.apikey.") or resource.get("resourceType") != "apikey":
        return None
    key = ApiKey.objects.filter(id=resource.get("resource", ""), iam_id=subject).first()
    if key is None or not subject.startswith("IBMid-"):
        return None
    return {
        "decision": "allow",
        "because": "the API key is the subject's own",
        "explanation": questions.access_url(subject, action, resource),
        "subject": subject,
        "action": action,
        "resource": resource,
        "decided_by": {"type": "own_api_key", "id": key.id},
        "considered": [],
    }
