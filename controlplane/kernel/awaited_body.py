"""Requests whose body has not arrived: a view may refuse them at once, and do nothing else.

The HTTP server gives a request to the application when all of it has arrived. When the body takes its time, it asks
the application before that, once, whether the request is refused whatever the body says. For this the body is an
AwaitedBody, and a view that needs the body, or is about to do something, raises BodyAwaited; then the request comes
again when it is whole. So a view is only asked early when it says of itself that it checks first.
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
    """The request cannot be answered without its body. Not an Exception: nobody handles it on the way."""


class BodyTooLarge(RequestDataTooBig):
    """Says how large a body may be."""


class AwaitedBody:
    """Stands for a body that has not arrived, as ``wsgi.input`` does for one that has."""

    def __init__(self, arrived: int = 0) -> None:
        self.arrived = arrived
        """Bytes of it that are there. A request whose body has no announced length is asked about again and again
        while these grow, every ``ASK_EVERY`` bytes."""

    def read(self, *size: int) -> NoReturn:
        raise BodyAwaited

    readline = read


class TooLargeBody(AwaitedBody):
    """Stands for a body that is larger than the service takes, and of which nothing is read."""

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
    """What a view keeps for one request from one question to the next. The HTTP server closes it when the request is
    over, however it ends."""

    value: Value | None = None

    def close(self) -> None:
        if self.value is not None:
            self.value.close()
        self.value = None


def kept_for(request: HttpRequest) -> Kept[Any]:
    """The same at each question about this request, where the server asks more than once."""
    kept = request.META.get(KEPT)
    return kept if isinstance(kept, Kept) else Kept()


def arrived_of(request: HttpRequest) -> int | None:
    """Bytes of the body that are there; None when all are."""
    body = request.META.get(INPUT)
    return body.arrived if isinstance(body, AwaitedBody) else None


def require_body(request: HttpRequest) -> None:
    """To be called when nothing is left to check but the body. Raises BodyAwaited, or BodyTooLarge."""
    body = request.META.get(INPUT)
    if isinstance(body, AwaitedBody):
        body.read()


def checks_first(view: View) -> View:
    """Declare that a view calls ``require_body`` after its checks, and before it does anything."""
    view.checks_first = True  # type: ignore[attr-defined]
    return view
