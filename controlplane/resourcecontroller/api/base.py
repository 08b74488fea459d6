"""The common bases of the views of the resource controller."""

from typing import ClassVar

from rest_framework.request import Request

from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel.errors import existing
from controlplane.kernel.operation import Parameter, Schema
from controlplane.resourcecontroller import events, selectors
from controlplane.resourcecontroller.api.envelope import resource_controller
from trustedprofiles.api.base import IamView
from trustedprofiles.policy_columns import Columns

INSTANCE_ID: Schema = {"type": "string", "pattern": "^[-0-9A-Za-z_:/.]+$", "minLength": 1, "maxLength": 255}


class ResourceControllerView(IamView):
    """A view of the resource controller. A decision is about an instance, as a resource of the instance's service."""

    envelope = staticmethod(resource_controller)
    service_name: ClassVar[str] = "resource-controller"
    path_parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("instance_id", "GUID or CRN of the instance.", INSTANCE_ID),
    )

    def policy_columns(self) -> Columns:
        return selectors.policy_columns()

    def resource_attributes(self) -> dict[str, str]:
        return selectors.EVERY_SERVICE


class InstanceView(ResourceControllerView):
    """A view of one instance, in any state. An instance of another account looks as if it did not exist."""

    instance: ResourceInstance

    def find(self) -> ResourceInstance | None:
        return selectors.instance_of_account(self.caller.account_id, self.kwargs["instance_id"])

    missing: ClassVar[str] = "There is no instance of this GUID or CRN in your account."

    def prepare(self, request: Request) -> None:
        self.instance = existing(self.find(), self.missing)

    def resource_attributes(self) -> dict[str, str]:
        return selectors.policy_attributes(self.instance)

    def target(self) -> Party:
        if hasattr(self, "instance"):
            return events.party_of(self.instance)
        return Party(next(iter(self.kwargs.values())), type="ServiceInstance")

    @property
    def by(self) -> Party:
        """Return the caller, as events name it."""
        return Party.of(self.caller)
