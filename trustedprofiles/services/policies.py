"""Access policies: create, replace, restore, delete."""

import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict
from trustedprofiles import events
from trustedprofiles.models import Account, Policy


@dataclass(frozen=True)
class PolicyContent:
    """What a policy says, in the v2 form whichever API said it."""

    subject: list[dict[str, Any]]
    resource: list[dict[str, Any]]
    roles: list[str]
    type: str = "access"
    description: str = ""
    resource_tags: list[dict[str, Any]] = field(default_factory=list)
    rule: dict[str, Any] | None = None
    pattern: str = ""

    @property
    def subject_iam_id(self) -> str:
        """Lower case: one IBM sample writes ``Iam-Profile-``."""
        return next((str(each["value"]).lower() for each in self.subject if each["key"] == "iam_id"), "")


@transaction.atomic
def create_policy(account: Account, *, content: PolicyContent, api_version: str, by: Party) -> Policy:
    """Grant access. Raises Conflict when the same subject has the same roles on the same resource already."""
    _refuse_duplicate(account.id, content)
    now = clock.now()
    policy = Policy.objects.create(
        id=uuid.uuid4(),
        account=account,
        api_version=api_version,
        subject_iam_id=content.subject_iam_id,
        revision_hash=ids.hex_id(),
        created_at=now,
        created_by_id=by.id,
        last_modified_at=now,
        last_modified_by_id=by.id,
        **asdict(content),
    )
    _record(events.POLICY_CREATE, policy, by=by, status=201)
    return policy


@transaction.atomic
def replace_policy(policy: Policy, *, content: PolicyContent, by: Party) -> Policy:
    """Replace what a policy says. Raises Conflict like ``create_policy``."""
    _refuse_duplicate(policy.account_id, content, other_than=policy)
    for name, value in asdict(content).items():
        setattr(policy, name, value)
    policy.subject_iam_id = content.subject_iam_id
    return _touch(policy, by=by)


@transaction.atomic
def set_policy_state(policy: Policy, *, state: str, by: Party) -> Policy:
    policy.state = state
    return _touch(policy, by=by)


@transaction.atomic
def delete_policy(policy: Policy, *, by: Party) -> None:
    """Take the grant away, at once."""
    _record(events.POLICY_DELETE, policy, by=by, status=204)
    policy.delete()


def _touch(policy: Policy, *, by: Party) -> Policy:
    policy.revision += 1
    policy.revision_hash = ids.hex_id()
    policy.last_modified_at = clock.now()
    policy.last_modified_by_id = by.id
    policy.save()
    _record(events.POLICY_UPDATE, policy, by=by)
    return policy


def _refuse_duplicate(account_id: str, content: PolicyContent, other_than: Policy | None = None) -> None:
    rivals = Policy.objects.filter(account_id=account_id, subject_iam_id=content.subject_iam_id, type=content.type)
    for rival in rivals.exclude(pk=other_than.pk) if other_than else rivals:
        same = (sorted(rival.roles), rival.resource, rival.subject, rival.rule)
        if same == (sorted(content.roles), content.resource, content.subject, content.rule):
            raise Conflict(
                f"Policy {rival.id} already grants these roles on this resource to this subject.",
                code="policy_conflict_error",
            )


def _record(event: str, policy: Policy, *, by: Party, status: int = 200) -> None:
    record(
        event,
        initiator=by,
        target=Party(str(policy.id), str(policy), "Policy"),
        account_id=policy.account_id,
        status=status,
        data={"roles": policy.roles, "subject": policy.subject_iam_id},
    )
