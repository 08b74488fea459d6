"""Answers to questions about decisions: finds the subject and the resource, and lets the deciding code explain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import Unauthenticated
from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.verdict import Allowed, Verdict
from identity import metadata_access, signing
from identity.models import ApiKey, KeyPair
from identity.services.iam_tokens import verify_iam_token
from identity.services.identity_tokens import verify_presented_token
from identity.services.resource_attributes import TAGGING, is_list, require_action, resource_of
from identity.services.resource_lookup import PROFILE, SERVER, Asker, named, not_found, readable
from identity.services.subject_lookup import is_the_caller, subject_of
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import images_of, server_by_word
from servers.services.images import may_change
from trustedprofiles import explain_urls, visible_users
from trustedprofiles.actions import service_of
from trustedprofiles.assume import identity_of
from trustedprofiles.explanations import (
    DecidedBy,
    Explanation,
    decision_of,
    explain_access,
    explain_assumption,
    explain_trust,
)
from trustedprofiles.models import TrustedProfile
from trustedprofiles.restrictions import CREATE_OWN_API_KEY, needs_named_role
from trustedprofiles.selectors import is_deactivated
from trustedprofiles.tagged_resources import plain

API_KEY_ACTIONS = "iam-identity.apikey."
IMAGE_CHANGES = ("is.image.image.update", "is.image.image.delete")
PERSON, SERVER_ITSELF = "IBMid-", "crn-"
"""The prefixes of the IAM ids of people, and of the ids by which trusted profiles know servers."""
CREATE_API_KEY = "iam-identity.apikey.create"
OWN_API_KEYS = ("iam-identity.apikey.list", CREATE_API_KEY)
"""The actions on their own API keys that people may do without naming one."""
OWN_KEYS = "people manage their own API keys"
OWN_USER = "people see themselves in the list of users"


def explain(asked: Mapping[str, Any], *, caller: Caller, region: str, now: datetime) -> Explanation:
    """Explain the decision that a question is about.

    The question has ``action`` (and ``resource``) of ``subject``, of the bearer of ``token``, or of the caller; or
    ``profile`` and ``server``, or one of them. Names are looked up in the caller's own account, by id, CRN or name;
    ``region`` is the one that was called. Raises ReferenceNotFound for a resource that does not exist or that the
    caller may not read, and for an unknown action.
    """
    asker = Asker(caller, region, own=is_about_caller(asked, caller))
    if "action" in asked:
        require_action(asked["action"])
    if "server" in asked:
        facts = _server(asked["server"], asker)
        if "profile" in asked:
            return explain_trust(_profile(asked["profile"], asker), facts)
        return _explain_switch(facts)
    if "token" in asked:
        return _explain_token(asked, asker=asker, now=now)
    if "action" in asked:
        subject = subject_of(asked["subject"], asker) if "subject" in asked else caller.iam_id
        return _explain_access(asked, subject=subject, asker=asker, now=now)
    subject = subject_of(asked["subject"], asker, may_be_foreign=True) if "subject" in asked else caller.iam_id
    if subject.startswith(SERVER_ITSELF) and asked["subject"] != subject:  # named; links and rules decide
        facts = _server(subject.removeprefix(SERVER_ITSELF), asker)
        return explain_trust(_profile(asked["profile"], asker), facts)
    return _explain_assumption(_profile(asked["profile"], asker), subject=subject, account_id=caller.account_id)


def is_about_caller(asked: Mapping[str, Any], caller: Caller) -> bool:
    """Return whether a question is about the caller itself or about a token that it holds.

    The answer reveals nothing then that the caller could not find out by trying.
    """
    if "token" in asked:
        return True
    if "server" in asked:
        crn = caller.compute_resource_crn
        return crn != "" and asked["server"] in (crn, crn.rpartition(":")[2])
    return "subject" not in asked or is_the_caller(asked["subject"], caller)


def _explain_token(asked: Mapping[str, Any], *, asker: Asker, now: datetime) -> Explanation:
    """Explain a question about a token.

    For an identity token, the answer is about its server; for an IAM token, about its bearer and the bearer's account.
    """
    token = asked["token"]
    try:
        if "profile" in asked and signing.purpose_of(token) == KeyPair.Purpose.IDENTITY:
            _, facts = verify_presented_token(token, now=now)
            return explain_trust(_profile(asked["profile"], asker), facts)
        bearer = verify_iam_token(token, now=now)
    except Unauthenticated as refusal:
        return {
            "decision": "deny",
            "because": refusal.message,
            "considered": [],
        }
    if "action" in asked:
        as_bearer = Asker(bearer, asker.region, own=True)
        return _explain_access(asked, subject=bearer.iam_id, asker=as_bearer, now=now)
    profile = _profile(asked["profile"], asker)
    return _explain_assumption(profile, subject=identity_of(bearer), account_id=bearer.account_id)


def _explain_assumption(profile: TrustedProfile, *, subject: str, account_id: str) -> Explanation:
    if is_deactivated(subject):
        return _deactivated(subject)
    return explain_assumption(profile, subject=subject, account_id=account_id)


def _explain_access(asked: Mapping[str, Any], *, subject: str, asker: Asker, now: datetime) -> Explanation:
    """Explain how the API would answer the subject, in the asker's account."""
    if is_deactivated(subject):
        return _deactivated(subject)
    action, words = asked["action"], asked.get("resource", {})
    resource = resource_of(action, words, asker)
    if subject.startswith(SERVER_ITSELF):
        because = f"{subject} is a server: it calls the API as a trusted profile. Ask about the profile."
        return {"decision": "deny", "because": because, "subject": subject, "action": action, "considered": []}
    own = _own_api_key(action, words, resource, subject=subject, account_id=asker.caller.account_id)
    if own and action == CREATE_API_KEY and needs_named_role(asker.caller.account_id, CREATE_OWN_API_KEY):
        return _explain_access({"action": CREATE_OWN_API_KEY}, subject=subject, asker=asker, now=now)
    if own:
        return _own({"type": "own_api_key", "id": own}, OWN_KEYS, subject, action, resource)
    if _is_own_user(action, resource, subject=subject):
        return _own({"type": "own_user", "id": subject}, OWN_USER, subject, action, resource)
    answers = (
        explain_access(
            account_id=asker.caller.account_id,
            subject=subject,
            action=action,
            resource=each,
            now=now,
            lists=is_list(action, resource),
        )
        for each in (*_whole_service(action, resource), resource)
    )
    answer = next(answers)
    if answer["decision"] == "deny":
        answer = next(answers, answer)
    if answer["decision"] == "allow" and not (verdict := _changeable(action, resource)):
        answer = {**answer, "decision": "deny", "because": verdict.because}
        answer.pop("decided_by", None)
    return answer


def _changeable(action: str, resource: Mapping[str, str]) -> Verdict:
    """Return whether the resource may be changed at all.

    No user may change an image of IBM, even if policies grant it.
    """
    if action in IMAGE_CHANGES and "imageId" in resource:
        image = images_of(resource["accountId"]).filter(id=resource["imageId"]).first()
        if image is not None:
            return may_change(image)
    return Allowed("it takes no more than a policy")


def _whole_service(action: str, resource: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the tagging service as a whole as a resource, if the action is one of tagging on another resource.

    A right on tagging as a whole, or one on the resource, allows putting tags on it (D-25).
    """
    service = service_of(action)
    if service != TAGGING or resource["serviceName"] == service:
        return []
    return [{"accountId": resource["accountId"], "serviceName": service}]


def _own_api_key(
    action: str, said: str | Mapping[str, str], resource: Mapping[str, str], *, subject: str, account_id: str
) -> str:
    """Return the id of the person's own API key that the question is about, or of the person if it is about all of
    them.

    Empty when policies decide. Only people manage their own API keys.
    """
    if not action.startswith(API_KEY_ACTIONS) or not subject.startswith(PERSON):
        return ""
    if "resource" in resource:
        key = ApiKey.objects.filter(account_id=account_id, id=resource["resource"], iam_id=subject).first()
        return key.id if key else ""
    # With a type, the API asks about the keys of all subjects.
    return subject if action in OWN_API_KEYS and "resourceType" not in said else ""


def _is_own_user(action: str, resource: Mapping[str, str], *, subject: str) -> bool:
    """Return whether the action is about seeing users and the subject, a person, is among them."""
    if action not in (visible_users.READ, visible_users.READ_SETTINGS) or not subject.startswith(PERSON):
        return False
    return is_list(action, resource) or resource.get("resource") == subject


def _server(wanted: str, asker: Asker) -> ServerFacts:
    row = named(SERVER, wanted, asker, target="server")
    server = server_by_word(row.account_id, row.id)
    if server is None:
        raise not_found(SERVER.noun, "", target="server")  # it was deleted meanwhile
    return facts_of(server)


def _profile(wanted: str, asker: Asker) -> TrustedProfile:
    profile: TrustedProfile = named(PROFILE, wanted, asker, target="profile", name_is_told=True)
    return profile


def may_read_server(caller: Caller, server: BareMetalServer) -> bool:
    return readable(SERVER, server, Asker(caller, server.region))


def _deactivated(subject: str) -> Explanation:
    return {"decision": "deny", "because": f"{subject} was deactivated.", "subject": subject, "considered": []}


def _explain_switch(facts: ServerFacts) -> Explanation:
    verdict = metadata_access.may_use_metadata(facts)
    answer: Explanation = {
        "decision": decision_of(verdict),
        "because": verdict.because,
        "explanation": explain_urls.server_url(facts.crn),
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


def _own(decided_by: DecidedBy, because: str, subject: str, action: str, resource: dict[str, str]) -> Explanation:
    """Return the answer for people's access to their own API keys or user, which takes no policy."""
    return {
        "decision": "allow",
        "because": because,
        "explanation": explain_urls.access_url(subject, action, plain(resource)),
        "subject": subject,
        "action": action,
        "resource": plain(resource),
        "decided_by": decided_by,
        "considered": [],
    }
