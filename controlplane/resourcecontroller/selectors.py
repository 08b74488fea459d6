"""Reads of service instances: what decisions about them compare, and how requests name them."""

from django.db.models import F, QuerySet, Value

from controlplane.cloudservice.registry import services
from controlplane.instances.models import ResourceInstance
from controlplane.instances.selectors import by_guid_or_crn
from trustedprofiles.access import EVERY
from trustedprofiles.policy_columns import Choice, Columns, Joined
from trustedprofiles.tag_rules import CRN

EVERY_SERVICE = {"serviceName": EVERY}
"""The attributes of a list of instances of all services."""


def instances_in(account_id: str) -> QuerySet[ResourceInstance]:
    """Return the account's instances of all services in any state."""
    return ResourceInstance.objects.filter(account_id=account_id)


def instance_of_account(account_id: str, word: str) -> ResourceInstance | None:
    """Return the account's instance, in any state, with this GUID or CRN; None when there is none."""
    return by_guid_or_crn(instances_in(account_id), word)


def instance_of_reclamation(account_id: str, id: str) -> ResourceInstance | None:
    """Return the account's instance whose last reclamation has this id."""
    return instances_in(account_id).filter(reclamation_id=id).first() if id else None


def decision_attributes(service: str, *, region: str, resource_group_id: str) -> dict[str, str]:
    """Return the attributes by which the creation of an instance is decided, besides the account."""
    return {"serviceName": service, "region": region, "resourceGroupId": resource_group_id}


def policy_attributes(instance: ResourceInstance) -> dict[str, str]:
    """Return the attributes that a policy may select the instance by, besides the account."""
    attributes = decision_attributes(
        instance.service, region=instance.region, resource_group_id=instance.resource_group_id
    )
    return {**attributes, "serviceInstance": instance.guid, CRN: instance.crn}


def policy_columns() -> Columns:
    """Return the attributes of ``policy_attributes`` as columns of all rows."""
    crn = (
        *(Value("crn:v1:bluemix:public:"), F("service"), Value(":"), F("region")),
        *(Value(":a/"), F("account_id"), Value(":"), F("guid"), Value("::")),
    )
    return {
        "serviceName": Choice(tuple(services()), F("service")),
        "serviceInstance": "guid",
        "region": "region",
        "resourceGroupId": "resource_group_id",
        CRN: Joined(*crn),
    }
