"""What an operation needs and answers, and the default permission: no name, no access."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from controlplane.kernel.fields import StrictSerializer
from trustedprofiles.policy_columns import Columns


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
    query: tuple[str, ...] = ()
    """Query parameters, beside what every operation of the API takes."""
    headers: tuple[str, ...] = ()
    """Request headers that it reads, beside what every operation does."""
    etag: bool = False
    """Whether a success carries an ``ETag``."""
    if_match: Literal["required", "optional"] | None = None
    """Whether ``If-Match`` is asked for; a stale one is refused with 412."""
    lists: type[Any] | None = None
    """Whose rows it answers with: those that the caller may see. None: the decision is about one thing, such as the
    resource in whose path a list is, or about what belongs to nobody."""
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
