"""Encode responses, and the responses of the server itself."""

from collections.abc import Callable
from email.utils import format_datetime

from controlplane.kernel import clock
from controlplane.runtime.http.request_head import Malformed
from controlplane.runtime.http.wsgi_call import Response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
WITHOUT_BODY = ("1", "204", "304")
# D-121
LATE_HEAD = Malformed("The head of the request did not arrive in time. Send it faster.", 408)
LATE_BODY = Malformed("The request body did not arrive in time. Send it faster.", 408)
TOO_LATE = 503, "The service has more requests than it can answer. Try again later."
FAILED = 500, "The service failed to process the request. The request was not at fault."

Refuse = Callable[[int, str, str], Response]
"""Creates an error response from the status, the message, and the path as far as it is known."""

_date = (-1, "")


def encode(answer: Response, *, method: str, connection: str) -> bytes:
    """Return the bytes of a response. ``connection`` is the value of the Connection header; empty for none."""
    lines = [f"HTTP/1.1 {answer.status}\r\n"]
    has_length, is_without = False, answer.status.startswith(WITHOUT_BODY)
    for name, value in answer.headers:
        if name.lower() == "content-length":
            has_length = True
            if is_without:  # RFC 9110, section 8.6
                continue
        lines.append(f"{name}: {value}\r\n")
    if not has_length and not is_without:
        lines.append(f"Content-Length: {len(answer.body)}\r\n")
    if connection:
        lines.append(f"Connection: {connection}\r\n")
    lines.append(f"Date: {_now()}\r\n\r\n")
    head = "".join(lines).encode("latin-1")
    return head if is_without or method == "HEAD" else head + answer.body


def _now() -> str:
    global _date  # noqa: PLW0603
    now = clock.wall_clock()
    second = int(now.timestamp())
    if _date[0] != second:
        _date = second, format_datetime(now, usegmt=True)
    return _date[1]
