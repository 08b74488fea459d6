"""Middleware for every request: its id and origin, its text, the scheme of links, doubled slashes."""

import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import get_resolver
from django.utils.deprecation import MiddlewareMixin

from controlplane.kernel import context, envelopes
from controlplane.kernel.awaited_body import BodyTooLarge, require_body
from controlplane.kernel.text import is_storable, storable

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
LONGEST_AGENT = 256
LONGEST_HOST = 255
SERVICE_DOMAIN = ".cloud.ibm.com"

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestContextMiddleware:
    """Takes a well-formed ``X-Request-Id`` or creates one, for the response, the log and the events."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        header = meta.get("HTTP_X_REQUEST_ID", "")
        request_id = header if REQUEST_ID.fullmatch(header) else str(uuid.uuid4())
        context.current.set(
            context.RequestContext(
                request_id=request_id,
                address=meta.get("REMOTE_ADDR", ""),
                agent=meta.get("HTTP_USER_AGENT", "")[:LONGEST_AGENT],
                method=request.method or "",
                path=request.path,
                url=_url(meta, request.path),
                started=time.monotonic(),
            )
        )
        context.lineage.set(None)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        if not response.streaming and not response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
        response["X-Content-Type-Options"] = "nosniff"
        return response


def _url(meta: Mapping[str, Any], path: str) -> str:
    host = meta.get("HTTP_HOST") or meta.get("SERVER_NAME", "")
    scheme = "https" if _is_service_host(host) else meta.get("wsgi.url_scheme", "http")
    return f"{scheme}://{host[:LONGEST_HOST]}{path}"


def _is_service_host(host: str) -> bool:
    """Return whether it is one of IBM's hosts, which clients reach by TLS only."""
    return host.partition(":")[0].endswith(SERVICE_DOMAIN)


class RequestTextMiddleware(MiddlewareMixin):
    """Removes NUL characters from header fields, and converts the host to lower case (RFC 3986, section 6.2.2.1).

    The host is compared and used in links.
    """

    def process_request(self, request: HttpRequest) -> None:
        meta = request.META
        for name, value in meta.items():
            if isinstance(value, str) and "\0" in value and name.startswith("HTTP_"):
                meta[name] = value.replace("\0", " ")  # RFC 9110, section 5.5
        if "HTTP_HOST" in meta:
            meta["HTTP_HOST"] = meta["HTTP_HOST"].lower()
        if "\\" in meta.get("HTTP_COOKIE", ""):  # a quoted cookie writes any character as three digits
            request.COOKIES = {name: storable(value) for name, value in request.COOKIES.items()}


class PageTextMiddleware(MiddlewareMixin):
    """Replaces characters that cannot be stored by U+FFFD in what browsers send to pages. Such text matches nothing.

    Views for programs, which are exempt from CSRF protection, refuse such text themselves. This comes after the
    middleware of that protection, which reads a form first.
    """

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if getattr(view, "csrf_exempt", False):
            return
        kwargs.update({name: storable(value) for name, value in kwargs.items() if isinstance(value, str)})
        request.GET = _storable(request.GET)
        if request.method == "POST":
            request.POST = _storable(request.POST)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Answer 404 for a number of more than 64 bits, which SQLite rejects; PostgreSQL finds no row with it."""
        if isinstance(exception, OverflowError):
            raise Http404 from exception


def _storable(query: QueryDict) -> Any:
    if all(is_storable(text) for name, values in query.lists() for text in (name, *values)):
        return query
    clean = QueryDict(mutable=True)
    for name, values in query.lists():
        clean.setlist(storable(name), [storable(value) for value in values])
    return clean


class ServiceHostMiddleware(MiddlewareMixin):
    """Uses https in links for IBM's hosts, because their TLS ends before this process (controlplane/lab/api_relay.py).

    The scheme does not depend on the last hop or on a header of the client.
    """

    def process_request(self, request: HttpRequest) -> None:
        if _is_service_host(request.META.get("HTTP_HOST", "")):
            request.META["wsgi.url_scheme"] = "https"


class SlashCollapsingMiddleware(MiddlewareMixin):
    """Collapses doubled slashes, because two SDK cores send ``//identity/...`` when their base URL ends in a slash."""

    def process_request(self, request: HttpRequest) -> None:
        if "//" in request.path_info:
            request.path_info = re.sub(r"/{2,}", "/", request.path_info)
            request.path = re.sub(r"/{2,}", "/", request.path)


class AwaitedBodyMiddleware(MiddlewareMixin):
    """Calls views that do not declare ``checks_first`` only when the body has arrived.

    It comes before the middleware that reads a form.
    """

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        view = getattr(view, "cls", view)
        if getattr(view, "checks_first", False):
            return None
        try:
            require_body(request)
        except BodyTooLarge as error:
            if not getattr(view, "csrf_exempt", False):  # a page for people
                handler: Callable[..., HttpResponse] = get_resolver().resolve_error_handler(400)
                return handler(request, exception=error)
            return envelopes.json_response(envelopes.as_api_error(error), getattr(view, "envelope", envelopes.vpc))
        return None
