"""Response bodies of the resource controller, under the names of IBM's own models."""

from datetime import datetime
from typing import Any, Literal, TypedDict

from django.conf import settings

from controlplane.cloudservice.registry import services
from controlplane.instances.models import GLOBAL, ResourceInstance
from controlplane.kernel import timestamps
from controlplane.kernel.crn import Crn
from controlplane.resourcecontroller.catalog import deployment_crn

State = ResourceInstance.State
POLICY = "retention-of-7-days"
"""The policy that reclamations name. IBM's have the id of a policy of the service."""
ReclamationState = Literal["SCHEDULED", "RECLAIMING", "RESTORING"]

LastOperation = TypedDict(
    "LastOperation",
    {
        "type": Literal["create", "update", "delete"],
        "state": Literal["succeeded"],
        "async": bool,
        "description": str,
        "cancelable": bool,
        "poll": bool,
    },
)


class PlanHistoryItem(TypedDict):
    resource_plan_id: str
    start_date: str
    requestor_id: str


class ServiceInstance(TypedDict):
    """``target_crn`` is the CRN of a deployment in the global catalog. ``extensions`` has the endpoints of a regional
    service."""

    id: str
    guid: str
    crn: str
    url: str
    name: str
    account_id: str
    region_id: str
    resource_id: str
    resource_plan_id: str
    resource_group_id: str
    resource_group_crn: str
    target_crn: str
    state: str
    type: Literal["service_instance"]
    sub_type: str
    allow_cleanup: bool
    locked: bool
    onetime_credentials: bool
    parameters: dict[str, Any]
    extensions: dict[str, Any]
    last_operation: LastOperation
    plan_history: list[PlanHistoryItem]
    dashboard_url: None
    resource_keys_url: str
    resource_aliases_url: str
    resource_bindings_url: str
    migrated: bool
    controlled_by: str
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str
    deleted_at: str | None
    deleted_by: str | None
    restored_at: str | None
    restored_by: str | None
    scheduled_reclaim_at: str | None
    scheduled_reclaim_by: str | None


class ResourceInstancesList(TypedDict):
    """``next_url`` is null on the last page."""

    rows_count: int
    next_url: str | None
    resources: list[ServiceInstance]


class Reclamation(TypedDict):
    id: str
    entity_id: str
    entity_type_id: str
    entity_crn: str
    resource_instance_id: str
    resource_group_id: str
    account_id: str
    policy_id: str
    state: ReclamationState
    target_time: str
    custom_properties: dict[str, Any]
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str


class ReclamationsList(TypedDict):
    resources: list[Reclamation]


def instance_body(instance: ResourceInstance) -> ServiceInstance:
    url = f"/v2/resource_instances/{instance.guid}"
    group = Crn("resource-controller", "", instance.account_id, "resource-group", instance.resource_group_id)
    is_waiting = instance.state == State.PENDING_RECLAMATION
    return {
        "id": instance.crn,
        "guid": instance.guid,
        "crn": instance.crn,
        "url": url,
        "name": instance.name,
        "account_id": instance.account_id,
        "region_id": instance.region,
        "resource_id": _service_id(instance),
        "resource_plan_id": instance.plan,
        "resource_group_id": instance.resource_group_id,
        "resource_group_crn": str(group),
        "target_crn": deployment_crn(instance.plan, instance.region),
        "state": instance.state,
        "type": "service_instance",
        "sub_type": instance.service,
        "allow_cleanup": instance.allow_cleanup,
        "locked": instance.is_locked,
        "onetime_credentials": instance.parameters.get("onetime_credentials") is True,
        "parameters": instance.parameters,
        "extensions": _extensions(instance),
        "last_operation": _last_operation(instance),
        "plan_history": [
            {
                "resource_plan_id": each["resource_plan_id"],
                "start_date": timestamps.milliseconds(datetime.fromisoformat(each["start_date"])),
                "requestor_id": each["requestor_id"],
            }
            for each in instance.plan_history
        ],
        "dashboard_url": None,
        "resource_keys_url": f"{url}/resource_keys",
        "resource_aliases_url": f"{url}/resource_aliases",
        "resource_bindings_url": f"{url}/resource_bindings",
        "migrated": False,
        "controlled_by": "",
        "created_at": timestamps.milliseconds(instance.created_at),
        "created_by": instance.created_by,
        "updated_at": timestamps.milliseconds(instance.updated_at),
        "updated_by": instance.updated_by,
        "deleted_at": _time(instance.deleted_at),
        "deleted_by": instance.deleted_by or None,
        "restored_at": _time(instance.restored_at),
        "restored_by": instance.restored_by or None,
        "scheduled_reclaim_at": _time(instance.deleted_at) if is_waiting else None,
        "scheduled_reclaim_by": instance.deleted_by if is_waiting else None,
    }


def reclamation_body(instance: ResourceInstance, state: ReclamationState = "SCHEDULED") -> Reclamation:
    """Return the last reclamation of an instance."""
    return {
        "id": instance.reclamation_id,
        "entity_id": instance.guid,
        "entity_type_id": _service_id(instance),
        "entity_crn": instance.crn,
        "resource_instance_id": instance.guid,
        "resource_group_id": instance.resource_group_id,
        "account_id": instance.account_id,
        "policy_id": POLICY,
        "state": state,
        "target_time": timestamps.milliseconds(instance.reclaim_at or instance.updated_at),
        "custom_properties": {},
        "created_at": timestamps.milliseconds(instance.deleted_at or instance.updated_at),
        "created_by": instance.deleted_by or instance.updated_by,
        "updated_at": timestamps.milliseconds(instance.updated_at),
        "updated_by": instance.updated_by,
    }


def _service_id(instance: ResourceInstance) -> str:
    service = services().get(instance.service)
    return service.offering.id if service else ""


def _extensions(instance: ResourceInstance) -> dict[str, Any]:
    """Return the endpoints of a regional service: the address of this deployment (D-176)."""
    if instance.region == GLOBAL:
        return {}
    address = settings.BAREMINT_PUBLIC_URL.rstrip("/")
    return {"endpoints": {"public": address, "private": address}, "virtual_private_endpoints": {}}


def _last_operation(instance: ResourceInstance) -> LastOperation:
    type_: Literal["create", "update", "delete"] = "update"
    if instance.state != State.ACTIVE:
        type_ = "delete"
    elif instance.updated_at == instance.created_at:
        type_ = "create"
    return {
        "type": type_,
        "state": "succeeded",
        "async": False,
        "description": f"Completed {type_} instance operation",
        "cancelable": False,
        "poll": False,
    }


def _time(instant: datetime | None) -> str | None:
    return timestamps.milliseconds(instant) if instant else None
