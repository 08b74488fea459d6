"""Reads and decisions over stored profiles, links and policies."""

import uuid
from collections.abc import Mapping, Sequence
from functools import reduce

from django.db.models import Q, QuerySet

from controlplane.kernel.caller import Caller
from controlplane.kernel.crn import Crn
from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.verdict import Allowed, Verdict
from trustedprofiles import access, matching, tagging
from trustedprofiles.models import (
    Account,
    Policy,
    ProfileLink,
    ResourceGroup,
    Tag,
    TagAttachment,
    TrustedProfile,
    User,
)
from trustedprofiles.searching import Wanted

LINKING = ("iam-identity.profile.update", "iam-identity.profile.linkToResource")
"""What creating a link on a caller's behalf asks for (VPC API, ``auto_link``)."""


def authorize(caller: Caller, *, action: str, resource: Mapping[str, str]) -> Verdict:
    """May the caller do this? The owner of the caller's own account may do all; others what policies grant."""
    return authorize_each(caller, action=action, resources=[resource])[0]


def authorize_each(caller: Caller, *, action: str, resources: Sequence[Mapping[str, str]]) -> list[Verdict]:
    """The same of several resources, one verdict for each."""
    account = Account.objects.filter(id=caller.account_id, owner_iam_id=caller.iam_id).first()
    owned = account.id if account else None
    rows = Policy.objects.filter(account_id=caller.account_id, subject_iam_id=caller.iam_id.lower(), type="access")
    others = any(resource.get("accountId") != owned for resource in resources)
    policies = [policy_facts(row) for row in rows] if others else []
    return [
        Allowed("the caller owns the account", source=owned)
        if owned and resource.get("accountId") == owned
        else access.decide(iam_id=caller.iam_id, action=action, resource=resource, policies=policies)
        for resource in resources
    ]


def may_link(caller: Caller, profile: TrustedProfile) -> Verdict:
    """May the caller let a resource take on this profile? Asked wherever a link is made on the way to something else:
    otherwise, whoever may create a server could become any profile of the account."""
    resource = {
        "accountId": profile.account_id,
        "serviceName": "iam-identity",
        "resourceType": "profile",
        "resource": profile.id,
    }
    verdicts = (authorize(caller, action=action, resource=resource) for action in LINKING)
    return reduce(lambda so_far, verdict: so_far and verdict, verdicts)


def policy_facts(row: Policy) -> access.PolicyFacts:
    """A policy row as the decision knows it.

    Access tags become conditions too: no decision is told the tags of a resource, so a policy on tagged resources
    grants nothing (D-26).
    """
    tags = [{**tag, "key": f"tag:{tag['key']}"} for tag in row.resource_tags]
    conditions = tuple(
        access.Condition(each["key"], each["operator"], each["value"]) for each in [*row.resource, *tags]
    )
    return access.PolicyFacts(str(row.id), row.subject_iam_id, tuple(row.roles), conditions, row.state)


def find_profile(
    *, account_id: str, id: str | None = None, crn: str | None = None, name: str | None = None
) -> TrustedProfile | None:
    """The profile of this account that all the given keys designate; none given, none found.

    A CRN is read for its id only; the stored account decides, never the one the text claims.
    """
    keys = {field: value for field, value in (("id", id), ("name", name)) if value is not None}
    if crn is not None:
        try:
            parsed = Crn.parse(crn)
        except ValueError:
            return None
        if (parsed.service, parsed.resource_type, parsed.account_id) != ("iam-identity", "profile", account_id):
            return None
        if keys.setdefault("id", parsed.resource) != parsed.resource:
            return None
    if not keys or any("\0" in value for value in keys.values()):  # PostgreSQL fails a query that looks for NUL
        return None
    return TrustedProfile.objects.filter(account_id=account_id, **keys).first()


def trusts(profile: TrustedProfile, facts: ServerFacts) -> Verdict:
    """Does the profile trust this server, and why?"""
    rows = ProfileLink.objects.filter(profile=profile, cr_type=matching.BARE_METAL, crn=facts.crn)
    links = [matching.LinkFacts(row.id, row.cr_type, row.crn, row.is_cross_account) for row in rows]
    return matching.decide(facts, links=links, profile_account_id=profile.account_id)


def profiles_of(account_id: str) -> QuerySet[TrustedProfile]:
    return TrustedProfile.objects.filter(account_id=account_id)


def find_policy(account_id: str, id: str) -> Policy | None:
    """A policy of the account in whatever state: a deleted one can be read and restored."""
    try:
        number = uuid.UUID(id)
    except ValueError:
        return None
    return Policy.objects.filter(account_id=account_id, id=number).first()


def policies_of(account_id: str) -> QuerySet[Policy]:
    return Policy.objects.filter(account_id=account_id)


def find_user(account_id: str, iam_id: str) -> User | None:
    return User.objects.filter(account_id=account_id, iam_id=iam_id).first()


def default_resource_group(account_id: str) -> ResourceGroup:
    """The account's default resource group. Every account has one."""
    return ResourceGroup.objects.get(account_id=account_id, is_default=True)


def resource_group(account_id: str, id: str) -> ResourceGroup | None:
    return ResourceGroup.objects.filter(account_id=account_id, id=id).first()


def resource_groups_of(account_id: str) -> QuerySet[ResourceGroup]:
    return ResourceGroup.objects.filter(account_id=account_id)


def tags_of(account_id: str, type: str) -> QuerySet[Tag]:
    return Tag.objects.filter(account_id=account_id, type=type)


def tagged_resources(account_id: str, wanted: Wanted) -> list[str]:
    """CRNs, in order, of the account's tagged resources that the query wants. What carries no tag is not found."""
    asked = (
        Q(crn__in=wanted.crn)
        | Q(tag__type=tagging.USER, tag__name__in=wanted.tags)
        | Q(tag__type=tagging.ACCESS, tag__name__in=wanted.access_tags)
    )
    rows = TagAttachment.objects.filter(asked, tag__account_id=account_id)
    return list(rows.order_by("crn").values_list("crn", flat=True).distinct())


def tags_on(account_id: str, crns: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """The names of each resource's tags by type, in order; both types are always there."""
    found: dict[str, dict[str, list[str]]] = {crn: {type: [] for type in tagging.TYPES} for crn in crns}
    rows = TagAttachment.objects.filter(tag__account_id=account_id, crn__in=crns).order_by("tag__name")
    for crn, type, name in rows.values_list("crn", "tag__type", "tag__name"):
        found[crn][type].append(name)
    return found
