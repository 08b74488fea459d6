"""What every record of a request carries: its id, where it came from, what was asked."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class RequestContext:
    request_id: str
    address: str = ""
    agent: str = ""
    method: str = ""
    path: str = ""


current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)
