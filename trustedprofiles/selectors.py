"""Reads and decisions over stored profiles, links and policies."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, reduce
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from controlplane.kernel import clock
from controlplane.kernel.caller import Caller
from controlplane.kernel.crn import Crn
from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.verdict import Allowed, Verdict
from trustedprofiles import access, deployment_administrator, explain_urls, tag_rules, trust
from trustedprofiles.actions import OF_EVERY_CALLER
from trustedprofiles.claim_conditions import Claim, ClaimCondition, claims_of
from trustedprofiles.identity_grants import policies_for
from trustedprofiles.models import (
    AccessGroup,
    Account,
    ClaimRule,
    CustomRole,
    Policy,
    ProfileLink,
    ResourceGroup,
    TagAttachment,
    TrustedProfile,
    User,
)
from trustedprofiles.models.access_group import PUBLIC_ACCESS, PUBLIC_ACCESS_NAME
from trustedprofiles.policy_columns import Columns
from trustedprofiles.restrictions import needs_named_role, with_roles_naming
from trustedprofiles.search_query import SearchQuery
from trustedprofiles.service_roles import naming_role
from trustedprofiles.tagged_resources import plain, with_tags
from trustedprofiles.visibility import Selection, Visible

M = TypeVar("M", bound=Model)
OWNER = "the caller owns the account"
NEEDS_NO_POLICY = "every caller with a valid token may do this"

LINKING = ("iam-identity.profile.update", "iam-identity.profile.linkToResource")
"""The actions that a caller needs for a link that is created on its behalf (VPC API, ``auto_link``)."""


def authorize(caller: Caller, *, action: str, resource: Mapping[str, str]) -> Verdict:
    """Return whether the caller may do this. The owner of the caller's account may do everything, others what policies
    grant."""
    return authorize_each(caller, action=action, resources=[resource])[0]


def authorize_each(caller: Caller, *, action: str, resources: Sequence[Mapping[str, str]]) -> list[Verdict]:
    """Return one verdict for each of several resources, in their order; see ``authorize``."""
    return rights_of(caller).decide(action, resources)


def visible(caller: Caller, *, action: str, resource: Mapping[str, str], columns: Columns) -> Visible:
    """Return the rows that the caller may list. ``resource`` has the attributes that all rows share, ``columns`` the
    others."""
    return rights_of(caller).visible(action, resource, columns)


def rights_of(caller: Caller) -> "Rights":
    return Rights(caller, owned=owned_account(account_id=caller.account_id, iam_id=caller.iam_id))


class Rights:
    """The rights of a caller, from the policies at the time of the first decision. ``owned`` is the id of the caller's
    account when the caller owns it."""

    def __init__(self, caller: Caller, *, owned: str | None) -> None:
        self._caller, self._owned = caller, owned

    @cached_property
    def _policies(self) -> list[access.PolicyFacts]:
        return policies_for(account_id=self._caller.account_id, iam_id=self._caller.iam_id)

    def decide(self, action: str, resources: Sequence[Mapping[str, str]]) -> list[Verdict]:
        account_id, iam_id, now = self._caller.account_id, self._caller.iam_id, clock.now()
        restricted = needs_named_role(account_id, action)
        owned, least = (None, naming_role(action)) if restricted else (self._owned, None)
        reserved: Verdict | None = Allowed(NEEDS_NO_POLICY)
        if action not in OF_EVERY_CALLER:
            reserved = deployment_administrator.decide(account_id=account_id, iam_id=iam_id, action=action)

        def policies() -> list[access.PolicyFacts]:
            return with_roles_naming(action, self._policies) if restricted else self._policies

        def decide(resource: access.Attributes) -> Verdict:
            if reserved is None and owned and resource.get("accountId") == owned:
                return Allowed(OWNER, source=owned)
            verdict = reserved
            if verdict is None:
                verdict = access.decide(
                    iam_id=iam_id, action=action, resource=resource, policies=policies(), now=now, least=least
                )
            if verdict:
                return verdict
            return replace(verdict, explanation=explain_urls.access_url(iam_id, action, plain(resource)))

        tagged = resources if owned else with_tags(resources, policies(), account_id=account_id)
        return [decide(resource) for resource in tagged]

    def visible(self, action: str, resource: Mapping[str, str], columns: Columns) -> Visible:
        """Return the rows that the caller may list, of those that ``resource`` and ``columns`` describe."""
        account_id, iam_id, now = self._caller.account_id, self._caller.iam_id, clock.now()
        if self._owned and resource.get("accountId") == self._owned:
            return Visible(Allowed(OWNER, source=self._owned), where=True)
        selection = Selection(account_id=account_id, known=resource, columns=columns, now=now)
        considered = access.consider(
            iam_id=iam_id, action=action, resource=selection.possible, policies=self._policies, now=now, lists=True
        )
        verdict = access.verdict(considered, iam_id=iam_id, action=action, resource=resource)
        if not verdict:
            verdict = replace(verdict, explanation=explain_urls.access_url(iam_id, action, plain(resource)))
        where = selection.any_of(each.policy for each in considered if each.allows)
        return Visible(verdict, where, selection.aliases)


def owned_account(*, account_id: str, iam_id: str) -> str | None:
    """Return the id of the account when this IAM id owns it."""
    return Account.objects.filter(id=account_id, owner_iam_id=iam_id).values_list("id", flat=True).first()


def may_link(caller: Caller, profile: TrustedProfile) -> Verdict:
    """Return whether the caller may let a resource use this profile.

    It is checked wherever another operation creates a link: otherwise, a caller who may create servers could get the
    rights of any profile of the account.
    """
    resource = {"accountId": profile.account_id, "serviceName": "iam-identity", **profile.policy_attributes}
    verdicts = (authorize(caller, action=action, resource=resource) for action in LINKING)
    return reduce(lambda so_far, verdict: so_far and verdict, verdicts)


def find_profile(
    *, account_id: str, id: str | None = None, crn: str | None = None, name: str | None = None
) -> TrustedProfile | None:
    """Return the profile of this account that matches all the given keys; None without keys.

    Only the id of a CRN is used; its account must be ``account_id``.
    """
    keys = {field: value for field, value in (("id", id), ("name", name)) if value is not None}
    if crn is not None:
        try:
            parts = Crn.parse(crn)
        except ValueError:
            return None
        if (parts.service, parts.resource_type, parts.account_id) != ("iam-identity", "profile", account_id):
            return None
        if keys.setdefault("id", parts.resource) != parts.resource:
            return None
    if not keys or any("\0" in value for value in keys.values()):  # PostgreSQL fails a query that looks for NUL
        return None
    return TrustedProfile.objects.filter(account_id=account_id, **keys).first()


def trusts(profile: TrustedProfile, facts: ServerFacts) -> Verdict:
    """Return whether the profile trusts this server, and why."""
    verdict = trust.verdict(considered_trust(profile, facts))
    return verdict if verdict else replace(verdict, explanation=explain_urls.trust_url(facts.crn, profile.id))


def considered_trust(profile: TrustedProfile, facts: ServerFacts) -> list[trust.Consideration]:
    """Return the considerations of each claim rule of the profile and of each of its links to this server."""
    links = [
        link_facts(row)
        for row in ProfileLink.objects.filter(profile=profile, crn=facts.crn).order_by("created_at", "id")
    ]
    rules = [rule_facts(row) for row in compute_resource_rules().filter(profile=profile)]
    claims = claims_of_server(facts) if rules else {}
    return trust.consider(facts, links=links, rules=rules, claims=claims, profile_account_id=profile.account_id)


def claims_of_server(facts: ServerFacts) -> dict[str, Claim]:
    names = ResourceGroup.objects.filter(id=facts.resource_group_id).values_list("name", flat=True)
    return claims_of(facts, resource_group_name=names.first() or "")


def compute_resource_rules() -> QuerySet[ClaimRule]:
    """Return the claim rules that can trust a compute resource, in the order of their creation."""
    return ClaimRule.objects.filter(type=ClaimRule.Type.COMPUTE_RESOURCE).order_by("created_at", "id")


def link_facts(row: ProfileLink) -> trust.LinkFacts:
    return trust.LinkFacts(row.id, row.cr_type, row.crn, row.is_cross_account)


def rule_facts(row: ClaimRule) -> trust.RuleFacts:
    conditions = tuple(ClaimCondition(**each) for each in row.conditions)
    return trust.RuleFacts(id=row.id, cr_type=row.cr_type, conditions=conditions, name=row.name)


def find_foreign_profile(facts: ServerFacts, *, id: str | None = None, crn: str | None = None) -> TrustedProfile | None:
    """Return a profile of another account, by id or CRN, that has a cross-account link to this very server."""
    links = ProfileLink.objects.select_related("profile").filter(
        crn=facts.crn, cr_type=trust.BARE_METAL, is_cross_account=True
    )
    keys = {"id": id, "crn": crn}
    for profile in (link.profile for link in links):
        if all(value in (None, getattr(profile, name)) for name, value in keys.items()) and (id or crn):
            return profile
    return None


def profiles_of(account_id: str) -> QuerySet[TrustedProfile]:
    return TrustedProfile.objects.filter(account_id=account_id)


def find_policy(account_id: str, id: str) -> Policy | None:
    """Return a policy of the account in any state: a deleted one can be read and restored."""
    return _with_uuid(Policy.objects.filter(account_id=account_id), id)


def find_role(account_id: str, id: str) -> CustomRole | None:
    return _with_uuid(CustomRole.objects.filter(account_id=account_id), id)


def _with_uuid(rows: QuerySet[M], id: str) -> M | None:
    """Return the row with this UUID; None for text that is not a UUID."""
    try:
        return rows.filter(id=uuid.UUID(id)).first()
    except ValueError:
        return None


def find_access_group(account_id: str, id: str) -> AccessGroup | None:
    """Return a group of the account. The Public Access group is an object that is never saved."""
    if id == PUBLIC_ACCESS:
        return public_access_group(Account.objects.get(id=account_id))
    return AccessGroup.objects.filter(account_id=account_id, id=id).first()


def public_access_group(account: Account) -> AccessGroup:
    """Return the account's Public Access group, which all its identities are members of."""
    return AccessGroup(
        id=PUBLIC_ACCESS,
        account=account,
        name=PUBLIC_ACCESS_NAME,
        description="Every identity in the account is a member of this group.",
        revision_hash=account.id,
        created_at=account.created_at,
        created_by_id=account.owner_iam_id,
        last_modified_at=account.created_at,
        last_modified_by_id=account.owner_iam_id,
    )


def find_user(account_id: str, iam_id: str) -> User | None:
    return User.objects.filter(account_id=account_id, iam_id=iam_id).first()


def is_deactivated(iam_id: str) -> bool:
    """Return whether this is the IAM id of a deactivated user; False for an unknown one."""
    return User.objects.filter(iam_id=iam_id, is_active=False).exists()


def default_resource_group(account_id: str) -> ResourceGroup:
    """Return the account's default resource group. Every account has one."""
    return ResourceGroup.objects.get(account_id=account_id, is_default=True)


def resource_group(account_id: str, id: str) -> ResourceGroup | None:
    return ResourceGroup.objects.filter(account_id=account_id, id=id).first()


TAGGED = {
    "crn": ("crn", Q()),
    "tags": ("tag__name", Q(tag__type=tag_rules.USER)),
    "access_tags": ("tag__name", Q(tag__type=tag_rules.ACCESS)),
}
"""The columns that a query's fields are compared with."""


def tagged_resources(account_id: str, query: SearchQuery) -> list[str]:
    """Return the CRNs, in order, of the account's tagged resources that match the query. Resources without tags never
    match."""
    exactly = {"crn": query.crn, "tags": query.tags, "access_tags": query.access_tags}
    matches = Q(pk__in=[])
    for name, lookup, value in (
        *((name, "in", values) for name, values in exactly.items()),
        *((name, "wildcard", pattern) for name, pattern in query.patterns),
    ):
        column, condition = TAGGED[name]
        matches |= Q(**{f"{column}__{lookup}": value}) & condition
    rows = TagAttachment.objects.filter(matches, tag__account_id=account_id)
    return list(rows.order_by("crn").values_list("crn", flat=True).distinct())
