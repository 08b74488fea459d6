"""``/v1/reclamations`` of the resource controller: deleted instances that can be restored."""

from collections.abc import Callable, Mapping

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.instances.models import ResourceInstance
from controlplane.kernel.errors import NotFound
from controlplane.kernel.operation import Operation, Parameter, choices
from controlplane.resourcecontroller import events, selectors
from controlplane.resourcecontroller.api import requests, responses
from controlplane.resourcecontroller.api.base import InstanceView, ResourceControllerView
from controlplane.resourcecontroller.api.responses import ReclamationState, reclamation_body
from controlplane.resourcecontroller.services.reclamations import reclaim_instance, restore_instance
from trustedprofiles.api.base import ACCOUNT_ID

INSTANCE = Parameter("resource_instance_id", "Only that of the instance with this GUID.")
GROUP = Parameter("resource_group_id", "Only those of instances in this resource group.")
COLUMNS = {INSTANCE: "guid", GROUP: "resource_group_id"}
ACTIONS: Mapping[str, tuple[Callable[..., ResourceInstance], ReclamationState]] = {
    "reclaim": (reclaim_instance, "RECLAIMING"),
    "restore": (restore_instance, "RESTORING"),
}


class Reclamations(ResourceControllerView):
    operations = {
        "GET": Operation(
            "list_reclamations",
            "resource-controller.instance.retrieve",
            f"{events.RECLAMATION}.list",
            answer=responses.ReclamationsList,
            lists=ResourceInstance,
            query=(ACCOUNT_ID, INSTANCE, GROUP),
        ),
    }

    def get(self, request: Request) -> Response:
        rows = selectors.instances_in(self.caller.account_id).filter(state=ResourceInstance.State.PENDING_RECLAMATION)
        rows = rows.filter(**{column: request.GET[name] for name, column in COLUMNS.items() if name in request.GET})
        return self.answer({"resources": [reclamation_body(each) for each in self.listing.of(rows).order_by("-pk")]})


class Action(InstanceView):
    """A reclamation is undone or completed by a caller who may delete the instance."""

    path_parameters = (Parameter("action_name", "What to do with the deleted instance.", choices(*ACTIONS)),)
    operations = {
        "POST": Operation(
            "run_reclamation_action",
            "resource-controller.instance.delete",
            f"{events.INSTANCE}.reclaim",
            recorded_by_service=True,
            body=requests.ReclamationAction,
            answer=responses.Reclamation,
            conflicts=False,
            refusals=(422,),
        ),
    }
    missing = "There is no reclamation of this id in your account."

    def find(self) -> ResourceInstance | None:
        return selectors.instance_of_reclamation(self.caller.account_id, self.kwargs["reclamation_id"])

    def prepare(self, request: Request) -> None:
        if self.kwargs["action_name"] not in ACTIONS:
            raise NotFound(f"A reclamation has the actions {' and '.join(ACTIONS)}, and no other.")
        super().prepare(request)

    def event(self) -> str:
        return f"{events.INSTANCE}.{self.kwargs['action_name']}" if hasattr(self, "instance") else super().event()

    def post(self, request: Request, reclamation_id: str, action_name: str) -> Response:
        _ = self.body  # checks it
        action, state = ACTIONS[action_name]
        return self.answer(reclamation_body(action(self.instance, by=self.by), state))
