"""Activity events of the resource controller and the global catalog.

IBM publishes create, update and delete of instances (IBM Cloud docs, "Activity tracking events for resource
controller"); the others follow the same pattern. A name consists of one of the prefixes below and a verb.
"""

from controlplane.activity.record import Party, record
from controlplane.instances.models import ResourceInstance

INSTANCE = "resource-controller.instance"
RECLAMATION = "resource-controller.reclamation"
KEY = "resource-controller.key"
BINDING = "resource-controller.binding"
ALIAS = "resource-controller.alias"
CATALOG_ENTRY = "globalcatalog.entry"


def party_of(instance: ResourceInstance) -> Party:
    return Party(instance.crn, instance.name, "ServiceInstance")


def record_change(event: str, instance: ResourceInstance, *, by: Party, status: int = 200) -> None:
    """Record an event with this instance as its target."""
    record(event, initiator=by, target=party_of(instance), account_id=instance.account_id, status=status)
