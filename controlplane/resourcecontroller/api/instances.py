"""``/v2/resource_instances`` of the resource controller (Key Protect contract, section 6.2)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.cloudservice.declaration import CloudService, Plan
from controlplane.cloudservice.registry import services
from controlplane.instances.models import ResourceInstance
from controlplane.kernel.errors import InvalidValue, NotAuthorized, ReferenceNotFound, Target, existing
from controlplane.kernel.operation import BOOLEAN, LIMIT, NAME, START, Operation, Parameter
from controlplane.kernel.paging import LARGEST_LIMIT, NewestFirst, open_cursor, seal_cursor
from controlplane.kernel.query_parameters import boolean, number
from controlplane.resourcecontroller import catalog, events, selectors
from controlplane.resourcecontroller.api import requests, responses
from controlplane.resourcecontroller.api.base import InstanceView, ResourceControllerView
from controlplane.resourcecontroller.api.responses import instance_body
from controlplane.resourcecontroller.services.changes import delete_instance, switch_lock, update_instance
from controlplane.resourcecontroller.services.creation import InstancePrototype, create_instance
from trustedprofiles.api.base import LOCK
from trustedprofiles.selectors import authorize_each

PATH = "/v2/resource_instances"
ATTACH = "global-search-tagging.tag.attach-user-tag"
TYPE = "service_instance"
GUID = Parameter("guid", "Only the instance with this GUID.")
GROUP = Parameter("resource_group_id", "Only those in this resource group.")
SERVICE_ID = Parameter("resource_id", "Only those of the service with this id in the global catalog.")
PLAN_ID = Parameter("resource_plan_id", "Only those with this plan.")
KIND = Parameter("type", "Only those of this type; all here are `service_instance`.")
SERVICE = Parameter("sub_type", "Only those of the service with this name, such as `kms`.")
STATE = Parameter("state", "Only those in this state; without it, those that are active.")
UPDATED_FROM, UPDATED_TO = (
    Parameter(f"updated_{word}", f"Only those that were changed {text}: a date or a time, RFC 3339.")
    for word, text in (("from", "then or later"), ("to", "then or earlier"))
)
RECURSIVE = Parameter("recursive", "Changes nothing: instances have no resource keys here.", BOOLEAN)
COLUMNS = {GUID: "guid", NAME: "name", GROUP: "resource_group_id", PLAN_ID: "plan", SERVICE: "service", STATE: "state"}
FILTERS = (*COLUMNS, SERVICE_ID, KIND, UPDATED_FROM, UPDATED_TO)
OLD_START = Parameter("next_url", "The same as `start`, for clients that read this name from `next_url`.")


class Instances(ResourceControllerView):
    operations = {
        "GET": Operation(
            "list_resource_instances",
            "resource-controller.instance.retrieve",
            f"{events.INSTANCE}.list",
            answer=responses.ResourceInstancesList,
            lists=ResourceInstance,
            query=(*FILTERS, LIMIT, START, OLD_START),
        ),
        "POST": Operation(
            "create_resource_instance",
            "resource-controller.instance.create",
            f"{events.INSTANCE}.create",
            recorded_by_service=True,
            status=201,
            body=requests.InstanceCreation,
            answer=responses.ServiceInstance,
            headers=(LOCK,),
            further=(ATTACH,),
            conflicts=False,
        ),
    }

    prototype: InstancePrototype | None = None

    def prepare(self, request: Request) -> None:
        if request.method != "POST":
            return
        content = self.body
        service, plan = _plan(content["resource_plan_id"])
        self.prototype = InstancePrototype(
            name=content["name"],
            service=service.name,
            plan=plan.id,
            region=_region(content["target"], service, plan),
            resource_group=content["resource_group"],
            parameters=content.get("parameters", {}),
            allow_cleanup=content.get("allow_cleanup", False),
            is_locked=boolean(request.headers, LOCK, kind="header"),
            tags=content.get("tags", ()),
        )

    def resource_attributes(self) -> dict[str, str]:
        if (prototype := self.prototype) is None:
            return super().resource_attributes()
        return selectors.decision_attributes(
            prototype.service, region=prototype.region, resource_group_id=prototype.resource_group
        )

    def get(self, request: Request) -> Response:
        limit = number(request.GET, LIMIT, default=LARGEST_LIMIT, least=1, largest=LARGEST_LIMIT)
        scope = f"{self.caller.account_id}:{self.caller.iam_id}:{PATH}"
        after, query = None, {str(name): request.GET[name] for name in FILTERS if name in request.GET}
        # The token has the filters too: a client may follow it with nothing else in its query.
        if token := request.GET.get(START) or request.GET.get(OLD_START):
            after, query = open_cursor(token, scope=scope)
        rows = self.listing.of(_filtered(selectors.instances_in(self.caller.account_id), query))
        items, position = NewestFirst().take(rows, limit, after)
        next_url = None
        if position is not None:
            cursor = seal_cursor([position, query], scope=scope)
            next_url = f"{PATH}?{urlencode([(START, cursor), (OLD_START, cursor), (LIMIT, limit)])}"
        resources = list(map(instance_body, items))
        body: responses.ResourceInstancesList = {
            "rows_count": len(resources),
            "next_url": next_url,
            "resources": resources,
        }
        return self.answer(body)

    def post(self, request: Request) -> Response:
        assert self.prototype  # noqa: S101  ``prepare`` has set it
        if self.prototype.tags:
            self._require_tagging()
        instance = create_instance(self.account, prototype=self.prototype, by=Party.of(self.caller))
        return self.answer(instance_body(instance))

    def _require_tagging(self) -> None:
        """Raise NotAuthorized when the caller may attach tags neither everywhere nor to such an instance."""
        own = {"accountId": self.caller.account_id}
        resources = ({**own, "serviceName": "global-search-tagging"}, {**own, **self.resource_attributes()})
        verdicts = authorize_each(self.caller, action=ATTACH, resources=resources)
        if not any(verdicts):
            raise NotAuthorized(verdicts[-1].because, more_info=verdicts[-1].explanation)


class Instance(InstanceView):
    operations = {
        "GET": Operation(
            "get_resource_instance",
            "resource-controller.instance.retrieve",
            f"{events.INSTANCE}.retrieve",
            answer=responses.ServiceInstance,
        ),
        "PATCH": Operation(
            "update_resource_instance",
            "resource-controller.instance.update",
            f"{events.INSTANCE}.update",
            recorded_by_service=True,
            body=requests.InstanceUpdate,
            answer=responses.ServiceInstance,
            conflicts=False,
            refusals=(410, 422),
        ),
        "DELETE": Operation(
            "delete_resource_instance",
            "resource-controller.instance.delete",
            f"{events.INSTANCE}.delete",
            recorded_by_service=True,
            status=204,
            query=(RECURSIVE,),
            refusals=(410, 422),
        ),
    }

    def get(self, request: Request, instance_id: str) -> Response:
        return self.answer(instance_body(self.instance))

    def patch(self, request: Request, instance_id: str) -> Response:
        changes = self.body
        if plan_id := changes.pop("resource_plan_id", None):
            service, plan = _plan(plan_id)
            if service.name != self.instance.service:
                raise InvalidValue(
                    f"The plan {plan.id} is of {service.name}, the instance of {self.instance.service}.",
                    target=Target(PLAN_ID),
                )
            changes["plan"] = plan.id
        return self.answer(instance_body(update_instance(self.instance, changes=changes, by=self.by)))

    def delete(self, request: Request, instance_id: str) -> Response:
        boolean(request.GET, RECURSIVE)
        delete_instance(self.instance, by=self.by)
        return self.answer()


class Lock(InstanceView):
    operations = {
        method: Operation(
            name,
            "resource-controller.instance.update",
            f"{events.INSTANCE}.{verb}",
            recorded_by_service=True,
            answer=responses.ServiceInstance,
            conflicts=False,
            refusals=(410, 422),
        )
        for method, name, verb in (
            ("POST", "lock_resource_instance", "lock"),
            ("DELETE", "unlock_resource_instance", "unlock"),
        )
    }

    def post(self, request: Request, instance_id: str) -> Response:
        return self.answer(instance_body(switch_lock(self.instance, locked=True, by=self.by)))

    def delete(self, request: Request, instance_id: str) -> Response:
        return self.answer(instance_body(switch_lock(self.instance, locked=False, by=self.by)))


def _plan(id: str) -> tuple[CloudService, Plan]:
    """Return the plan and its service. Raises ReferenceNotFound, which names the plans, for an unknown one."""
    plans = ", ".join(
        f"{plan.id} ({each.name} {plan.name})" for each in services().values() for plan in each.offering.plans
    )
    message = f"There is no plan {id} in the global catalog. There are: {plans}."
    return existing(catalog.find_plan(id), message, refusal=ReferenceNotFound, target=Target(PLAN_ID))


def _region(target: str, service: CloudService, plan: Plan) -> str:
    """Return the region of a target. Raises ReferenceNotFound when the plan is not deployed there."""
    region, locations = catalog.region_of(target, plan), catalog.locations(service)
    if region not in locations:
        raise ReferenceNotFound(
            f"target: the plan {plan.name} of {service.name} has no deployment {target}. Its locations are: "
            f"{', '.join(locations)}.",
            target=Target("target"),
        )
    return region


def _filtered(rows: Any, query: dict[str, str]) -> Any:
    """Return the rows that match the query. Raises InvalidValue for a wrong time."""
    rows = rows.filter(**{column: query[name] for name, column in COLUMNS.items() if name in query})
    if STATE not in query:
        rows = rows.filter(state=ResourceInstance.State.ACTIVE)
    if query.get(KIND, TYPE) != TYPE:
        rows = rows.none()
    if (id := query.get(SERVICE_ID)) is not None:
        rows = rows.filter(service__in=[each.name for each in services().values() if each.offering.id == id])
    if UPDATED_FROM in query:
        rows = rows.filter(updated_at__gte=_instant(query, UPDATED_FROM)[0])
    if UPDATED_TO in query:
        rows = rows.filter(updated_at__lt=_instant(query, UPDATED_TO)[1])
    return rows


def _instant(query: dict[str, str], name: str) -> tuple[datetime, datetime]:
    """Return the beginning of a day or an instant, and its end, which is not included. Without a zone it is in UTC."""
    text = query[name]
    try:
        if len(text) == len("2026-11-30"):
            start = datetime.combine(date.fromisoformat(text), time(), UTC)
            return start, start + timedelta(days=1)
        instant = datetime.fromisoformat(text)
        instant = instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
        return instant, instant + timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        raise InvalidValue(
            f"{name} is a date such as 2026-11-30, or a time such as 2026-11-30T09:00:00Z.",
            target=Target(name, "parameter", text),
        ) from None
