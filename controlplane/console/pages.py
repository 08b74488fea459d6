"""Helpers of all pages: sign-in, refusals as pages, fragments with an entity tag."""

import hashlib
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from controlplane import __version__
from controlplane.console.access import CLOCK, Person, person_of, role_name
from controlplane.console.navigation import sections
from controlplane.console.presenters.clock import MOVEMENTS, clock_face
from controlplane.console.presenters.events import explanation_path
from controlplane.kernel.errors import ApiError, NotAuthorized
from controlplane.kernel.form_snapshot import ShownChanged
from controlplane.timekeeping.services import read_clock

View = Callable[..., HttpResponse]
SWITCH = {"true": True, "false": False}
"""By the value of a switch in a form."""
THEMES = ("light", "dark")
THEME_COOKIE = "baremint_theme"
NO_ACCOUNT = "Your user belongs to no account, so there is nothing it may see. Ask the owner of an account to add you."


def page(
    *methods: str,
    require: Callable[[Person], None] = lambda person: None,
    subject: Callable[..., Any] | None = None,
) -> Callable[[View], View]:
    """Decorate a view of the console, ``view(request, person, ...)``. The default method is GET.

    ``require(person)`` raises NotAuthorized for a person who may not see the page. ``subject(person, ...)`` finds what
    the path names, which the view gets in place of the parts of the path. It checks that the person may read it.
    """
    accepted = methods or ("GET",)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **path: Any) -> HttpResponse:
            if request.method not in (*accepted, *(["HEAD"] if "GET" in accepted else [])):
                return HttpResponseNotAllowed(accepted)
            if not request.user.is_authenticated:
                return login_redirect(request)
            person = person_of(request)
            try:
                if person is None:
                    raise NotAuthorized(NO_ACCOUNT)
                require(person)
                if subject is not None:
                    return view(request, person, subject(person, *args, **path))
                return view(request, person, *args, **path)
            except ShownChanged as conflict:
                return stale_form_response(request, conflict, person)
            except ApiError as error:
                return refusal_page(request, error, person)

        return guarded

    return decorate


def by_htmx(request: HttpRequest) -> bool:
    """Whether htmx sent the request, which expects a fragment."""
    return request.headers.get("HX-Request") == "true"


def login_redirect(request: HttpRequest) -> HttpResponse:
    where = f"{settings.LOGIN_URL}?next={quote(request.get_full_path())}"
    if by_htmx(request):  # htmx redirects the page
        back = _path_in(request, "HX-Current-URL") or "/"
        return HttpResponse(status=401, headers={"HX-Redirect": f"{settings.LOGIN_URL}?next={quote(back)}"})
    return HttpResponseRedirect(where)


def full_page(
    request: HttpRequest,
    person: Person | None,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a whole page."""
    return render(request, template, {**frame_context(request, person), **(context or {})}, status=status)


def frame_context(request: HttpRequest, person: Person | None) -> dict[str, Any]:
    """The context of the frame around every page."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    may_move = person is not None and bool(person.may(CLOCK))
    return {
        "person": person,
        "role": role_name(person) if person else "",
        "sections": sections(request.path),
        "theme": theme if theme in THEMES else "",
        "face": clock_face(read_clock()),
        "may_move": may_move,
        "movements": MOVEMENTS,
        "version": __version__,
    }


def fragment(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """Render a part of a page that scripts poll: 304 without a body while it is unchanged."""
    response = render(request, template, dict(context))
    tag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    response["ETag"] = tag
    face = clock_face(read_clock())  # open pages follow when another user moves the clock
    response["X-Clock"] = f"{face.now.isoformat()} {'frozen' if face.frozen else face.moved}".strip()
    response["X-Clock-Seen"] = face.mark
    response["Cache-Control"] = "private, no-cache"
    return response


def refusal_page(request: HttpRequest, error: ApiError, person: Person | None = None) -> HttpResponse:
    """A page with a refusal, and a link to its explanation if there is one."""
    context = {"errors": error.each, "explanation": explanation_path(error.more_info), "status": error.status}
    if by_htmx(request):
        response = render(request, "console/parts/alert.html", context, status=error.status)
        response["HX-Retarget"], response["HX-Reswap"] = "#alerts", "innerHTML"
        return response
    return full_page(request, person, "console/refused.html", context, status=error.status)


def stale_form_response(request: HttpRequest, conflict: ShownChanged, person: Person | None) -> HttpResponse:
    """The response to an outdated form: back to its page, which shows the present state."""
    if by_htmx(request):
        response = refusal_page(request, conflict, person)
        response["HX-Trigger"] = "refresh"
        return response
    messages.error(request, conflict.message)
    return SeeOther(return_path(request, "/"))


def success_response(request: HttpRequest, text: str, *, back: str, level: int = messages.SUCCESS) -> HttpResponse:
    """The response after a change: htmx refreshes and announces the text; a browser goes back to its page."""
    if by_htmx(request):
        headers = {"HX-Trigger": "refresh", "X-Announcement": quote(text)}
        return HttpResponse(status=204, headers=headers)
    messages.add_message(request, level, text)
    return SeeOther(back)


class SeeOther(HttpResponseRedirect):
    """The redirect after a form, which browsers follow with GET (RFC 9110, section 15.4.4)."""

    status_code = 303


def return_path(request: HttpRequest, otherwise: str) -> str:
    """The page that a form came from, if it is a page of this site."""
    path = request.POST.get("next") or _path_in(request, "Referer")
    safe = url_has_allowed_host_and_scheme(path, allowed_hosts=None) and path.startswith("/")
    return path if safe else otherwise


def _path_in(request: HttpRequest, header: str) -> str:
    """The path of the URL in a header; empty without one."""
    try:
        return urlsplit(request.headers.get(header, "")).path
    except ValueError:
        return ""


def with_query(path: str, query: Mapping[str, Any]) -> str:
    """The path with those parameters that are not empty."""
    parameters = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(parameters)}" if parameters else path
