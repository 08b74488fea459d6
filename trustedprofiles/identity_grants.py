"""The policies and roles of one identity of an account."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import F
from django.db.models.functions import Lower

from trustedprofiles import access, policy_conditions
from trustedprofiles.models import CustomRole, GroupMember, Policy
from trustedprofiles.models.access_group import PUBLIC_ACCESS, PUBLIC_ACCESS_NAME
from trustedprofiles.policy_conditions import Condition
from trustedprofiles.roles import Role
from trustedprofiles.service_roles import ROLES


def policies_for(*, account_id: str, iam_id: str) -> list[access.PolicyFacts]:
    """Return the facts of the policies that apply to this subject, the oldest first."""
    rows = policies_about(account_id=account_id, iam_id=iam_id)
    roles = roles_of(account_id) if any(set(row.roles) - ROLES.keys() for row in rows) else ROLES
    return [replace(policy_facts(row, roles), subject_iam_id=iam_id, group=group_of(row)) for row in rows]


def policies_about(*, account_id: str, iam_id: str) -> list[Policy]:
    """Return the access policies of an account, in any state, that apply to this subject or to an access group that it
    is a member of, the oldest first.

    Every identity of the account is a member of its Public Access group.
    """
    policies = Policy.objects.filter(account_id=account_id, type="access").annotate(group_name=F("access_group__name"))
    direct = policies.filter(subject_iam_id__in=[iam_id.lower(), PUBLIC_ACCESS.lower()])
    groups = GroupMember.objects.filter(iam_id=iam_id).values(subject=Lower("group_id"))
    through_groups = policies.filter(subject_iam_id__in=groups)
    # A union of two queries, because each has an index, and a disjunction of the two would use none. The second looks
    # at the column of all subjects: most policies have no group, and SQLite does not use an index on such a column.
    return list(direct.union(through_groups, all=True).order_by("created_at", "id"))


def group_of(row: Any) -> access.GroupFacts | None:
    """Return the access group of a policy that ``policies_about`` returned."""
    if row.subject_iam_id == PUBLIC_ACCESS.lower():
        return access.GroupFacts(PUBLIC_ACCESS, PUBLIC_ACCESS_NAME)
    return access.GroupFacts(row.access_group_id, row.group_name) if row.access_group_id else None


def count_policies(account_id: str, iam_ids: Collection[str]) -> Counter[str]:
    """Return how many active policies apply to each of these subjects, directly or through access groups."""
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
    """Return every role that a policy of the account may name, by CRN: those of IBM's services and the account's custom
    roles."""
    return {**ROLES} | {row.crn: custom_role(row) for row in CustomRole.objects.filter(account_id=account_id)}


def custom_role(row: CustomRole) -> Role:
    return Role(row.crn, row.display_name, row.description, "custom", actions=frozenset(row.actions))


def policy_facts(row: Policy, roles: Mapping[str, Role]) -> access.PolicyFacts:
    """Return the facts of a policy row. A deleted role grants nothing.

    Access tags become conditions too. Tags are not case-sensitive and stored in lower case (tag_rules.py).
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
        rule=policy_conditions.parse(row.rule) if row.rule else None,
        state=row.state,
    )
