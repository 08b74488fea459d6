"""Members of access groups: add, remove."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError, BadRequest, InvalidValue, NotFound, OverQuota, Target
from controlplane.kernel.text import echoed
from trustedprofiles import events
from trustedprofiles.limits import GROUPS_PER_MEMBER
from trustedprofiles.models import AccessGroup, GroupMember, ServiceId, TrustedProfile
from trustedprofiles.services.access_groups import lock_group, lock_groups

PREFIXES = {"IBMid-": "user", "iam-ServiceId-": "service", "iam-Profile-": "profile"}
"""How the IAM ids of members begin, and the type of each."""
USER = re.compile(r"IBMid-[A-Za-z0-9._@-]{1,58}")


def type_of_member(account_id: str, iam_id: str) -> str:
    """Return the type of a member: ``user``, ``service`` or ``profile``. Raises NotFound for anything else.

    A service ID and a trusted profile must belong to the account. A user is not looked up: IAM does not know beforehand
    who a user is, and whether they will join the account.
    """
    type = next((type for prefix, type in PREFIXES.items() if iam_id.startswith(prefix)), "")
    exists = type == "user" and USER.fullmatch(iam_id) is not None
    id = iam_id.removeprefix("iam-")
    if type == "service":
        exists = ServiceId.objects.filter(account_id=account_id, id=id).exists()
    elif type == "profile":
        exists = TrustedProfile.objects.filter(account_id=account_id, id=id).exists()
    if not exists:
        raise NotFound(f"There is no user, service ID or trusted profile {echoed(iam_id)} in your account.")
    return type


def _lock_identities(account_id: str, iam_ids: Iterable[str]) -> None:
    """Keep service IDs and trusted profiles from being deleted until the transaction ends. All are locked at once and
    in one order, so that two requests that add the same identities to different groups do not block each other."""
    ids = {iam_id.removeprefix("iam-") for iam_id in iam_ids}
    for model in (ServiceId, TrustedProfile):
        rows = model._default_manager.select_for_update(no_key=True).filter(account_id=account_id, id__in=ids)
        list(rows.order_by("id"))


Outcome = GroupMember | ApiError
"""The result for one of several memberships: the member, or the error that refused it."""


@transaction.atomic
def add_members(group: AccessGroup, *, members: Sequence[tuple[str, str]], by: Party) -> list[Outcome]:
    """Add identities, each given as an IAM id and a type. An identity that is a member already stays one.

    Returns the result for each, in the order of ``members``: the member, or NotFound, InvalidValue for a wrong type,
    or OverQuota beyond 50 groups.

    Raises NotFound when the group is gone.
    """
    lock_group(group)
    _lock_identities(group.account_id, (iam_id for iam_id, _ in members))
    outcomes = [_outcome(partial(_add, group, iam_id, type, by=by)) for iam_id, type in members]
    added = [each.iam_id for each in outcomes if isinstance(each, GroupMember)]
    if added:
        events.record_change(f"{events.MEMBER}.add", group, by=by, status=207, data={"members": added})
    return outcomes


@transaction.atomic
def add_to_groups(groups: Sequence[AccessGroup], *, iam_id: str, type: str, by: Party) -> list[Outcome]:
    """Add one identity to several groups. Returns the result for each."""
    lock_groups(groups)
    return [_outcome(partial(_add_to_group, group, iam_id, type, by=by)) for group in groups]


def _outcome(add: Callable[[], Outcome]) -> Outcome:
    try:
        return add()
    except (NotFound, BadRequest) as error:
        return error


def _add_to_group(group: AccessGroup, iam_id: str, type: str, *, by: Party) -> Outcome:
    [outcome] = add_members(group, members=[(iam_id, type)], by=by)
    return outcome


def _add(group: AccessGroup, iam_id: str, type: str, *, by: Party) -> GroupMember:
    actual = type_of_member(group.account_id, iam_id)
    if type != actual:
        raise InvalidValue(f"{iam_id} is of type {actual}.", target=Target("type"))
    if member := group.members.filter(iam_id=iam_id).first():
        return member
    if GroupMember.objects.filter(group__account_id=group.account_id, iam_id=iam_id).count() >= GROUPS_PER_MEMBER:
        raise OverQuota(f"{iam_id} is in {GROUPS_PER_MEMBER} access groups, which is the most.")
    return group.members.create(iam_id=iam_id, type=type, created_at=clock.now(), created_by_id=by.id)


@transaction.atomic
def remove_members(group: AccessGroup, *, iam_ids: Iterable[str], by: Party, status: int = 204) -> list[str]:
    """Take identities out of a group; what it granted them stops at once. Returns those that were in it.

    Raises NotFound when none of them was in it, or when the group is gone.
    """
    lock_group(group)
    rows = group.members.filter(iam_id__in=set(iam_ids))
    members = sorted(rows.values_list("iam_id", flat=True))
    if not members:
        raise NotFound(f"The access group {group.id} has no such member.")
    rows.delete()
    events.record_change(f"{events.MEMBER}.delete", group, by=by, status=status, data={"members": members})
    return members


@transaction.atomic
def remove_from_groups(groups: QuerySet[AccessGroup], *, iam_id: str, by: Party) -> list[AccessGroup]:
    """Take an identity out of all these groups. Returns those that it was in; raises NotFound when it was in none."""
    joined = groups.filter(members__iam_id=iam_id).order_by("created_at", "id")
    lock_groups(joined)
    rows = list(joined)
    if not rows:
        raise NotFound(f"{echoed(iam_id)} is in no access group of your account.")
    for group in rows:
        remove_members(group, iam_ids=[iam_id], by=by, status=207)
    return rows


def forget_member(account_id: str, iam_id: str) -> list[str]:
    """Take a deleted identity out of all groups. Returns the ids of the groups that it was in.

    Call it in the transaction that deletes the identity.
    """
    rows = GroupMember.objects.filter(group__account_id=account_id, iam_id=iam_id)
    group_ids = sorted(rows.values_list("group_id", flat=True))
    rows.delete()
    return group_ids
