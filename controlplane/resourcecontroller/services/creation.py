"""Create a service instance."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import ReferenceNotFound, Target
from controlplane.resourcecontroller import events
from trustedprofiles import tag_rules
from trustedprofiles.models import Account, ResourceGroup
from trustedprofiles.services.tags import attach_tags


@dataclass(frozen=True, kw_only=True)
class InstancePrototype:
    name: str
    service: str
    plan: str
    """The id of the plan."""
    region: str
    resource_group: str
    """The id of the resource group."""
    parameters: dict[str, Any] = field(default_factory=dict)
    allow_cleanup: bool = False
    is_locked: bool = False
    tags: Sequence[str] = ()
    """Names of user tags, in lower case."""


@transaction.atomic
def create_instance(account: Account, *, prototype: InstancePrototype, by: Party) -> ResourceInstance:
    """Create an instance, which is active at once. Raises ReferenceNotFound for an unknown resource group."""
    # The lock keeps the group from being deleted until the instance is in it.
    groups = ResourceGroup.objects.select_for_update(no_key=True).filter(account=account)
    if (group := groups.filter(id=prototype.resource_group).first()) is None:
        raise ReferenceNotFound(
            f"There is no resource group {prototype.resource_group} in your account. GET /v2/resource_groups lists "
            "them.",
            target=Target("resource_group"),
        )
    now = clock.now()
    instance = ResourceInstance(
        account_id=account.id,
        guid=str(uuid.uuid4()),
        service=prototype.service,
        plan=prototype.plan,
        region=prototype.region,
        name=prototype.name,
        resource_group_id=group.id,
        is_locked=prototype.is_locked,
        allow_cleanup=prototype.allow_cleanup,
        parameters=prototype.parameters,
        plan_history=[plan_change(prototype.plan, at=now.isoformat(), by=by)],
        created_at=now,
        created_by=by.id,
        updated_at=now,
        updated_by=by.id,
    )
    if prototype.is_locked:
        instance.locked_at, instance.locked_by = now, by.id
    instance.save(force_insert=True)
    events.record_change(f"{events.INSTANCE}.create", instance, by=by, status=201)
    if prototype.tags:
        crn = Crn.parse(instance.crn)
        attach_tags(account, crn=crn, type=tag_rules.USER, names=prototype.tags, by=by)
    return instance


def plan_change(plan: str, *, at: str, by: Party) -> dict[str, str]:
    """Return an entry of the plan history; ``at`` is an instant in ISO 8601."""
    return {"resource_plan_id": plan, "start_date": at, "requestor_id": by.id}
