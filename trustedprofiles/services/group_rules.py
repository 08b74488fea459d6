"""Dynamic rules of access groups: create, replace, delete."""

from dataclasses import asdict, dataclass

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from trustedprofiles import events
from trustedprofiles.limits import RULES_PER_GROUP, require_room
from trustedprofiles.models import AccessGroup, GroupRule
from trustedprofiles.services.access_groups import lock_group
from trustedprofiles.services.revisions import delete_row, revise


@dataclass(frozen=True)
class GroupRuleContent:
    """The content of a rule. ``expiration`` is in hours; ``conditions``: ``[{"claim", "operator", "value"}, ...]``."""

    realm_name: str
    expiration: int
    conditions: list[dict[str, str]]
    name: str = ""


@transaction.atomic
def create_group_rule(group: AccessGroup, *, content: GroupRuleContent, by: Party) -> GroupRule:
    """Create a rule that lets users into the group when the claims of their identity provider meet its conditions.

    Raises OverQuota beyond 5 rules, NotFound when the group is gone, BadRequest for the Public Access group.
    """
    lock_group(group)
    require_room(group.rules, RULES_PER_GROUP, owner="An access group", things="rules")
    now = clock.now()
    rule = GroupRule.objects.create(
        id=ids.prefixed_id("ClaimRule"),
        group=group,
        revision_hash=ids.hex_id(),
        created_at=now,
        created_by_id=by.id,
        last_modified_at=now,
        last_modified_by_id=by.id,
        **asdict(content),
    )
    _record(f"{events.GROUP_RULE}.create", rule, by=by, status=201)
    return rule


@transaction.atomic
def replace_group_rule(rule: GroupRule, *, content: GroupRuleContent, by: Party) -> GroupRule:
    """Replace the content of a rule. Raises Conflict when it was changed or deleted since it was read."""
    revise(rule, **asdict(content), last_modified_at=clock.now(), last_modified_by_id=by.id)
    _record(f"{events.GROUP_RULE}.update", rule, by=by)
    return rule


@transaction.atomic
def delete_group_rule(rule: GroupRule, *, by: Party) -> None:
    """Delete a rule. Raises NotFound when it is gone."""
    delete_row(rule, name="rule")
    _record(f"{events.GROUP_RULE}.delete", rule, by=by, status=204)


def _record(event: str, rule: GroupRule, *, by: Party, status: int = 200) -> None:
    events.record_change(event, rule.group, by=by, status=status, data={"rule": rule.id, "name": rule.name})
