"""Access policies: create, replace, delete, restore."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import BadRequest, Conflict, NotFound, ReferenceNotFound, Target
from controlplane.kernel.text import echoed
from trustedprofiles import events
from trustedprofiles.access import ACTIVE
from trustedprofiles.identity_grants import roles_of
from trustedprofiles.limits import POLICIES_PER_ACCOUNT, POLICIES_PER_SUBJECT, require_room
from trustedprofiles.models import AccessGroup, Account, Policy
from trustedprofiles.models.access_group import PUBLIC_ACCESS, PUBLIC_ACCESS_NAME
from trustedprofiles.services.account_settings import public_access_enabled
from trustedprofiles.services.revisions import lock_account, revise

DELETED = "deleted"


@dataclass(frozen=True)
class PolicyContent:
    """The content of a policy, in the v2 form also when it came from the v1 API."""

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
        """Return the subject's IAM id, or the id of a group, in lower case: one IBM sample writes ``Iam-Profile-``."""
        return (self._of_subject("iam_id") or self.access_group_id).lower()

    @property
    def access_group_id(self) -> str:
        """Return the id of the access group, or an empty string when the subject is not an access group."""
        return self._of_subject("access_group_id")

    def _of_subject(self, key: str) -> str:
        return next((str(each["value"]) for each in self.subject if each["key"] == key), "")


class PolicyConflict(Conflict):
    """The error for a policy that says the same as another one, ``rival``."""

    code = "policy_conflict_error"

    def __init__(self, rival: Policy) -> None:
        super().__init__(f"Policy {rival.id} already grants these roles on this resource to this subject.")
        self.rival = rival


@transaction.atomic
def create_policy(account: Account, *, content: PolicyContent, api_version: str, by: Party) -> Policy:
    """Grant access. Raises PolicyConflict when the same subject has the same roles on the same resource already,
    OverQuota beyond 4020 policies, or 1000 of one subject; ReferenceNotFound for a role or an access group that the
    account does not have, BadRequest for the Public Access group while it is turned off."""
    lock_account(account.id)  # without it, two requests for the same policy would not see each other's
    _require_roles(account.id, content.roles)
    _refuse_duplicate(account.id, content)
    _require_room(account, content.subject_iam_id)
    now = clock.now()
    policy = Policy.objects.create(
        id=uuid.uuid4(),
        account=account,
        api_version=api_version,
        subject_iam_id=content.subject_iam_id,
        access_group=_access_group(account.id, content.access_group_id),
        revision_hash=ids.hex_id(),
        created_at=now,
        created_by_id=by.id,
        last_modified_at=now,
        last_modified_by_id=by.id,
        **asdict(content),
    )
    _record(f"{events.POLICY}.create", policy, by=by, status=201)
    return policy


@transaction.atomic
def replace_policy(policy: Policy, *, content: PolicyContent, by: Party) -> Policy:
    """Replace the content of a policy.

    Raises like ``create_policy``; NotFound for a deleted policy, Conflict when it was changed since it was read.
    """
    _require_active(policy)
    lock_account(policy.account_id)
    _require_roles(policy.account_id, content.roles)
    _refuse_duplicate(policy.account_id, content, other_than=policy)
    group = _access_group(policy.account_id, content.access_group_id)
    _change(policy, by=by, **asdict(content), subject_iam_id=content.subject_iam_id, access_group=group)
    _record(f"{events.POLICY}.update", policy, by=by)
    return policy


@transaction.atomic
def delete_policy(policy: Policy, *, by: Party) -> None:
    """Delete a policy, so that it grants nothing from now on. It stays readable and can be restored.

    Raises NotFound when it is deleted already.
    """
    _require_active(policy)
    _change(policy, by=by, state=DELETED)
    _record(f"{events.POLICY}.delete", policy, by=by, status=204)


@transaction.atomic
def restore_policy(policy: Policy, *, by: Party) -> Policy:
    """Restore a deleted policy, so that it grants access again.

    Raises PolicyConflict when another policy says the same by now, ReferenceNotFound when one of its roles is gone,
    BadRequest for a policy of the Public Access group while that is turned off.
    """
    lock_account(policy.account_id)
    _require_roles(policy.account_id, policy.roles)
    _refuse_duplicate(policy.account_id, policy, other_than=policy)
    if policy.subject_iam_id == PUBLIC_ACCESS.lower():
        _require_public_access(policy.account_id)
    _change(policy, by=by, state=ACTIVE)
    _record(f"{events.POLICY}.update", policy, by=by)
    return policy


def _require_roles(account_id: str, roles: Sequence[str]) -> None:
    own = roles_of(account_id)
    for role in roles:
        if role not in own:
            raise ReferenceNotFound(
                f"There is no role {echoed(role)}. GET /v2/roles lists them.",
                target=Target("roles"),
                code="role_not_found",
            )


def _access_group(account_id: str, id: str) -> AccessGroup | None:
    """Return the group of this id; None without an id and for the Public Access group, which has no row."""
    if not id:
        return None
    if id == PUBLIC_ACCESS:
        _require_public_access(account_id)
        return None
    # The lock keeps the group from being deleted before the policy refers to it.
    group = AccessGroup.objects.select_for_update(no_key=True).filter(account_id=account_id, id=id).first()
    if group is None:
        raise ReferenceNotFound("There is no access group of this id in your account.", target=Target("subject"))
    return group


def _require_public_access(account_id: str) -> None:
    """Raise BadRequest when the account has turned the Public Access group off.

    The caller has locked the account; a request that turns the group off waits for this lock.
    """
    if not public_access_enabled(account_id):
        raise BadRequest(f"The account has turned the access group {PUBLIC_ACCESS_NAME} off, so it can have no policy.")


def _require_room(account: Account, subject_iam_id: str) -> None:
    policies = account.policies.filter(state=ACTIVE)
    require_room(policies, POLICIES_PER_ACCOUNT, owner="An account", things="policies")
    subject = policies.filter(subject_iam_id=subject_iam_id)
    require_room(subject, POLICIES_PER_SUBJECT, owner="A subject", things="policies")


def _require_active(policy: Policy) -> None:
    if policy.state != ACTIVE:
        raise NotFound(
            'The policy is deleted. Restore it first: PATCH /v1/policies/{id} with {"state": "active"}.',
            code="policy_not_found",
        )


def _change(policy: Policy, *, by: Party, **values: Any) -> None:
    revise(policy, **values, last_modified_at=clock.now(), last_modified_by_id=by.id)


def _refuse_duplicate(account_id: str, wanted: Policy | PolicyContent, other_than: Policy | None = None) -> None:
    rivals = Policy.objects.filter(
        account_id=account_id, subject_iam_id=wanted.subject_iam_id, type=wanted.type, state=ACTIVE
    )
    for rival in rivals.exclude(pk=other_than.pk) if other_than else rivals:
        if _substance(rival) == _substance(wanted):
            raise PolicyConflict(rival)


def _substance(policy: Policy | PolicyContent) -> list[list[str]]:
    """Return the part that makes two policies of one subject the same, sorted, so that its order does not matter."""
    groups = (policy.roles, policy.resource, policy.resource_tags, [policy.rule])
    return [sorted(json.dumps(each, sort_keys=True) for each in group) for group in groups]


def _record(event: str, policy: Policy, *, by: Party, status: int = 200) -> None:
    record(
        event,
        initiator=by,
        target=Party(str(policy.id), str(policy), "Policy"),
        account_id=policy.account_id,
        status=status,
        data={"roles": policy.roles, "subject": policy.subject_iam_id},
    )
