"""Service instances for tests: bodies of requests, and instances that a service function made."""

from typing import Any

from controlplane.activity.record import Party
from controlplane.cloudservice.registry import services
from controlplane.instances.models import GLOBAL, ResourceInstance
from controlplane.kernel import clock
from controlplane.resourcecontroller.services.changes import delete_instance
from controlplane.resourcecontroller.services.creation import InstancePrototype, create_instance
from tests.world import ACCOUNT, REGION
from trustedprofiles.models import Account
from trustedprofiles.selectors import default_resource_group

BY = Party("IBMid-ALICE00001", "Alice", "User")
PATH = "/v2/resource_instances"
KMS, COS = "kms", "cloud-object-storage"


def plan_of(service: str) -> str:
    return services()[service].offering.plans[0].id


def region_of(service: str) -> str:
    return GLOBAL if services()[service].offering.is_global else REGION


def instance_body(account_id: str, *, service: str = KMS, **rest: Any) -> dict[str, Any]:
    """A valid body of a request to create an instance in the default resource group."""
    return {
        "name": service,
        "target": region_of(service),
        "resource_group": default_resource_group(account_id).id,
        "resource_plan_id": plan_of(service),
        **rest,
    }


def deleted_instance(account: Account) -> ResourceInstance:
    """An instance that waits to be reclaimed."""
    return delete_instance(make_instance(account), by=BY)


def make_instance(account: Account, *, service: str = KMS, group: str = "", **rest: Any) -> ResourceInstance:
    """An active instance, in the default resource group unless another one is given."""
    prototype = InstancePrototype(
        **{
            "name": service,
            "service": service,
            "plan": plan_of(service),
            "region": region_of(service),
            "resource_group": group or default_resource_group(account.id).id,
            **rest,
        }
    )
    return create_instance(account, prototype=prototype, by=BY)


def store_instance(account_id: str = ACCOUNT, guid: str = "", *, service: str = COS) -> ResourceInstance:
    """An active instance with this GUID, by default the account's id: the default instance of an old account."""
    now = clock.now()
    return ResourceInstance.objects.create(
        account_id=account_id,
        guid=guid or account_id,
        service=service,
        plan=plan_of(service),
        region=region_of(service),
        name=f"{service}-{guid or account_id}",
        created_at=now,
        created_by=BY.id,
        updated_at=now,
        updated_by=BY.id,
    )
