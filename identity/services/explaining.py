"""Answers to questions about decisions: finds who and what is meant, and lets those explain who decide."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from servers.models import BareMetalServer
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
from trustedprofiles.models import ServiceId, TrustedProfile
from trustedprofiles.models.service_id import is_service_id
from trustedprofiles.selectors import authorize, find_profile_by_word, is_deactivated

READ_SERVER = "is.bare-metal-server.bare-metal-server.read"
READ_PROFILE = "iam-identity.profile.read"
API_KEY_ACTIONS = "iam-identity.apikey."
OWN_API_KEYS = ("iam-identity.apikey.list", "iam-identity.apikey.create")
"""What people may do without naming one of their API keys."""


@dataclass(frozen=True)
class Thing:
    """What a question may name by its id, in this attribute of the resource."""

    name: str
    actions: str
    attribute: str
    model: Any
    read: str


THINGS = (
    Thing("bare metal server", "is.bare-metal-server.", "bareMetalServerId", BareMetalServer, READ_SERVER),
    Thing("trusted profile", "iam-identity.profile.", "resource", TrustedProfile, READ_PROFILE),
    Thing("service ID", "iam-identity.serviceid.", "resource", ServiceId, "iam-identity.serviceid.read"),
)


def explain(asked: Mapping[str, Any], *, caller: Caller, now: datetime) -> Explanation:
    """Explain what was asked: ``action`` (and ``resource``) of ``subject``, of the bearer of ``token``, or of the
    caller; or ``profile`` and ``server``, or one of them. What is named is looked up in the caller's own account.

    Raises ReferenceNotFound for a server, a profile or an API key that is not there, or that the caller may not read.
    """
    if "server" in asked:
        facts = _server(asked["server"], asked, caller)
        if "profile" in asked:
            return explain_trust(_profile(asked["profile"], asked, caller), facts)
        return _explain_switch(facts)
    if "token" in asked:
        return _explain_token(asked, caller=caller, now=now)
    subject = asked.get("subject", caller.iam_id)
    return _explain_subject(asked, subject=subject, account_id=caller.account_id, caller=caller, now=now)


def is_about_caller(asked: Mapping[str, Any], caller: Caller) -> bool:
    """Whoever asks about itself, or holds the token it asks about, learns nothing that it could not try out."""
    if "token" in asked:
        return True
    if "server" in asked:
        crn = caller.compute_resource_crn
        return crn != "" and asked["server"] in (crn, crn.rpartition(":")[2])
    return asked.get("subject", caller.iam_id) in (caller.iam_id, identity_of(caller))


def _explain_token(asked: Mapping[str, Any], *, caller: Caller, now: datetime) -> Explanation:
    """Of an identity token, it is the server that counts; of an IAM token, its bearer and the bearer's account."""
    token = asked["token"]
    try:
        if "profile" in asked and signing.purpose_of(token) == KeyPair.Purpose.IDENTITY:
            _, facts = verify_presented_token(token, now=now)
            return explain_trust(_profile(asked["profile"], asked, caller), facts)
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
    if is_deactivated(subject):
        return {"decision": "deny", "because": f"{subject} was deactivated.", "subject": subject, "considered": []}
    if "action" not in asked:
        profile = _profile(asked["profile"], asked, caller)
        return explain_assumption(profile, subject=subject, account_id=account_id)
    action: str = asked["action"]
    resource = {"accountId": account_id, "serviceName": service_of(action), **asked.get("resource", {})}
    if action.startswith(API_KEY_ACTIONS) and resource.get("resourceType", "apikey") == "apikey":
        key = _api_key(account_id, resource["resource"]) if "resource" in resource else None
        own = key.iam_id == subject if key else action in OWN_API_KEYS
        if own and subject.startswith("IBMid-"):
            return _own_api_key(key.id if key else subject, subject, action, resource)
        if key and is_service_id(key.iam_id):  # whose keys belong to it (D-72)
            resource |= {"resourceType": "serviceid", "resource": key.iam_id.removeprefix("iam-")}
    elif resource["accountId"] == account_id:
        _require_there(action, resource, None if is_about_caller(asked, caller) else caller)
    return explain_access(account_id=account_id, subject=subject, action=action, resource=resource, now=now)


def _server(wanted: str, asked: Mapping[str, Any], caller: Caller) -> ServerFacts:
    server = server_by_word(caller.account_id, wanted)
    if server is not None and (is_about_caller(asked, caller) or may_read_server(caller, server)):
        return facts_of(server)
    raise ReferenceNotFound("There is no server of this id, CRN or name in your account.", target=Target("server"))


def _profile(wanted: str, asked: Mapping[str, Any], caller: Caller) -> TrustedProfile:
    profile = find_profile_by_word(caller.account_id, wanted)
    if profile is not None:
        resource = {"accountId": profile.account_id, "serviceName": "iam-identity", **profile.policy_attributes}
        if is_about_caller(asked, caller) or authorize(caller, action=READ_PROFILE, resource=resource):
            return profile
    raise ReferenceNotFound(
        "There is no trusted profile of this id, CRN or name in your account.", target=Target("profile")
    )


def _api_key(account_id: str, id: str) -> ApiKey:
    key = ApiKey.objects.filter(account_id=account_id, id=id).first()
    if key is None:
        raise ReferenceNotFound("There is no API key of this id in your account.", target=Target("resource"))
    return key


def may_read_server(caller: Caller, server: BareMetalServer) -> bool:
    resource = {"accountId": server.account_id, "serviceName": "is", **server.policy_attributes}
    return bool(authorize(caller, action=READ_SERVER, resource=resource))


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


def _require_there(action: str, resource: Mapping[str, str], caller: Caller | None) -> None:
    """What a question names by its id must be there, as for a call of the API. Raises ReferenceNotFound, also for what
    the caller may not read; None: whoever asks about itself is told so much by the API, too."""
    kind = next((kind for kind in THINGS if action.startswith(kind.actions)), None)
    id = resource.get(kind.attribute) if kind else None
    if kind is None or id in (None, "*"):
        return
    there = kind.model.objects.filter(account_id=resource["accountId"], id=id).exists()
    if not there or (caller and not authorize(caller, action=kind.read, resource=resource)):
        raise ReferenceNotFound(f"There is no {kind.name} of this id in your account.", target=Target("resource"))


def _own_api_key(id: str, subject: str, action: str, resource: dict[str, str]) -> Explanation:
    """People may do to their own API keys what they like."""
    return {
        "decision": "allow",
        "because": "people manage their own API keys",
        "explanation": questions.access_url(subject, action, resource),
        "subject": subject,
        "action": action,
        "resource": resource,
        "decided_by": {"type": "own_api_key", "id": id},
        "considered": [],
    }
