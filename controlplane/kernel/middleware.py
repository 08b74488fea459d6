"""What every request passes: its id and origin, its text, the scheme of links, the collapse of doubled slashes."""

import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import get_resolver

from controlplane.kernel import context, envelopes
from controlplane.kernel.awaited_body import BodyTooLarge, require_body
from controlplane.kernel.text import is_storable, storable

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
LONGEST_AGENT = 256
LONGEST_HOST = 255
SERVICE_DOMAIN = ".cloud.ibm.com"

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestContextMiddleware:
    """Honours a well-formed ``X-Request-Id`` or makes one; the answer, the log and the event all carry it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        asked = meta.get("HTTP_X_REQUEST_ID", "")
        request_id = asked if REQUEST_ID.fullmatch(asked) else str(uuid.uuid4())
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
    """Whether it is one of IBM's, which are only ever reached by TLS."""
    return host.partition(":")[0].endswith(SERVICE_DOMAIN)


class RequestTextMiddleware:
    """Header fields come in without NUL characters. A host name is in lower case (RFC 3986, section 6.2.2.1), for it is
    compared, and links are made with it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        for name, value in meta.items():
            if isinstance(value, str) and "\0" in value and name.startswith("HTTP_"):
                meta[name] = value.replace("\0", " ")  # RFC 9110, section 5.5
        if "HTTP_HOST" in meta:
            meta["HTTP_HOST"] = meta["HTTP_HOST"].lower()
        if "\\" in meta.get("HTTP_COOKIE", ""):  # a quoted cookie writes any character as three digits
            request.COOKIES = {name: storable(value) for name, value in request.COOKIES.items()}
        return self.get_response(request)


class PageTextMiddleware:
    """What people's browsers send to pages has U+FFFD for what cannot be kept: it is found nowhere, and can be shown.

    Views that programs call, which are those exempt from CSRF protection, refuse such text themselves. Behind the
    middleware of that protection, which reads a form first.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if getattr(view, "csrf_exempt", False):
            return
        kwargs.update({name: storable(value) for name, value in kwargs.items() if isinstance(value, str)})
        request.GET = _storable(request.GET)
        if request.method == "POST":
            request.POST = _storable(request.POST)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """SQLite has no place for a number of more than 64 bits; PostgreSQL looks for it, and finds nothing."""
        if isinstance(exception, OverflowError):
            raise Http404 from exception


def _storable(sent: QueryDict) -> Any:
    if all(is_storable(text) for name, values in sent.lists() for text in (name, *values)):
        return sent
    kept = QueryDict(mutable=True)
    for name, values in sent.lists():
        kept.setlist(storable(name), [storable(value) for value in values])
    return kept


class ServiceHostMiddleware:
    """IBM's hosts are only ever reached by TLS, which ends in front of this process (controlplane/lab/api_relay.py).

    So links in answers on those hosts say https, whatever the last hop spoke; no header of a client is asked.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_service_host(request.META.get("HTTP_HOST", "")):
            request.META["wsgi.url_scheme"] = "https"
        return self.get_response(request)


class SlashCollapsingMiddleware:
    """Two SDK cores send ``//identity/...`` when their base URL ends in a slash; nothing else is rewritten."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "//" in request.path_info:
            request.path_info = re.sub(r"/{2,}", "/", request.path_info)
            request.path = re.sub(r"/{2,}", "/", request.path)
        return self.get_response(request)


class AwaitedBodyMiddleware:
    """Spares the views that do not check first: they see no request before its body is there. Before
    those that read a form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

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
