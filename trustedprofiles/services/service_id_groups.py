"""Service ID groups: create, change, delete."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict
from controlplane.kernel.unique_names import unique_name
from trustedprofiles import events
from trustedprofiles.limits import SERVICE_ID_GROUPS_PER_ACCOUNT, require_room
from trustedprofiles.models import Account, ServiceIdGroup
from trustedprofiles.services.naming import name_taken
from trustedprofiles.services.revisions import lock_account, lock_row, revise_changed
from trustedprofiles.services.tags import forget


@transaction.atomic
def create_service_id_group(account: Account, *, name: str, by: Party, description: str = "") -> ServiceIdGroup:
    """Make a group. Raises Conflict when the account has one of this name, OverQuota beyond the limit."""
    lock_account(account.id)
    require_room(
        account.service_id_groups, SERVICE_ID_GROUPS_PER_ACCOUNT, owner="An account", things="service ID groups"
    )
    now = clock.now()
    group = ServiceIdGroup(
        id=ids.prefixed_id("ServiceIdGroup"),
        account=account,
        name=name,
        description=description,
        revision_hash=ids.hex_id(),
        created_at=now,
        created_by=by.id,
        modified_at=now,
    )
    with unique_name(ServiceIdGroup, name_taken("a service ID group", name)):
        group.save(force_insert=True)
    events.record_change(f"{events.SERVICE_ID_GROUP}.create", group, by=by, status=201)
    return group


@transaction.atomic
def update_service_id_group(group: ServiceIdGroup, *, changes: dict[str, Any], by: Party) -> ServiceIdGroup:
    """Change ``name`` or ``description``. Raises Conflict when the name is taken or the group was changed meanwhile."""
    with unique_name(ServiceIdGroup, name_taken("a service ID group", changes.get("name", group.name))):
        names = revise_changed(group, changes, modified_at=clock.now())
    events.record_change(f"{events.SERVICE_ID_GROUP}.update", group, by=by, data={"changed": names})
    return group


@transaction.atomic
def delete_service_id_group(group: ServiceIdGroup, *, by: Party) -> None:
    """Delete a group. Raises Conflict while service IDs are in it, NotFound when it is gone."""
    lock_row(group, no_key=False)
    events.record_change(f"{events.SERVICE_ID_GROUP}.delete", group, by=by, status=204)
    forget(group.crn)
    try:
        group.delete()
    except ProtectedError:
        raise Conflict("The service ID group has service IDs in it. Delete them first.") from None
