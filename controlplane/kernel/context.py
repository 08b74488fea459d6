"""What every record of a request carries: its id, where it came from, what was asked."""

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
    """What is recorded in this block carries it."""
    token = current.set(context)
    try:
        yield
    finally:
        current.reset(token)


lineage: ContextVar[Mapping[str, str] | None] = ContextVar("lineage", default=None)
"""By what right the request acts, as events keep it: ids of its token, of the key that signed the token, of the server
behind it, and of the policy that decided. None: it bears no token."""
