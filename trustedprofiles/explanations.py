"""Why? The long form of a decision: everything that was considered, what decided, and what would have allowed it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.verdict import Allowed, Verdict
from trustedprofiles import access, matching, questions
from trustedprofiles.assuming import may_assume, path_of
from trustedprofiles.models import TrustedProfile
from trustedprofiles.roles import least_role
from trustedprofiles.selectors import OWNER, considered_trust, owned_account, policies_for


class NamedRole(TypedDict):
    crn: str
    display_name: str


class DecidedBy(TypedDict):
    """``id`` is of the policy, link, rule, account or API key that decided."""

    type: Literal["policy", "link", "rule", "identity", "account_owner", "own_api_key", "metadata_service"]
    id: str
    role: NotRequired[NamedRole]


class Considered(TypedDict):
    """One policy of the subject, or one link, rule or identity of the trusted profile."""

    type: Literal["policy", "link", "rule", "identity"]
    id: str
    applies: bool
    roles: NotRequired[list[str]]
    missing: list[str]


class Request(TypedDict):
    """A call that would change the decision."""

    method: Literal["POST", "PATCH"]
    path: str
    body: dict[str, Any]


class Nearest(TypedDict):
    because: str
    request: NotRequired[Request]


class Explanation(TypedDict):
    """``explanation`` is the URL of this answer; ``considered`` is sorted, what lacks least first."""

    decision: Literal["allow", "deny"]
    because: str
    explanation: str
    subject: NotRequired[str]
    action: NotRequired[str]
    resource: NotRequired[dict[str, str]]
    server: NotRequired[str]
    profile: NotRequired[str]
    decided_by: NotRequired[DecidedBy]
    considered: list[Considered]
    nearest: NotRequired[Nearest]


def decision_of(verdict: Verdict) -> Literal["allow", "deny"]:
    return "allow" if verdict else "deny"


def explain_access(
    *, account_id: str, subject: str, action: str, resource: Mapping[str, str], now: datetime
) -> Explanation:
    """May this subject, an IAM id known to this account, do this to the resource?"""
    answer: Explanation = {
        "decision": "allow",
        "because": OWNER,
        "explanation": questions.access_url(subject, action, resource),
        "subject": subject,
        "action": action,
        "resource": dict(resource),
        "considered": [],
    }
    owned = owned_account(account_id=account_id, iam_id=subject)
    if owned and resource.get("accountId") == owned:
        answer["decided_by"] = {"type": "account_owner", "id": owned}
        return answer
    policies = policies_for(account_id=account_id, iam_id=subject)
    considered = access.consider(iam_id=subject, action=action, resource=resource, policies=policies, now=now)
    verdict = access.verdict(considered, iam_id=subject, action=action, resource=resource)
    answer["decision"], answer["because"] = decision_of(verdict), verdict.because
    answer["considered"] = [_policy(each) for each in access.nearest(considered)]
    if chosen := next((each for each in considered if each.allows), None):
        answer["decided_by"] = _decided_by(chosen)
    else:
        answer["nearest"] = _nearest_policy(subject, action, resource, considered)
    return answer


def explain_trust(profile: TrustedProfile, facts: ServerFacts) -> Explanation:
    """Does the profile trust this server?"""
    considered = considered_trust(profile, facts)
    verdict = matching.verdict(considered)
    answer = Explanation(
        decision=decision_of(verdict),
        because=verdict.because,
        explanation=questions.trust_url(facts.crn, profile.id),
        server=facts.crn,
        profile=profile.crn,
        considered=[_trust(each) for each in sorted(considered, key=lambda each: len(each.missing))],
    )
    if chosen := next((each for each in considered if each.trusts), None):
        answer["decided_by"] = {"type": _kind(chosen), "id": chosen.by.id}
        return answer
    close = matching.nearest(considered)
    link: dict[str, Any] = {"cr_type": matching.BARE_METAL, "link": {"crn": facts.crn}}
    if facts.account_id != profile.account_id:
        link["is_cross_account"] = True
    answer["nearest"] = {
        "because": f"{close[0]}." if close else "No link names the server. Linking it would do.",
        "request": {"method": "POST", "path": f"/v1/profiles/{profile.id}/links", "body": link},
    }
    return answer


def explain_assumption(profile: TrustedProfile, *, subject: str, account_id: str) -> Explanation:
    """May this subject, an IAM id, come from this account and assume the profile?"""
    verdict = may_assume(subject, account_id=account_id, profile=profile)
    answer: Explanation = {
        "decision": decision_of(verdict),
        "because": verdict.because,
        "explanation": questions.assumption_url(subject, profile.id),
        "subject": subject,
        "profile": profile.crn,
        "considered": [
            {"type": "identity", "id": row.identifier, "applies": False, "missing": ["it is another identity"]}
            for row in profile.identities.order_by("id")
        ],
    }
    if isinstance(verdict, Allowed):
        for each in answer["considered"]:
            if each["id"] == verdict.source:
                each["applies"], each["missing"] = True, []
        answer["decided_by"] = {"type": "identity", "id": verdict.source}
        return answer
    path = path_of(subject, profile)
    kind = path.rpartition("/")[2]
    identifier = subject.removeprefix("crn-") if kind == "crn" else subject.removeprefix("iam-")
    body: dict[str, Any] = {"type": kind, "identifier": identifier}
    if kind == "user" and account_id != profile.account_id:
        body["accounts"] = [account_id]
    answer["nearest"] = {"because": verdict.because, "request": {"method": "POST", "path": path, "body": body}}
    return answer


def _policy(considered: access.Consideration) -> Considered:
    missing = [str(each) for each in considered.unmet]
    if considered.role is None:
        missing.insert(0, "a role that includes the action")
    return {
        "type": "policy",
        "id": considered.policy.id,
        "applies": considered.allows,
        "roles": [role.display_name for role in considered.policy.roles],
        "missing": missing,
    }


def _decided_by(chosen: access.Consideration) -> DecidedBy:
    by: DecidedBy = {"type": "policy", "id": chosen.policy.id}
    if chosen.role:
        by["role"] = {"crn": chosen.role.crn, "display_name": chosen.role.display_name}
    return by


def _nearest_policy(
    subject: str, action: str, resource: Mapping[str, str], considered: list[access.Consideration]
) -> Nearest:
    role = least_role(action)
    if role is None:
        return {"because": f"No role grants {action}: it is not an action of any operation."}
    close = access.nearest(considered)
    because = f"{close[0]}." if close else f"{subject} has no policy at all."
    attributes = [{"name": name, "value": value} for name, value in resource.items()]
    body = {
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": subject}]}],
        "roles": [{"role_id": role.crn}],
        "resources": [{"attributes": attributes}],
    }
    return {"because": because, "request": {"method": "POST", "path": "/v1/policies", "body": body}}


def _trust(considered: matching.Consideration) -> Considered:
    return {
        "type": _kind(considered),
        "id": considered.by.id,
        "applies": considered.trusts,
        "missing": list(considered.missing),
    }


def _kind(considered: matching.Consideration) -> Literal["link", "rule"]:
    return "link" if isinstance(considered.by, matching.LinkFacts) else "rule"
