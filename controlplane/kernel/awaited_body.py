"""Requests whose body has not arrived: a view may refuse them at once, and do nothing else.

The HTTP server gives a request to the application when all of it has arrived. When the body takes its time, it asks
the application before that, once, whether the request is refused whatever the body says. For this the body is an
AwaitedBody, and a view that needs the body, or is about to do something, raises BodyAwaited; then the request comes
again when it is whole. So a view is only asked early when it says of itself that it checks first.
"""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

INPUT = "wsgi.input"

View = TypeVar("View", bound=Callable[..., Any])


class BodyAwaited(BaseException):
    """The request cannot be answered without its body. Not an Exception: nobody handles it on the way."""


class BodyTooLarge(RequestDataTooBig):
    """Says how large a body may be."""


class AwaitedBody:
    """Stands for a body that has not arrived, as ``wsgi.input`` does for one that has."""

    def read(self, *size: int) -> NoReturn:
        raise BodyAwaited

    readline = read


class TooLargeBody(AwaitedBody):
    """Stands for a body that is larger than the service takes, and of which nothing is read."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def read(self, *size: int) -> NoReturn:
        raise BodyTooLarge(f"The request body is larger than {self.limit} bytes. Send a smaller one.")

    readline = read


def require_body(request: HttpRequest) -> None:
    """To be called when nothing is left to check but the body. Raises BodyAwaited, or BodyTooLarge."""
    body = request.META.get(INPUT)
    if isinstance(body, AwaitedBody):
        body.read()


def checks_first(view: View) -> View:
    """Declare that a view calls ``require_body`` after its checks, and before it does anything."""
    view.checks_first = True  # type: ignore[attr-defined]
    return view
