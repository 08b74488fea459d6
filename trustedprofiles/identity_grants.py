"""What an account's policies grant to one of its identities, as decisions know them."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import F
from django.db.models.functions import Lower

from trustedprofiles import access, policy_rules
from trustedprofiles.models import CustomRole, GroupMember, Policy
from trustedprofiles.models.access_group import PUBLIC_ACCESS, PUBLIC_ACCESS_NAME
from trustedprofiles.policy_rules import Condition
from trustedprofiles.roles import Role
from trustedprofiles.service_roles import ROLES


def policies_for(*, account_id: str, iam_id: str) -> list[access.PolicyFacts]:
    """The policies about this subject, as decisions know them, the oldest first."""
    rows = policies_about(account_id=account_id, iam_id=iam_id)
    roles = roles_of(account_id) if any(set(row.roles) - ROLES.keys() for row in rows) else ROLES
    return [replace(policy_facts(row, roles), subject_iam_id=iam_id, group=group_of(row)) for row in rows]


def policies_about(*, account_id: str, iam_id: str) -> list[Policy]:
    """The access policies of an account, in whatever state, that are about this subject or about an access group that
    it is a member of, the oldest first. Everybody in the account is a member of its Public Access group."""
    policies = Policy.objects.filter(account_id=account_id, type="access").annotate(group_name=F("access_group__name"))
    direct = policies.filter(subject_iam_id__in=[iam_id.lower(), PUBLIC_ACCESS.lower()])
    groups = GroupMember.objects.filter(iam_id=iam_id).values(subject=Lower("group_id"))
    through_groups = policies.filter(subject_iam_id__in=groups)
    # Two queries in one: each of them has an index for what it looks for, which their disjunction has not. Groups are
    # looked for by the column of all subjects: most policies have none, for which SQLite leaves an index aside.
    return list(direct.union(through_groups, all=True).order_by("created_at", "id"))


def group_of(row: Any) -> access.GroupFacts | None:
    """The access group of a policy out of ``policies_about``."""
    if row.subject_iam_id == PUBLIC_ACCESS.lower():
        return access.GroupFacts(PUBLIC_ACCESS, PUBLIC_ACCESS_NAME)
    return access.GroupFacts(row.access_group_id, row.group_name) if row.access_group_id else None


def count_policies(account_id: str, iam_ids: Collection[str]) -> Counter[str]:
    """How many active policies are about each of these subjects, itself or through its access groups."""
    memberships = GroupMember.objects.filter(group__account_id=account_id, iam_id__in=iam_ids)
    groups: dict[str, list[str]] = {}
    for iam_id, group_id in memberships.values_list("iam_id", "group_id"):
        groups.setdefault(iam_id, []).append(group_id)
    names = {iam_id: {each.lower() for each in (iam_id, PUBLIC_ACCESS, *groups.get(iam_id, ()))} for iam_id in iam_ids}
    subjects = set().union(*names.values())
    rows = Policy.objects.filter(account_id=account_id, state=access.ACTIVE, subject_iam_id__in=subjects)
    counts = Counter(rows.values_list("subject_iam_id", flat=True))
    return Counter({iam_id: sum(counts[each] for each in names[iam_id]) for iam_id in iam_ids})


def roles_of(account_id: str) -> Mapping[str, Role]:
    """Every role that a policy of the account may name, by CRN: those of IBM's services, and its own."""
    return {**ROLES} | {row.crn: custom_role(row) for row in CustomRole.objects.filter(account_id=account_id)}


def custom_role(row: CustomRole) -> Role:
    return Role(row.crn, row.display_name, row.description, "custom", actions=frozenset(row.actions))


def policy_facts(row: Policy, roles: Mapping[str, Role]) -> access.PolicyFacts:
    """A policy row as the decision knows it. A role that is gone grants nothing.

    Access tags become conditions too. Tags are not case-sensitive and stored in lower case (tagging.py).
    """
    tags = [
        {**tag, "key": f"{access.TAG}{tag['key'].lower()}", "value": str(tag["value"]).lower()}
        for tag in row.resource_tags
    ]
    conditions = tuple(Condition(each["key"], each["operator"], each["value"]) for each in [*row.resource, *tags])
    return access.PolicyFacts(
        id=str(row.id),
        subject_iam_id=row.subject_iam_id,
        roles=tuple(roles[crn] for crn in row.roles if crn in roles),
        resource=conditions,
        rule=policy_rules.parse(row.rule) if row.rule else None,
        state=row.state,
    )
