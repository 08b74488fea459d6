"""Request bodies sent in chunks, for a framework that reads only what Content-Length announces.

Django takes a body without Content-Length for an empty one, so what a client sent in chunks would be dropped without a
word. The HTTP server has decoded the chunks already; this reads them, within a limit, and states their length.
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_content_length(application: Application, *, limit: int, left_alone: tuple[str, ...] = ()) -> Application:
    """WSGI middleware. A body larger than ``limit`` is cut one byte above it, and refused as too large further in.

    Paths that begin as one in ``left_alone`` says have views that read such bodies themselves, with other limits.
    """

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        elsewhere = environ.get("PATH_INFO", "").lstrip("/").startswith(left_alone)
        if not elsewhere and environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
            body = environ["wsgi.input"].read(limit + 1)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        return application(environ, start_response)

    return wrapped
