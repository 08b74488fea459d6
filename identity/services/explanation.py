"""Answers to questions about decisions: finds the subject and the resource, and lets the deciding code explain."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import Unauthenticated
from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.verdict import Allowed, Verdict
from identity import metadata_access, signing
from identity.models import KeyPair
from identity.services.iam_tokens import verify_iam_token
from identity.services.identity_tokens import verify_presented_token
from identity.services.own_access import CREATE_API_KEY, explain_own_access
from identity.services.resource_attributes import TAGGING, is_list, require_action, resource_of
from identity.services.resource_lookup import PROFILE, SERVER, Asker, named, not_found, readable
from identity.services.subject_lookup import is_the_caller, subject_of
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import images_of, server_by_word
from servers.services.images import may_change
from trustedprofiles import explain_urls
from trustedprofiles.actions import service_of
from trustedprofiles.assume import identity_of
from trustedprofiles.explanation_shapes import Decision, Explanation
from trustedprofiles.explanations import decision_of, explain_access, explain_assumption, explain_trust
from trustedprofiles.models import TrustedProfile
from trustedprofiles.restrictions import CREATE_OWN_API_KEY, needs_named_role
from trustedprofiles.selectors import is_deactivated

IMAGE_CHANGES = ("is.image.image.update", "is.image.image.delete")
SERVER_ITSELF = "crn-"
"""The prefix of the ids by which trusted profiles know servers."""


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
        return _explain_one(asked, subject=subject, asker=asker, now=now)
    subject = subject_of(asked["subject"], asker, may_be_foreign=True) if "subject" in asked else caller.iam_id
    if subject.startswith(SERVER_ITSELF) and asked["subject"] != subject:  # named; links and rules decide
        facts = _server(subject.removeprefix(SERVER_ITSELF), asker)
        return explain_trust(_profile(asked["profile"], asker), facts)
    return _explain_assumption(_profile(asked["profile"], asker), subject=subject, account_id=caller.account_id)


def explain_each(asked: Mapping[str, Any], *, caller: Caller, region: str, now: datetime) -> list[Decision]:
    """Explain the decisions that a question about ``action`` on several ``resources`` is about, in their order.

    Otherwise as ``explain``.
    """
    asker = Asker(caller, region, own=is_about_caller(asked, caller))
    require_action(asked["action"])
    action, words = asked["action"], asked["resources"]
    if "token" in asked:
        try:
            bearer = verify_iam_token(asked["token"], now=now)
        except Unauthenticated as refusal:
            return [Decision(decision="deny", because=refusal.message) for _ in words]
        asker, subject = Asker(bearer, region, own=True), bearer.iam_id
    else:
        subject = subject_of(asked["subject"], asker) if "subject" in asked else caller.iam_id
    return [_short(answer) for answer in _explain_access(action, words, subject=subject, asker=asker, now=now)]


def _short(answer: Explanation) -> Decision:
    """Return the decision of an explanation. The length of an answer does not depend on the number of policies."""
    decision: Decision = {"decision": answer["decision"], "because": answer["because"]}
    if "explanation" in answer:
        decision["explanation"] = answer["explanation"]
    if "decided_by" in answer:
        decision["decided_by"] = answer["decided_by"]
    if "depends_on" in answer:
        decision["depends_on"] = answer["depends_on"]
    return decision


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
        return _explain_one(asked, subject=bearer.iam_id, asker=as_bearer, now=now)
    profile = _profile(asked["profile"], asker)
    return _explain_assumption(profile, subject=identity_of(bearer), account_id=bearer.account_id)


def _explain_assumption(profile: TrustedProfile, *, subject: str, account_id: str) -> Explanation:
    if is_deactivated(subject):
        return _deactivated(subject)
    return explain_assumption(profile, subject=subject, account_id=account_id)


def _explain_one(asked: Mapping[str, Any], *, subject: str, asker: Asker, now: datetime) -> Explanation:
    return _explain_access(asked["action"], [asked.get("resource", {})], subject=subject, asker=asker, now=now)[0]


def _explain_access(
    action: str, words: Sequence[str | Mapping[str, str]], *, subject: str, asker: Asker, now: datetime
) -> list[Explanation]:
    """Explain for each resource how the API would answer the subject, in the asker's account."""
    if is_deactivated(subject):
        return [_deactivated(subject) for _ in words]
    resources = [resource_of(action, word, asker) for word in words]
    if subject.startswith(SERVER_ITSELF):
        because = f"{subject} is a server: it calls the API as a trusted profile. Ask about the profile."
        return [
            {"decision": "deny", "because": because, "subject": subject, "action": action, "considered": []}
            for _ in words
        ]
    own = [
        _own_access(action, word, resource, subject=subject, asker=asker, now=now)
        for word, resource in zip(words, resources, strict=True)
    ]
    others = [resource for resource, answer in zip(resources, own, strict=True) if answer is None]
    answers = iter(_explain_policies(action, others, subject=subject, asker=asker, now=now))
    return [next(answers) if answer is None else answer for answer in own]


def _own_access(
    action: str,
    word: str | Mapping[str, str],
    resource: dict[str, str],
    *,
    subject: str,
    asker: Asker,
    now: datetime,
) -> Explanation | None:
    """Explain people's access to their own API keys and user; None when policies decide."""
    account_id = asker.caller.account_id
    answer = explain_own_access(action, word, resource, subject=subject, account_id=account_id)
    if answer and action == CREATE_API_KEY and needs_named_role(account_id, CREATE_OWN_API_KEY):
        return _explain_access(CREATE_OWN_API_KEY, [{}], subject=subject, asker=asker, now=now)[0]
    return answer


def _explain_policies(
    action: str, resources: Sequence[dict[str, str]], *, subject: str, asker: Asker, now: datetime
) -> Iterator[Explanation]:
    alternatives = [[*_whole_service(action, resource), resource] for resource in resources]
    answers = iter(
        explain_access(
            account_id=asker.caller.account_id,
            subject=subject,
            action=action,
            resources=[each for choice in alternatives for each in choice],
            now=now,
            lists=partial(is_list, action),
        )
        if resources
        else ()
    )
    for choice in alternatives:
        of_choice = [next(answers) for _ in choice]
        answer = next((each for each in of_choice if each["decision"] == "allow"), of_choice[-1])
        if answer["decision"] == "allow" and not (verdict := _changeable(action, choice[-1])):
            answer = {**answer, "decision": "deny", "because": verdict.because}
            answer.pop("decided_by", None)
        yield answer


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
