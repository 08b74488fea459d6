"""Service ID groups: create, change, delete."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, NotFound, OverQuota
from controlplane.kernel.unique_names import unique_name
from trustedprofiles import events
from trustedprofiles.limits import SERVICE_ID_GROUPS_PER_ACCOUNT
from trustedprofiles.models import Account, ServiceIdGroup
from trustedprofiles.services.naming import name_taken
from trustedprofiles.services.revisions import revise
from trustedprofiles.services.tags import forget


@transaction.atomic
def create_service_id_group(account: Account, *, name: str, by: Party, description: str = "") -> ServiceIdGroup:
    """Make a group. Raises Conflict when the account has one of this name, OverQuota beyond the limit."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if account.service_id_groups.count() >= SERVICE_ID_GROUPS_PER_ACCOUNT:
        raise OverQuota(f"An account has at most {SERVICE_ID_GROUPS_PER_ACCOUNT} service ID groups. Delete one first.")
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
    _record(f"{events.SERVICE_ID_GROUP}.create", group, by=by, status=201)
    return group


@transaction.atomic
def update_service_id_group(group: ServiceIdGroup, *, changes: dict[str, Any], by: Party) -> ServiceIdGroup:
    """Change ``name`` or ``description``. Raises Conflict when the name is taken or the group was changed meanwhile."""
    names = sorted(name for name, value in changes.items() if getattr(group, name) != value)
    if names:
        with unique_name(ServiceIdGroup, name_taken("a service ID group", changes.get("name", group.name))):
            revise(group, **changes, modified_at=clock.now())
    _record(f"{events.SERVICE_ID_GROUP}.update", group, by=by, data={"changed": names})
    return group


@transaction.atomic
def delete_service_id_group(group: ServiceIdGroup, *, by: Party) -> None:
    """Delete it. Raises Conflict while service IDs are in it, NotFound when it is gone."""
    if not ServiceIdGroup.objects.select_for_update().filter(pk=group.pk).exists():
        raise NotFound("The service ID group was deleted since it was read.")
    _record(f"{events.SERVICE_ID_GROUP}.delete", group, by=by, status=204)
    forget(group.crn)
    try:
        group.delete()
    except ProtectedError:
        raise Conflict("The service ID group has service IDs in it. Delete them first.") from None


def _record(
    event: str, group: ServiceIdGroup, *, by: Party, status: int = 200, data: dict[str, Any] | None = None
) -> None:
    target = Party(group.crn, group.name, "ServiceIdGroup")
    record(event, initiator=by, target=target, account_id=group.account_id, status=status, data=data)
