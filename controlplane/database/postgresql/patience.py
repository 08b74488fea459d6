"""How long a process waits for PostgreSQL's answer to a statement. Nothing here loads PostgreSQL's client."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_of_process: list[float | None] = [None]
_of_context: ContextVar[float | None] = ContextVar("patience", default=None)


def set_patience(seconds: float) -> None:
    """How long this process waits for an answer to a statement, from now on. Without it: as long as it takes."""
    _of_process[0] = seconds


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """The same for what is done in this block."""
    token = _of_context.set(seconds)
    try:
        yield
    finally:
        _of_context.reset(token)


def patience_now() -> float | None:
    """In seconds; None: as long as it takes."""
    return _of_context.get() or _of_process[0]
