"""The context of a request that log lines and events contain: its id, its origin, its method and path."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class RequestContext:
    request_id: str
    address: str = ""
    agent: str = ""
    method: str = ""
    path: str = ""
    url: str = ""
    """Absolute, without the query."""
    started: float = 0.0
    """When the request began, by ``time.monotonic``."""


current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


@contextmanager
def entered(context: RequestContext) -> Iterator[None]:
    """Use this context for what is recorded in the block."""
    token = current.set(context)
    try:
        yield
    finally:
        current.reset(token)


lineage: ContextVar[Mapping[str, str] | None] = ContextVar("lineage", default=None)
"""The authorization of the request, for its events: ids of the token, of the key that signed it, of the server behind
it, and of the policy that decided. None for a request without a token."""
