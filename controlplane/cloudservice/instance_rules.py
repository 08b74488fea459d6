"""The part of a service in the life of its instances."""

from importlib import import_module
from typing import Protocol, cast

from controlplane.cloudservice.declaration import CloudService
from controlplane.instances.models import ResourceInstance


class InstanceRules(Protocol):
    """What the module that a service names as its ``instance_rules`` defines."""

    def refusal_of_deletion(self, instance: ResourceInstance) -> str:
        """Return why the instance cannot be deleted now; empty when it can. Called with its row locked."""

    def remove_content(self, instance: ResourceInstance) -> None:
        """Delete what is left in an instance that is removed, in the transaction that removes it."""


def rules_of(service: CloudService) -> InstanceRules | None:
    return cast("InstanceRules", import_module(service.instance_rules)) if service.instance_rules else None
