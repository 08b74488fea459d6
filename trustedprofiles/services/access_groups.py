"""Access groups: create, change and delete them, and turn the Public Access group on or off."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids, timestamps
from controlplane.kernel.errors import BadRequest, Conflict
from controlplane.kernel.unique_names import unique_name
from trustedprofiles import events
from trustedprofiles.access import ACTIVE
from trustedprofiles.limits import ACCESS_GROUPS_PER_ACCOUNT, require_room
from trustedprofiles.models import AccessGroup, Account, AccountWideSettings, Policy
from trustedprofiles.models.access_group import PUBLIC_ACCESS, PUBLIC_ACCESS_NAME
from trustedprofiles.services.account_settings import change_settings, public_access_enabled, settings_of
from trustedprofiles.services.naming import name_taken
from trustedprofiles.services.policies import delete_policy
from trustedprofiles.services.revisions import lock_account, lock_row, revise_changed
from trustedprofiles.services.tags import forget


@transaction.atomic
def create_group(account: Account, *, name: str, description: str = "", by: Party) -> AccessGroup:
    """Make a group without members. Raises Conflict when the account has one of this name, in any case of
    letters, OverQuota beyond 500."""
    lock_account(account.id)
    require_room(account.access_groups, ACCESS_GROUPS_PER_ACCOUNT, owner="An account", things="access groups")
    now = clock.now()
    group = AccessGroup(
        id=ids.prefixed_id("AccessGroupId"),
        account=account,
        name=name,
        description=description,
        revision_hash=ids.hex_id(),
        created_at=now,
        created_by_id=by.id,
        last_modified_at=now,
        last_modified_by_id=by.id,
    )
    with unique_group_name(name):
        group.save(force_insert=True)
    events.record_change(f"{events.ACCESS_GROUP}.create", group, by=by, status=201)
    return group


@transaction.atomic
def update_group(group: AccessGroup, *, changes: dict[str, str], by: Party) -> AccessGroup:
    """Change ``name`` or ``description``. Raises Conflict when the name is taken or the group was changed meanwhile,
    BadRequest for the Public Access group."""
    refuse_public_access(group)
    with unique_group_name(changes.get("name", group.name)):
        names = revise_changed(group, changes, last_modified_at=clock.now(), last_modified_by_id=by.id)
    events.record_change(f"{events.ACCESS_GROUP}.update", group, by=by, data={"changed": names})
    return group


@transaction.atomic
def delete_group(group: AccessGroup, *, force: bool = False, by: Party) -> None:
    """Delete a group with its policies, members and rules; what it granted stops at once.

    Raises Conflict while it has members or rules, unless ``force``; NotFound when it is gone; BadRequest for the
    Public Access group.
    """
    refuse_public_access(group)
    lock_row(group, no_key=False)
    contents = {
        "members": list(group.members.order_by("id").values_list("iam_id", flat=True)),
        "rules": list(group.rules.order_by("created_at", "id").values_list("id", flat=True)),
        "policies": [str(id) for id in group.policies.values_list("id", flat=True)],
    }
    if not force and (contents["members"] or contents["rules"]):
        raise Conflict("The access group has members or rules. Remove them first, or delete it with force=true.")
    events.record_change(f"{events.ACCESS_GROUP}.delete", group, by=by, status=204, data=contents)
    forget(group.crn)
    group.delete()


@transaction.atomic
def set_public_access(account: Account, *, enabled: bool | None, by: Party) -> AccountWideSettings:
    """Turn the Public Access group on or off; its policies are deleted when it is turned off. None changes nothing."""
    lock_account(account.id)
    settings = settings_of(account.id, AccountWideSettings.Kind.GROUPS)
    changes: dict[str, Any] = {}
    if enabled is not None and enabled != public_access_enabled(account.id):
        changes = {
            "public_access_enabled": enabled,
            "last_modified_at": timestamps.seconds(clock.now()),
            "last_modified_by_id": by.id,
        }
    settings = change_settings(settings, changes=changes, event=f"{events.GROUP_SETTINGS}.update", by=by)
    if enabled is False:
        public = Policy.objects.filter(account=account, subject_iam_id=PUBLIC_ACCESS.lower(), state=ACTIVE)
        for policy in public.order_by("created_at", "id"):
            delete_policy(policy, by=by)
    return settings


def refuse_public_access(group: AccessGroup) -> None:
    """Raise BadRequest for the Public Access group, whose name and members are fixed."""
    if group.id == PUBLIC_ACCESS:
        raise BadRequest(
            f"The access group {PUBLIC_ACCESS_NAME} cannot be changed or deleted: all identities are in it.",
            code="reserved_value",
        )


def lock_group(group: AccessGroup) -> None:
    """Keep the group from being deleted until the transaction ends. Raises NotFound when it already is, BadRequest for
    the Public Access group."""
    refuse_public_access(group)
    lock_row(group)


def lock_groups(groups: Iterable[AccessGroup]) -> None:
    """Keep those of the groups that exist from being deleted until the transaction ends.

    All are locked at once and in one order, so that two requests that change the same groups do not block each other.
    """
    rows = AccessGroup.objects.select_for_update(no_key=True).filter(pk__in=[group.pk for group in groups])
    list(rows.order_by("pk"))


@contextmanager
def unique_group_name(name: str) -> Iterator[None]:
    """Wrap the block that saves a group of this name. Raises Conflict when another group, or Public Access, has it."""
    refusal = name_taken("an access group", name)
    if name.lower() == PUBLIC_ACCESS_NAME.lower():
        raise refusal
    with unique_name(AccessGroup, refusal):
        yield
