"""Service instances of accounts of tests."""

from controlplane.cloudservice.registry import services
from controlplane.instances.models import GLOBAL, ResourceInstance
from controlplane.kernel import clock
from tests.world import ACCOUNT, REGION

OBJECT_STORE = "cloud-object-storage"


def make_instance(account_id: str = ACCOUNT, guid: str = "", *, service: str = OBJECT_STORE) -> ResourceInstance:
    """An active instance. Without a GUID it has the id of the account, as the default instance of an old account."""
    offering, now = services()[service].offering, clock.now()
    return ResourceInstance.objects.create(
        account_id=account_id,
        guid=guid or account_id,
        service=service,
        plan=offering.plans[0].id,
        region=GLOBAL if offering.is_global else REGION,
        name=f"{service}-{guid or account_id}",
        created_at=now,
        created_by="IBMid-ALICE00001",
        updated_at=now,
        updated_by="IBMid-ALICE00001",
    )
