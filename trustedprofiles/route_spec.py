"""What the API documentation says of a plain Django view, declared beside the view. Others have an Operation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from controlplane.kernel.envelopes import ErrorContainer
from trustedprofiles.permissions import Parameter, Schema

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class RouteSpec:
    """One method of one path."""

    method: str
    """``GET``, which is HEAD too, ``PUT`` or ``POST``."""
    name: str
    """No two operations share one."""
    tag: str
    """The group of operations that it is shown in."""
    summary: str
    answer: Any
    """A TypedDict; bytes and text have no further shape."""
    answer_type: str = JSON
    also: Mapping[int, Any] = field(default_factory=dict)
    """Other answers, by status; None has no body."""
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
    """The scheme of its token; empty: it needs none."""
    page: bool = False
    """Whether a browser gets a page instead: after signing in, and if it may see anything."""

    def __call__(self, view: View) -> View:
        """Declares that the view does this, as a decorator of it."""
        view.specs = (self,)  # type: ignore[attr-defined]
        return view


def object_of(properties: dict[str, Schema], *required: str) -> Schema:
    """An object with these properties alone."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})
