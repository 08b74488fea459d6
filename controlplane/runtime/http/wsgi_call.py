"""Asking a WSGI application (PEP 3333) for an answer, in a thread that has all that it needs for it."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from controlplane.kernel.awaited_body import BodyAwaited
from controlplane.kernel.streamed import Source

log = structlog.get_logger(__name__)

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

EVERY_REQUEST: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


@dataclass(slots=True)
class Answer:
    status: str
    """Code and reason."""
    headers: list[tuple[str, str]]
    body: bytes
    after: float = 0
    """Seconds to wait before it is sent, in no thread."""
    source: Source | None = None
    """What the body is read from, in place of ``body``. Whoever has the answer closes it."""


def ask(application: Application, environ: dict[str, Any], *, failed: Callable[[], Answer]) -> Answer | None:
    """The answer, or ``failed`` for an application that raises; None when it needs the body, which has not arrived."""
    status, headers = "", []

    def start_response(said: str, fields: list[tuple[str, str]], exc_info: Any = None) -> None:
        nonlocal status, headers
        status, headers = said, fields

    try:
        result = application(environ, start_response)
        source: Source | None = getattr(result, "source", None)
        try:
            body = b"".join(result) if source is None else b""
        finally:
            if (close := getattr(result, "close", None)) is not None:
                close()
    except BodyAwaited:
        return None
    except Exception:
        log.exception("unhandled")
        return failed()
    return Answer(status, headers, body, getattr(result, "answered_after", 0), source)
