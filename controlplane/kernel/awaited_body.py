"""Requests whose body has not arrived yet, which a view may refuse at once.

The HTTP server normally calls the application when the whole request has arrived. When the body is slow, it calls the
application once before that, so that it can refuse the request by its head. The body is then an AwaitedBody. A view
that needs the body, or is about to change something, raises BodyAwaited, and the server calls it again when the body
has arrived. Only views that declare ``checks_first`` are called early.
"""

from collections.abc import Callable
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

INPUT = "wsgi.input"
KEPT = "baremint.kept"

ASK_EVERY = 16 * 1024 * 1024

View = TypeVar("View", bound=Callable[..., Any])


class BodyAwaited(BaseException):
    """The request cannot be answered without its body. It is no Exception, so that no handler on the way catches it."""


class BodyTooLarge(RequestDataTooBig):
    """The message gives the limit."""


class AwaitedBody:
    """The ``wsgi.input`` of a request whose body has not arrived."""

    def __init__(self, arrived: int = 0) -> None:
        self.arrived = arrived
        """Bytes of the body that have arrived. For a body without Content-Length, the application is called again after
        each ``ASK_EVERY`` bytes."""

    def read(self, *size: int) -> NoReturn:
        raise BodyAwaited

    readline = read


class TooLargeBody(AwaitedBody):
    """The ``wsgi.input`` of a request whose body exceeds the limit and is not read."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def read(self, *size: int) -> NoReturn:
        raise BodyTooLarge(f"The request body is larger than {self.limit} bytes. Send a smaller one.")

    readline = read


class Closable(Protocol):
    def close(self) -> None: ...


Value = TypeVar("Value", bound=Closable)


class Kept(Generic[Value]):
    """A value that a view keeps between the calls for one request. The HTTP server closes it when the request ends."""

    value: Value | None = None

    def close(self) -> None:
        if self.value is not None:
            self.value.close()
        self.value = None


def kept_for(request: HttpRequest) -> Kept[Any]:
    """Return the holder that all calls for this request share."""
    holder = request.META.get(KEPT)
    return holder if isinstance(holder, Kept) else Kept()


def arrived_of(request: HttpRequest) -> int | None:
    """Return the bytes of the body that have arrived; None when it is complete."""
    body = request.META.get(INPUT)
    return body.arrived if isinstance(body, AwaitedBody) else None


def require_body(request: HttpRequest) -> None:
    """Call this after all checks that do not need the body. Raises BodyAwaited, BodyTooLarge."""
    body = request.META.get(INPUT)
    if isinstance(body, AwaitedBody):
        body.read()


def checks_first(view: View) -> View:
    """Declare that a view calls ``require_body`` after its checks and before it changes anything."""
    view.checks_first = True  # type: ignore[attr-defined]
    return view
