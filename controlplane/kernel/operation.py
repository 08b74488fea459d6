"""Declarations of operations: their parameters, actions and answers."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, Self

from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.paging import LARGEST_LIMIT

Schema = dict[str, Any]
"""A JSON Schema in the dialect of OpenAPI 3.1."""
BOOLEAN: Schema = {"type": "boolean"}


def text(longest: int = 255) -> Schema:
    """Return the schema of text that is not empty."""
    return {"type": "string", "minLength": 1, "maxLength": longest}


def choices(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


class Parameter(str):
    """The name of a query parameter, a header or a variable in a path, with its documentation."""

    description: str
    schema: Schema
    required: bool
    names_resource: bool
    """Whether a value that names no resource is answered with 404."""
    example: str
    """The value in examples of a call, where the schema is too general to provide one."""

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
        """Create a parameter. Without a schema, its value is text that is not empty."""
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


@dataclass(frozen=True)
class Operation:
    """One method of one path: the declaration that the view follows and the OpenAPI document describes."""

    name: str
    """IBM's operation id, ``list_bare_metal_servers``; it is unique."""
    action: str
    """The IAM action that a role must grant, ``is.bare-metal-server.bare-metal-server.list``."""
    event: str
    """The activity event that it records."""
    _: KW_ONLY
    also: tuple[str, ...] = ()
    """Additional actions that it always needs."""
    further: tuple[str, ...] = ()
    """Additional actions that it needs for some requests; its view checks them."""
    recorded_by_service: bool = False
    """Writes record their success in their own transaction; everything else is recorded by the view."""
    status: int = 200
    """The status of a successful response."""
    body: type[StrictSerializer] | None = None
    """The serializer of the request body; None when there is no body."""
    answer: Any = None
    """A TypedDict of the answer; None when it is empty."""
    representation: Any = None
    """A TypedDict of the answer, with status 200, to a request that prefers one (``Prefer``, RFC 7240); None when it
    reads no preference."""
    paged: bool = False
    """Whether it answers with pages of a collection, by ``start`` and ``limit``."""
    query: tuple[Parameter, ...] = ()
    """Query parameters, in addition to those of every operation of the API."""
    headers: tuple[Parameter, ...] = ()
    """Request headers that it reads, in addition to those of every operation."""
    etag: bool = False
    """Whether a successful response has an ``ETag``."""
    if_match: Literal["required", "optional"] | None = None
    """Whether it reads ``If-Match``, and whether that is required; a stale one is refused with 412."""
    lists: type[Any] | None = None
    """The model of a list, which answers with the rows that the caller may see. None when the decision is about one
    resource, such as the one whose path a list is under, or about something that belongs to no account."""
    page: bool = False
    """Whether a browser is sent to a page of the console instead."""
    simulated: bool = True
    """False for an operation that exists only so that its clients can continue: it is empty, and refuses writes."""
    refusals: tuple[int, ...] = ()
    """The statuses of refusals that only it has."""
    conflicts: bool = True
    """Whether the state of a resource may forbid a write with 409; for a read it is ignored."""


@dataclass(frozen=True)
class PlainOperation:
    """An operation of a plain Django view, which has them in its attribute ``plain_operations``, for the table of
    permissions."""

    name: str
    action: str
    source_action: str = ""
    """The action that it needs on the source of a copy."""
