"""Call a WSGI application (PEP 3333)."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from controlplane.kernel.awaited_body import BodyAwaited
from controlplane.kernel.streamed import Source

log = structlog.get_logger(__name__)

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

BASE_ENVIRON: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


@dataclass(slots=True)
class Response:
    status: str
    """Code and reason."""
    headers: list[tuple[str, str]]
    body: bytes
    delay: float = 0
    """Seconds to wait before the response is sent. The wait occupies no thread."""
    source: Source | None = None
    """The file that the body is streamed from, in place of ``body``. The owner of the response closes it."""


def call_application(
    application: Application, environ: dict[str, Any], *, failed: Callable[[], Response]
) -> Response | None:
    """Return the response, that of ``failed`` when the application raises, or None when it needs the missing body."""
    status, headers = "", []

    def start_response(status_line: str, fields: list[tuple[str, str]], exc_info: Any = None) -> None:
        nonlocal status, headers
        status, headers = status_line, fields

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
    return Response(status, headers, body, getattr(result, "answered_after", 0), source)
