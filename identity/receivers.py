"""Receivers of signals of other apps."""

from typing import Any

from django.dispatch import receiver

from controlplane.kernel.errors import Conflict
from identity.models import ApiKey
from trustedprofiles.models import ServiceId
from trustedprofiles.services.tags import forget
from trustedprofiles.signals import service_id_deleting


@receiver(service_id_deleting)
def delete_api_keys(service_id: ServiceId, gone: dict[str, Any], **_: Any) -> None:
    """Delete the API keys of a service ID that is being deleted. Raises Conflict when one of them is locked."""
    keys = list(ApiKey.objects.select_for_update().filter(iam_id=service_id.iam_id).order_by("id"))
    if locked := next((key for key in keys if key.locked), None):
        raise Conflict(f"Its API key {locked.id} is locked. Unlock that first: DELETE /v1/apikeys/{locked.id}/lock.")
    gone["apikeys"] = [key.id for key in keys]
    ApiKey.objects.filter(pk__in=gone["apikeys"]).delete()
    forget(*(key.crn for key in keys))
