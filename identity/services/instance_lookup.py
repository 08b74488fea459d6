"""Service instances as a kind of resource that a question names."""

from controlplane.instances.models import ResourceInstance
from controlplane.resourcecontroller.selectors import (
    EVERY_SERVICE,
    instance_of_account,
    instances_in,
    policy_attributes,
    policy_columns,
)
from identity.services.resource_lookup import Kind

INSTANCE = Kind(
    "service instance",
    "serviceInstance",
    lambda account_id: instances_in(account_id).exclude(state=ResourceInstance.State.REMOVED),
    "resource-controller.instance.retrieve",
    "resource-controller.instance.retrieve",
    attributes=lambda row, account_id: policy_attributes(row),
    everything=EVERY_SERVICE,
    find=instance_of_account,
    columns=lambda account_id: policy_columns(),
    id="guid",
)
