"""Credentials, bindings and aliases of instances, which are left out: every operation answers 501 by name
(D-175)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from django.urls import URLPattern, path
from rest_framework.request import Request

from controlplane.instances.models import ResourceInstance
from controlplane.kernel.errors import NotServed
from controlplane.kernel.operation import Operation, Parameter
from controlplane.resourcecontroller import events
from controlplane.resourcecontroller.api.base import INSTANCE_ID, ResourceControllerView
from controlplane.resourcecontroller.api.converters import REST


@dataclass(frozen=True)
class Kind:
    one: str
    """An item, as in IBM's names of operations: ``resource_key``."""
    many: str
    event: str

    @property
    def words(self) -> str:
        return self.many.replace("_", " ")


KEY = Kind("resource_key", "resource_keys", events.KEY)
BINDING = Kind("resource_binding", "resource_bindings", events.BINDING)
ALIAS = Kind("resource_alias", "resource_aliases", events.ALIAS)
KINDS = (KEY, BINDING, ALIAS)


class NotSimulated(ResourceControllerView):
    """Any caller who may see an instance learns that the operation is left out."""

    words: str = ""
    path_parameters = (
        *ResourceControllerView.path_parameters,
        *(Parameter(f"{each.one}_id", f"Id of the {each.one.replace('_', ' ')}.", INSTANCE_ID) for each in KINDS),
    )

    def refuse(self, request: Request, **ids: str) -> NoReturn:
        raise NotServed(f"{request.method} {request.path} is not simulated: instances have no {self.words} here.")


def _view(words: str, event: str, *operations: tuple[str, str, str]) -> Any:
    """Return a view of operations, each given by its method, its name and the verb of its event."""
    handlers = {method.lower(): NotSimulated.refuse for method, *_ in operations}
    view: Any = type(NotSimulated.__name__, (NotSimulated,), handlers)
    return view.as_view(
        words=words,
        operations={
            method: Operation(
                name,
                "resource-controller.instance.retrieve",
                f"{event}.{verb}",
                status=501,
                lists=ResourceInstance,
                simulated=False,
                conflicts=False,
                refusals=(501,),
            )
            for method, name, verb in operations
        },
    )


def urls() -> Iterator[URLPattern]:
    instance = f"v2/resource_instances/<{REST}:instance_id>"
    operation = ("DELETE", "cancel_lastop_resource_instance", "cancel")
    yield path(f"{instance}/last_operation", _view("operations in progress", events.INSTANCE, operation))
    for kind in (KEY, ALIAS):
        listing = ("GET", f"list_{kind.many}_for_instance", "list")
        yield path(f"{instance}/{kind.many}", _view(kind.words, kind.event, listing))
    listing = ("GET", "list_resource_bindings_for_alias", "list")
    alias = f"v2/resource_aliases/<{REST}:{ALIAS.one}_id>/{BINDING.many}"
    yield path(alias, _view(BINDING.words, BINDING.event, listing))
    for kind in KINDS:
        collection = (("GET", f"list_{kind.many}", "list"), ("POST", f"create_{kind.one}", "create"))
        yield path(f"v2/{kind.many}", _view(kind.words, kind.event, *collection))
        item = (("GET", "get", "retrieve"), ("PATCH", "update", "update"), ("DELETE", "delete", "delete"))
        operations = ((method, f"{name}_{kind.one}", verb) for method, name, verb in item)
        yield path(f"v2/{kind.many}/<{REST}:{kind.one}_id>", _view(kind.words, kind.event, *operations))
