"""How long a process waits for PostgreSQL's response to a statement. PostgreSQL's client is not loaded here."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_of_process: list[float | None] = [None]
_of_context: ContextVar[float | None] = ContextVar("patience", default=None)


def set_patience(seconds: float) -> None:
    """Set how long this process waits for the response to a statement. Without a call, it waits without limit."""
    _of_process[0] = seconds


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Set the limit for this block."""
    token = _of_context.set(seconds)
    try:
        yield
    finally:
        _of_context.reset(token)


def patience_now() -> float | None:
    """Return the limit in seconds; None for no limit."""
    return _of_context.get() or _of_process[0]
