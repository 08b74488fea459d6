"""Resource groups: create, change, delete."""

from django.db import transaction
from django.db.models import ProtectedError

from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, NotFound
from controlplane.kernel.unique_names import unique_name
from trustedprofiles import events
from trustedprofiles.models import Account, ResourceGroup
from trustedprofiles.services import tags
from trustedprofiles.services.naming import name_taken
from trustedprofiles.services.revisions import lock_row


@transaction.atomic
def create_resource_group(account: Account, *, name: str, by: Party) -> ResourceGroup:
    """Make a resource group. Raises Conflict when the account has one of this name."""
    group = ResourceGroup(id=ids.hex_id(), account=account, name=name, created_at=clock.now())
    with unique_name(ResourceGroup, name_taken("a resource group", name)):
        group.save(force_insert=True)
    events.record_change(f"{events.RESOURCE_GROUP}.create", group, by=by, status=201)
    return group


@transaction.atomic
def rename_resource_group(group: ResourceGroup, *, name: str, by: Party) -> ResourceGroup:
    """Change the name. Raises Conflict when it is taken, NotFound when the group is gone."""
    updated_at = clock.now() if name != group.name else group.updated_at
    with unique_name(ResourceGroup, name_taken("a resource group", name)):
        count = ResourceGroup.objects.filter(pk=group.pk).update(name=name, updated_at=updated_at)
    if not count:
        raise NotFound("The resource group was deleted since it was read.")
    group.refresh_from_db()
    events.record_change(f"{events.RESOURCE_GROUP}.update", group, by=by)
    return group


@transaction.atomic
def delete_resource_group(group: ResourceGroup, *, by: Party) -> None:
    """Delete a group. Raises Conflict for the default group and while resources are in it, NotFound when it is gone."""
    # The lock keeps a transaction that puts something into the group from committing before this one.
    lock_row(group, no_key=False)
    if group.is_default:
        raise Conflict("The default resource group of an account cannot be deleted.")
    instances = ResourceInstance.objects.filter(account_id=group.account_id, resource_group_id=group.id)
    if instances.exclude(state=ResourceInstance.State.REMOVED).exists():
        raise Conflict("The resource group has service instances in it. Delete them and reclaim them first.")
    events.record_change(f"{events.RESOURCE_GROUP}.delete", group, by=by, status=204)
    tags.forget(group.crn)
    try:
        group.delete()
    except ProtectedError:
        raise Conflict("The resource group has resources in it. Delete them first.") from None
