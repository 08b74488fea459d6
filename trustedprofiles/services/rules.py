"""Claim rules: create, replace, delete."""

from dataclasses import asdict, dataclass

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from trustedprofiles import events
from trustedprofiles.limits import CLAIM_RULES_PER_PROFILE, require_room
from trustedprofiles.models import ClaimRule, TrustedProfile
from trustedprofiles.services.revisions import delete_row, lock_row, revise


@dataclass(frozen=True)
class RuleContent:
    """The content of a claim rule."""

    type: str
    conditions: list[dict[str, str]]
    """``claim``, ``operator`` and ``value``, which is JSON in a string."""
    name: str = ""
    cr_type: str = ""
    realm_name: str = ""
    expiration: int = 0


@transaction.atomic
def create_rule(profile: TrustedProfile, *, content: RuleContent, by: Party) -> ClaimRule:
    """Trust the identities and resources that meet these conditions. Raises OverQuota beyond 20 rules, NotFound when
    the profile is gone."""
    lock_row(profile)
    require_room(profile.rules, CLAIM_RULES_PER_PROFILE, owner="A trusted profile", things="claim rules")
    now = clock.now()
    rule = ClaimRule.objects.create(
        id=ids.prefixed_id("ClaimRule"),
        profile=profile,
        revision_hash=ids.hex_id(),
        created_at=now,
        modified_at=now,
        **asdict(content),
    )
    _record(f"{events.RULE}.create", rule, by=by, status=201)
    return rule


@transaction.atomic
def replace_rule(rule: ClaimRule, *, content: RuleContent, by: Party) -> ClaimRule:
    """Replace the content of a rule. Raises Conflict when the rule was changed or deleted since it was read."""
    revise(rule, modified_at=clock.now(), **asdict(content))
    _record(f"{events.RULE}.update", rule, by=by, status=200)
    return rule


@transaction.atomic
def delete_rule(rule: ClaimRule, *, by: Party) -> None:
    """Delete a rule: stop trusting the identities and resources that meet it.

    Issued tokens stay valid until they expire. Raises NotFound when it is gone.
    """
    delete_row(rule)
    _record(f"{events.RULE}.delete", rule, by=by, status=204)


def _record(event: str, rule: ClaimRule, *, by: Party, status: int) -> None:
    data = {"rule_id": rule.id, "type": rule.type, "cr_type": rule.cr_type, "conditions": rule.conditions}
    events.record_change(event, rule.profile, by=by, status=status, data=data)
