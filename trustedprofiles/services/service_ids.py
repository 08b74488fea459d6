"""Service IDs: create, change, lock, delete."""

from typing import Any

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, ReferenceNotFound, Target
from trustedprofiles import events
from trustedprofiles.limits import SERVICE_IDS_PER_ACCOUNT, require_room
from trustedprofiles.models import Account, Policy, ServiceId
from trustedprofiles.services.group_members import forget_member
from trustedprofiles.services.identities import forget_identity
from trustedprofiles.services.revisions import lock_account, lock_row, revise_changed
from trustedprofiles.services.tags import forget
from trustedprofiles.signals import service_id_deleting


@transaction.atomic
def create_service_id(
    account: Account,
    *,
    name: str,
    by: Party,
    description: str = "",
    unique_instance_crns: list[str] | None = None,
    group_id: str = "",
    locked: bool = False,
) -> ServiceId:
    """Make a service ID, which may do nothing until policies grant it access. Raises OverQuota beyond 2000,
    ReferenceNotFound when the account has no such group."""
    lock_account(account.id)
    require_room(account.service_ids, SERVICE_IDS_PER_ACCOUNT, owner="An account", things="service IDs")
    group = None
    if group_id:
        # The lock keeps the group from being deleted before the service ID is in it.
        group = account.service_id_groups.select_for_update(no_key=True).filter(id=group_id).first()
        if group is None:
            raise ReferenceNotFound(
                "There is no service ID group of this id in your account.", target=Target("group_id")
            )
    now = clock.now()
    service_id = ServiceId.objects.create(
        id=ids.prefixed_id("ServiceId"),
        account=account,
        name=name,
        description=description,
        unique_instance_crns=unique_instance_crns or [],
        group=group,
        locked=locked,
        revision_hash=ids.hex_id(),
        created_at=now,
        modified_at=now,
    )
    events.record_change(f"{events.SERVICE_ID}.create", service_id, by=by, status=201)
    return service_id


@transaction.atomic
def update_service_id(service_id: ServiceId, *, changes: dict[str, Any], by: Party) -> ServiceId:
    """Change ``name``, ``description`` or ``unique_instance_crns``.

    Raises Conflict when it is locked, or was changed since it was read.
    """
    _require_unlocked(service_id)
    return _change(service_id, by=by, **changes)


@transaction.atomic
def lock_service_id(service_id: ServiceId, *, locked: bool, by: Party) -> ServiceId:
    """Lock a service ID against change and deletion, or unlock it. Its API keys have locks of their own (D-73)."""
    return _change(service_id, by=by, status=204, locked=locked)


@transaction.atomic
def delete_service_id(service_id: ServiceId, *, by: Party) -> None:
    """Delete a service ID with its API keys and policies.

    It is also removed from the profiles that trust it (D-71) and from its access groups. Baremint's own services refuse
    its tokens from now on.

    Raises Conflict when it is locked, or one of its API keys is; NotFound when it is gone.
    """
    current = lock_row(service_id, no_key=False)
    _require_unlocked(current)
    policies = Policy.objects.filter(account_id=current.account_id, subject_iam_id=current.iam_id.lower())
    losses: dict[str, Any] = {}
    service_id_deleting.send(ServiceId, service_id=current, gone=losses)
    losses |= {
        "policies": [str(id) for id in policies.values_list("id", flat=True)],
        "profiles": forget_identity(current.iam_id),
        "access_groups": forget_member(current.account_id, current.iam_id),
    }
    events.record_change(f"{events.SERVICE_ID}.delete", current, by=by, status=204, data=losses)
    policies.delete()
    forget(current.crn)
    current.delete()


def _require_unlocked(service_id: ServiceId) -> None:
    if service_id.locked:
        raise Conflict(
            f"The service ID {service_id.id} is locked. Unlock it first: DELETE /v1/serviceids/{service_id.id}/lock."
        )


def _change(service_id: ServiceId, *, by: Party, status: int = 200, **values: Any) -> ServiceId:
    names = revise_changed(service_id, values, modified_at=clock.now())
    events.record_change(f"{events.SERVICE_ID}.update", service_id, by=by, status=status, data={"changed": names})
    return service_id
