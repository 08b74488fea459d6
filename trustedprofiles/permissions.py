"""How an operation is declared: what it takes, needs and answers. The default permission: no name, no access."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, Self

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.paging import LARGEST_LIMIT
from trustedprofiles.policy_columns import Columns

Schema = dict[str, Any]
"""A JSON Schema, in the words of OpenAPI 3.1."""
BOOLEAN: Schema = {"type": "boolean"}


def text(longest: int = 255) -> Schema:
    """Text that is not empty."""
    return {"type": "string", "minLength": 1, "maxLength": longest}


def choices(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


class Parameter(str):
    """The name of a query parameter, a header or a variable in a path, and what callers are told of it."""

    description: str
    schema: Schema
    required: bool
    names_resource: bool
    """Whether a value that names nothing is answered with 404."""
    example: str
    """What examples of a call send, where the schema allows too much to tell."""

    def __new__(
        cls,
        name: str,
        description: str = "",
        schema: Schema | None = None,
        *,
        required: bool = False,
        names_resource: bool = False,
        example: str = "",
    ) -> Self:
        """Without a schema: text that is not empty."""
        self = super().__new__(cls, name)
        self.description, self.example = description, example
        self.schema = text() if schema is None else schema
        self.required, self.names_resource = required, names_resource
        return self


def limit_parameter(name: str = "limit", *, least: int = 1, largest: int = LARGEST_LIMIT) -> Parameter:
    schema = {"type": "integer", "minimum": least, "maximum": largest}
    return Parameter(name, "How many to answer with at most.", schema)


START = Parameter("start", "Token of a page, as ``next`` of the page before it names it.")
LIMIT = limit_parameter()
OFFSET = Parameter("offset", "How many to leave out before the first.", {"type": "integer", "minimum": 0})
NAME = Parameter("name", "Only what has exactly this name.")


class Nothing:
    """What lists show that are always empty."""

    @classmethod
    def policy_columns(cls) -> Columns:
        return {}


@dataclass(frozen=True)
class Operation:
    """One method of one path: what the view obeys and the OpenAPI document says."""

    name: str
    """IBM's operation id, ``list_bare_metal_servers``; no two operations share one."""
    action: str
    """IAM action that a role must grant, ``is.bare-metal-server.bare-metal-server.list``."""
    event: str
    """Activity event it leaves."""
    _: KW_ONLY
    also: tuple[str, ...] = ()
    """Actions it needs besides, every time."""
    further: tuple[str, ...] = ()
    """Actions it needs besides for some of what it may be asked to do; its view checks them."""
    recorded_by_service: bool = False
    """Writes record their success in their own transaction; everything else is recorded by the view."""
    status: int = 200
    """Status of a success."""
    body: type[StrictSerializer] | None = None
    """How the request body is read; None when there is none."""
    answer: Any = None
    """A TypedDict of the answer; None when it is empty."""
    paged: bool = False
    """Whether it takes ``start`` and ``limit``: a collection in pages."""
    query: tuple[Parameter, ...] = ()
    """Query parameters, beside what every operation of the API takes."""
    headers: tuple[Parameter, ...] = ()
    """Request headers that it reads, beside what every operation does."""
    etag: bool = False
    """Whether a success carries an ``ETag``."""
    if_match: Literal["required", "optional"] | None = None
    """Whether ``If-Match`` is asked for; a stale one is refused with 412."""
    lists: type[Any] | None = None
    """Whose rows it answers with: those that the caller may see. None: the decision is about one thing, such as the
    resource in whose path a list is, or about what belongs to no account."""
    page: bool = False
    """Whether a browser is sent to a page of the console instead."""
    simulated: bool = True
    """False for what is served only so that clients that ask for it go on: it is empty, and refuses to be filled."""
    conflicts: bool = True
    """Whether the state of things may forbid a write with 409; a read is never asked."""


class ActionPermission(BasePermission):
    """Default permission: a view that does not name its operations (trustedprofiles/api_view.py) is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(view, "operations", None))
