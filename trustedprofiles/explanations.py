"""Explanations of decisions: all that was considered, the item that decided, and a change that would allow it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from controlplane.cloudservice.registry import services
from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.verdict import Allowed, Verdict
from trustedprofiles import access, deployment_administrator, explain_urls, trust
from trustedprofiles.actions import OF_EVERY_CALLER
from trustedprofiles.assume import identities_naming, may_assume, path_of
from trustedprofiles.explanation_shapes import Considered, DecidedBy, Explanation, Nearest
from trustedprofiles.identity_grants import policies_for
from trustedprofiles.models import TrustedProfile
from trustedprofiles.offered_policy import offered_policy
from trustedprofiles.restrictions import needs_named_role, with_roles_naming
from trustedprofiles.roles import Role
from trustedprofiles.selectors import NEEDS_NO_POLICY, OWNER, considered_trust, owned_account
from trustedprofiles.service_roles import least_role, naming_role
from trustedprofiles.tagged_resources import plain, with_tags


def decision_of(verdict: Verdict) -> Literal["allow", "deny"]:
    return "allow" if verdict else "deny"


def is_no_list(resource: Mapping[str, str]) -> bool:
    return False


def explain_access(
    *,
    account_id: str,
    subject: str,
    action: str,
    resources: Sequence[Mapping[str, str]],
    now: datetime,
    lists: Callable[[Mapping[str, str]], bool] = is_no_list,
) -> list[Explanation]:
    """Explain for each resource whether the subject, an IAM id known to this account, may do this to it.

    ``lists`` says whether the question about a resource is about a list, which any caller with a policy on the service
    may see in part. The number of queries does not depend on the number of resources.
    """
    if action in OF_EVERY_CALLER:
        return [_about_access(subject, action, resource, Allowed(NEEDS_NO_POLICY)) for resource in resources]
    reserved = deployment_administrator.decide(account_id=account_id, iam_id=subject, action=action)
    if reserved is not None:
        answers = [_about_access(subject, action, resource, reserved) for resource in resources]
        for answer in answers if reserved else ():
            answer["decided_by"] = {"type": "deployment_administrator", "id": account_id}
        return answers
    restricted = needs_named_role(account_id, action)
    owned = None if restricted else owned_account(account_id=account_id, iam_id=subject)
    if owned and all(resource.get("accountId") == owned for resource in resources):
        return [_by_owner(subject, action, resource, owned) for resource in resources]
    policies = policies_for(account_id=account_id, iam_id=subject)
    if restricted:
        policies = with_roles_naming(action, policies)
    least = naming_role(action) if restricted else None

    def explain(resource: Mapping[str, str], tagged: access.Attributes) -> Explanation:
        if owned and resource.get("accountId") == owned:
            return _by_owner(subject, action, resource, owned)
        if resource["serviceName"] == access.EVERY:
            tagged = {**tagged, "serviceName": tuple(services())}
        considered = access.consider(
            iam_id=subject, action=action, resource=tagged, policies=policies, now=now, lists=lists(resource)
        )
        return explain_policies(
            considered, account_id=account_id, subject=subject, action=action, resource=plain(resource), least=least
        )

    tagged_resources = with_tags(resources, policies, account_id=account_id)
    return list(map(explain, resources, tagged_resources))


def _by_owner(subject: str, action: str, resource: Mapping[str, str], owned: str) -> Explanation:
    answer = _about_access(subject, action, resource, Allowed(OWNER))
    answer["decided_by"] = {"type": "account_owner", "id": owned}
    return answer


def explain_policies(
    considered: Sequence[access.Consideration],
    *,
    account_id: str,
    subject: str,
    action: str,
    resource: Mapping[str, str],
    least: Role | None = None,
) -> Explanation:
    """Explain the result of a subject's policies in an account, and what they lack. ``least`` as in
    ``access.verdict``."""
    verdict = access.verdict(considered, iam_id=subject, action=action, resource=resource, least=least)
    answer = _about_access(subject, action, resource, verdict)
    answer["considered"] = [_policy(each) for each in access.nearest(considered)]
    answer["depends_on"] = access.deciding_attributes(considered, resource)
    if decider := next((each for each in considered if each.allows), None):
        answer["decided_by"] = _decided_by(decider)
    else:
        role = least or least_role(action)
        answer["nearest"] = _nearest_policy(subject, action, resource, considered, account_id=account_id, role=role)
    return answer


def _about_access(subject: str, action: str, resource: Mapping[str, str], verdict: Verdict) -> Explanation:
    return {
        "decision": decision_of(verdict),
        "because": verdict.because,
        "explanation": explain_urls.access_url(subject, action, plain(resource)),
        "subject": subject,
        "action": action,
        "resource": plain(resource),
        "considered": [],
        "depends_on": [],
    }


def explain_trust(profile: TrustedProfile, facts: ServerFacts) -> Explanation:
    """Explain whether the profile trusts this server."""
    return explain_links_and_rules(considered_trust(profile, facts), profile=profile, facts=facts)


def explain_links_and_rules(
    considered: Sequence[trust.Consideration], *, profile: TrustedProfile, facts: ServerFacts
) -> Explanation:
    """Explain the result of a profile's links and rules for a server, and what they lack."""
    verdict = trust.verdict(considered)
    answer = Explanation(
        decision=decision_of(verdict),
        because=verdict.because,
        explanation=explain_urls.trust_url(facts.crn, profile.id),
        server=facts.crn,
        profile=profile.crn,
        considered=[
            {"type": _kind(each), "id": each.by.id, "applies": each.trusts, "missing": list(each.missing)}
            for each in sorted(considered, key=lambda each: len(each.missing))
        ],
    )
    if decider := next((each for each in considered if each.trusts), None):
        answer["decided_by"] = {"type": _kind(decider), "id": decider.by.id}
        return answer
    close = trust.nearest(considered)
    link: dict[str, Any] = {"cr_type": trust.BARE_METAL, "link": {"crn": facts.crn}}
    if facts.account_id != profile.account_id:
        link["is_cross_account"] = True
    answer["nearest"] = {
        "because": f"{close[0]}." if close else "No link names the server. Linking it would do.",
        "request": {"method": "POST", "path": f"/v1/profiles/{profile.id}/links", "body": link},
    }
    return answer


def explain_assumption(profile: TrustedProfile, *, subject: str, account_id: str) -> Explanation:
    """Explain whether the subject, an IAM id, may assume the profile from this account. Other identities are not
    shown."""
    verdict = may_assume(subject, account_id=account_id, profile=profile)
    rows = identities_naming(subject, profile)
    source = verdict.source if isinstance(verdict, Allowed) else None
    answer: Explanation = {
        "decision": decision_of(verdict),
        "because": verdict.because,
        "explanation": explain_urls.assumption_url(subject, profile.id),
        "subject": subject,
        "profile": profile.crn,
        "considered": [
            {
                "type": "identity",
                "id": row.identifier,
                "applies": row.identifier == source,
                "missing": [] if row.identifier == source else [f"account {account_id} among its accounts"],
            }
            for row in rows
        ],
    }
    if source is not None:
        answer["decided_by"] = {"type": "identity", "id": source}
        return answer
    answer["nearest"] = {"because": verdict.because}
    if path := path_of(subject, profile):
        kind = path.rpartition("/")[2]
        identifier = subject.removeprefix("crn-") if kind == "crn" else subject.removeprefix("iam-")
        body: dict[str, Any] = {"type": kind, "identifier": identifier}
        accounts: list[str] = next((row.accounts for row in rows), [])
        if kind == "user" and (accounts or account_id != profile.account_id):
            body["accounts"] = [*(accounts or [profile.account_id]), account_id]
        answer["nearest"]["request"] = {"method": "POST", "path": path, "body": body}
    return answer


def _policy(considered: access.Consideration) -> Considered:
    missing = [str(each) for each in considered.unmet]
    if considered.role is None:
        missing.insert(0, "a role that includes the action")
    entry: Considered = {
        "type": "policy",
        "id": considered.policy.id,
        "applies": considered.allows,
        "roles": [role.display_name for role in considered.policy.roles],
        "missing": missing,
    }
    if group := considered.policy.group:
        entry["access_group"] = {"id": group.id, "name": group.name}
    return entry


def _decided_by(consideration: access.Consideration) -> DecidedBy:
    by: DecidedBy = {"type": "policy", "id": consideration.policy.id}
    if group := consideration.policy.group:
        by["access_group"] = {"id": group.id, "name": group.name}
    if consideration.role:
        by["role"] = {"crn": consideration.role.crn, "display_name": consideration.role.display_name}
    return by


def _nearest_policy(
    subject: str,
    action: str,
    resource: Mapping[str, str],
    considered: Sequence[access.Consideration],
    *,
    account_id: str,
    role: Role | None,
) -> Nearest:
    if role is None:
        return {"because": f"No role grants {action}: it is not an action of any operation."}
    if resource.get("accountId") != account_id:
        return {"because": "The resource is of another account, where no policy of this one grants anything."}
    close = access.nearest(considered)
    because = f"{close[0]}." if close else f"{subject} has no policy at all."
    body = offered_policy(subject, role, resource)
    return {"because": because, "request": {"method": "POST", "path": "/v1/policies", "body": body}}


def _kind(considered: trust.Consideration) -> Literal["link", "rule"]:
    return "link" if isinstance(considered.by, trust.LinkFacts) else "rule"
