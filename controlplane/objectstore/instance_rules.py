"""The object store's part in the life of its instances (controlplane/cloudservice/instance_rules.py)."""

from controlplane.instances.models import ResourceInstance
from controlplane.objectstore.models import Bucket


def refusal_of_deletion(instance: ResourceInstance) -> str:
    """An instance with buckets cannot be deleted, so that no object is lost with it."""
    buckets = Bucket.objects.filter(account_id=instance.account_id, service_instance=instance.guid)
    if names := list(buckets.order_by("name").values_list("name", flat=True)[:3]):
        return f"The instance has buckets in it: {', '.join(names)}. Delete them first."
    return ""


def remove_content(instance: ResourceInstance) -> None:
    """An instance without buckets has no content."""
