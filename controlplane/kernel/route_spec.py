"""The API documentation of plain Django views, declared beside the view. Other views have an Operation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from controlplane.kernel.envelopes import ErrorContainer
from controlplane.kernel.operation import Parameter, Schema

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class RouteSpec:
    """The documentation of one method of one path."""

    method: str
    """``GET``, which includes HEAD, ``PUT`` or ``POST``."""
    name: str
    """The id of the operation, which is unique."""
    tag: str
    """The group of operations that the documentation shows it in."""
    summary: str
    answer: Any
    """A TypedDict, or bytes or text, which have no further shape."""
    answer_type: str = JSON
    also: Mapping[int, Any] = field(default_factory=dict)
    """Other answers by status; None stands for an empty body."""
    refusals: tuple[int, ...] = ()
    envelope: Any = ErrorContainer
    body: Schema | None = None
    body_required: bool = False
    body_type: str = JSON
    path: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    description: str = ""
    security: str = ""
    """The security scheme of its token; empty when it needs none."""
    page: bool = False
    """Whether a browser gets a page instead, after signing in and if the user may see anything."""

    def __call__(self, view: View) -> View:
        """Attach this documentation to the view, as a decorator."""
        view.specs = (self,)  # type: ignore[attr-defined]
        return view


def object_of(properties: dict[str, Schema], *required: str) -> Schema:
    """Return the schema of an object with these properties and no others."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})
