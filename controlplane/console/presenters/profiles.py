"""Trusted profiles: their links, rules, policies and uses, and the servers that a rule matches."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count

from controlplane.activity.events import METADATA_LOGIN
from controlplane.activity.selectors import recent_events
from controlplane.console.access import GROUP, POLICY, PROFILE, Person
from controlplane.console.presenters.events import event_row
from controlplane.console.presenters.form_snapshot import link_shown, rule_shown
from controlplane.console.truncated_list import TruncatedList
from servers.claim_columns import ClaimRow, ClaimTable, claim_rows
from servers.models import BareMetalServer
from trustedprofiles.claim_conditions import ClaimCondition, hold_for_each
from trustedprofiles.identity_grants import count_policies, group_of, policies_about, roles_of
from trustedprofiles.models import ClaimRule, Policy, ProfileLink, TrustedProfile
from trustedprofiles.models.access_group import KIND, PUBLIC_ACCESS
from trustedprofiles.selectors import profiles_of
from trustedprofiles.service_roles import ROLES
from trustedprofiles.trust import BARE_METAL, unmet

ROWS = 50
MOST_SERVERS = 1000
MOST_NAMED = 12
MOST_USES = 15
MOST_LINKS = 100
MOST_CHOICES = 100
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class ProfileRow:
    profile: TrustedProfile
    links: int | None
    rules: int | None
    policies: int | None
    """None when the person may not read the profile, or policies."""


@dataclass(frozen=True)
class ProfileTable:
    rows: list[ProfileRow]
    page: Page[Any]
    previous_path: str
    next_path: str


def profile_table(person: Person, query: Mapping[str, str]) -> ProfileTable:
    """The requested page of the list, or the last page. Raises NotAuthorized."""
    visible = person.require_list(f"{PROFILE}.list", TrustedProfile.policy_columns())
    profiles = visible.of(profiles_of(person.account.id)).annotate(
        link_count=Count("links", distinct=True), rule_count=Count("rules", distinct=True)
    )
    page = Paginator(profiles.order_by("name"), ROWS).get_page(query.get("page"))
    return ProfileTable(
        rows=_profile_rows(person, list(page.object_list)),
        page=page,
        previous_path=f"/profiles?page={page.previous_page_number()}" if page.has_previous() else "",
        next_path=f"/profiles?page={page.next_page_number()}" if page.has_next() else "",
    )


def _profile_rows(person: Person, rows: Sequence[Any]) -> list[ProfileRow]:
    policies: Counter[str] = Counter()
    sees_policies = bool(person.may(f"{POLICY}.read"))
    if sees_policies:
        policies = count_policies(person.account.id, [row.iam_id for row in rows])
    verdicts = person.may_each(f"{PROFILE}.read", [row.policy_attributes for row in rows])
    return [
        ProfileRow(
            row,
            row.link_count if may_read else None,
            row.rule_count if may_read else None,
            policies[row.iam_id] if sees_policies else None,
        )
        for row, may_read in zip(rows, verdicts, strict=True)
    ]


@dataclass(frozen=True)
class LinkRow:
    link: ProfileLink
    name: str
    instance_id: str
    """The id of a server of this account that the person may read; empty otherwise."""
    mark: str


@dataclass(frozen=True)
class RuleRow:
    id: str
    name: str
    conditions: list[dict[str, str]]
    applies: bool
    """Whether the rule is about bare metal servers."""
    kind: str
    matched: list[str]
    more: int
    mark: str


@dataclass(frozen=True)
class PolicyRow:
    id: str
    roles: str
    resource: list[str]
    state: str
    conditional: bool
    group: str
    """The name of the access group through which it applies to the profile."""


def profile_state(person: Person, profile: TrustedProfile, *, now: datetime) -> dict[str, Any]:
    """The live part of a profile's page; None for what the person may not read."""
    uses = recent_events(profile.account_id, now=now, within=A_DAY).filter(
        action=METADATA_LOGIN, data__profile_id=profile.id
    )
    return {
        "profile": profile,
        "links": link_rows(person, profile),
        "policies": policy_rows(person, profile) if person.may(f"{POLICY}.read") else None,
        "events": [event_row(event) for event in uses[:MOST_USES]] if person.sees_activity else None,
        "may_change": bool(person.may(f"{PROFILE}.update", profile.policy_attributes)),
    }


def profile_matches(person: Person, profile: TrustedProfile, table: ClaimTable) -> dict[str, Any]:
    """The profile's rules, each with the servers of the table that it matches now. It costs more than the rest, and
    changes less often."""
    return {
        "profile": profile,
        "rules": [rule_row(rule, table) for rule in profile.rules.order_by("created_at", "id")],
        "servers_seen": len(table.rows),
        "servers_unseen": servers_unseen(person),
        "may_change": bool(person.may(f"{PROFILE}.update", profile.policy_attributes)),
    }


def readable_servers(person: Person) -> ClaimTable:
    """The claims of the servers in all regions that the person may read, of the newest MOST_SERVERS."""
    return ClaimTable(person.readable(claim_rows(person.account.id, most=MOST_SERVERS)))


def unlinked(profile: TrustedProfile, table: ClaimTable) -> TruncatedList[ClaimRow]:
    """The servers that a link can be added for, by name. There may be more when the table does not have all servers."""
    crns = set(profile.links.values_list("crn", flat=True))
    servers = sorted((row for row in table.rows if row.crn not in crns), key=lambda row: (row.name, row.id))
    return TruncatedList(servers[:MOST_CHOICES], more=len(servers) > MOST_CHOICES or len(table.rows) == MOST_SERVERS)


def servers_unseen(person: Person) -> int:
    """How many of the account's servers are too old to be in that table."""
    return max(BareMetalServer.objects.filter(account_id=person.account.id).count() - MOST_SERVERS, 0)


def link_rows(person: Person, profile: TrustedProfile) -> TruncatedList[LinkRow]:
    """The profile's links, the first MOST_LINKS."""
    links = list(profile.links.order_by("created_at", "id")[: MOST_LINKS + 1])
    if not links:
        return TruncatedList([], more=False)
    ids = [link.crn.rpartition(":")[2] for link in links]
    rows = BareMetalServer.objects.filter(account_id=profile.account_id, id__in=ids).select_related("vpc")
    servers = {server.crn: server for server in person.readable(list(rows))}
    return TruncatedList.first(MOST_LINKS, (_link_row(link, servers.get(link.crn)) for link in links))


def _link_row(link: ProfileLink, server: BareMetalServer | None) -> LinkRow:
    return LinkRow(
        link=link,
        name=server.name if server else link.name or "no server that you may read",
        instance_id=server.id if server else "",
        mark=link_shown(link).mark,
    )


def rule_row(rule: ClaimRule, table: ClaimTable) -> RuleRow:
    applies = rule.type == ClaimRule.Type.COMPUTE_RESOURCE and rule.cr_type == BARE_METAL
    matched: list[str] = []
    if applies:
        described = _described([ClaimCondition(**each) for each in rule.conditions], table)
        matched = [row.name for row, matches in zip(table.rows, described, strict=True) if matches]
    return RuleRow(
        id=rule.id,
        name=rule.name or rule.id,
        conditions=rule.conditions,
        applies=applies,
        kind=rule.cr_type or rule.type,
        matched=matched[:MOST_NAMED],
        more=max(len(matched) - MOST_NAMED, 0),
        mark=rule_shown(rule).mark,
    )


def policy_rows(person: Person, profile: TrustedProfile) -> list[PolicyRow]:
    """The profile's own policies and those of its access groups."""
    rows = policies_about(account_id=profile.account_id, iam_id=profile.iam_id)
    roles = roles_of(profile.account_id) if any(set(row.roles) - ROLES.keys() for row in rows) else ROLES
    names = {crn: role.display_name for crn, role in roles.items()}
    groups = _group_names(person, rows)
    return [_policy_row(row, names, groups) for row in rows]


def _group_names(person: Person, rows: Sequence[Policy]) -> dict[str, str]:
    """The names of the access groups of these policies, without those that the person may not read."""
    groups = {group.id: group for group in map(group_of, rows) if group}
    verdicts = person.may_each(f"{GROUP}.read", [{"resourceType": KIND, "resource": id} for id in groups])
    return {
        group.id: group.name if may_read or group.id == PUBLIC_ACCESS else "that you may not read"
        for group, may_read in zip(groups.values(), verdicts, strict=True)
    }


def _policy_row(row: Policy, names: dict[str, str], groups: dict[str, str]) -> PolicyRow:
    group = group_of(row)
    resource = [_condition(each) for each in row.resource]
    roles = ", ".join(names.get(crn, f"{crn.rpartition(':')[2]} (gone)") for crn in row.roles)
    return PolicyRow(str(row.id), roles, resource, row.state, bool(row.rule), groups[group.id] if group else "")


def _condition(attribute: dict[str, str]) -> str:
    operator = "=" if attribute["operator"] == "stringEquals" else attribute["operator"]
    return f"{attribute['key']} {operator} {attribute['value']}"


@dataclass(frozen=True)
class Preview:
    matched: list[str]
    others: list[tuple[str, str]]
    """Servers that do not match, and what each lacks."""
    more: int
    count: int
    total: int
    unseen: int
    """How many servers were not checked."""


def preview(conditions: Sequence[ClaimCondition], table: ClaimTable, person: Person) -> Preview:
    """The servers that a rule with these conditions would trust; none without conditions."""
    described = _described(conditions, table)
    matched = [row.name for row, matches in zip(table.rows, described, strict=True) if matches]
    others = [row for row, matches in zip(table.rows, described, strict=True) if not matches][:MOST_NAMED]
    return Preview(
        matched[:MOST_NAMED],
        _lacking(conditions, others),
        max(len(matched) - MOST_NAMED, 0),
        len(matched),
        len(table.rows),
        servers_unseen(person),
    )


def _described(conditions: Sequence[ClaimCondition], table: ClaimTable) -> list[bool]:
    columns = table.columns([condition.claim for condition in conditions])
    return hold_for_each(conditions, columns, count=len(table.rows))


def _lacking(conditions: Sequence[ClaimCondition], rows: Sequence[ClaimRow]) -> list[tuple[str, str]]:
    """Names of servers, each with what it lacks."""
    columns = ClaimTable(rows).columns([condition.claim for condition in conditions])
    claims = [{name: column[place] for name, column in columns.items()} for place in range(len(rows))]
    return [(row.name, "; ".join(unmet(conditions, each))) for row, each in zip(rows, claims, strict=True)]
