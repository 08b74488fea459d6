"""Reads of service instances."""

from django.db.models import QuerySet

from controlplane.instances.models import ResourceInstance
from controlplane.kernel.crn import Crn


def instances_of(account_id: str, service: str) -> QuerySet[ResourceInstance]:
    """Return the active instances of a service in an account, in the order of their creation, whatever the clock showed
    then."""
    rows = ResourceInstance.objects.filter(account_id=account_id, service=service)
    return rows.filter(state=ResourceInstance.State.ACTIVE).order_by("pk")


def find_instance(account_id: str, service: str, word: str) -> ResourceInstance | None:
    """Return the account's active instance of the service with this GUID or CRN; None when there is none."""
    return by_guid_or_crn(instances_of(account_id, service), word)


def by_guid_or_crn(rows: QuerySet[ResourceInstance], word: str) -> ResourceInstance | None:
    """Return the one of these instances of an account that has this GUID or CRN; None when there is none."""
    crn = Crn.find(word)
    instance = rows.filter(guid=crn.instance if crn else word).first()
    return instance if instance and word in (instance.guid, instance.crn) else None


def lock_instance(account_id: str, service: str, guid: str) -> ResourceInstance | None:
    """Return the active instance with this GUID, and lock its row until the transaction ends, against its deletion."""
    return instances_of(account_id, service).select_for_update().filter(guid=guid).first()


def default_instance(account_id: str, service: str) -> ResourceInstance | None:
    """Return the account's default instance, its oldest active one; None when it has none."""
    return instances_of(account_id, service).first()
