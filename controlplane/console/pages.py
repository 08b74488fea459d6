"""What every page shares: only for people who are signed in, refusals as pages, fragments with an entity tag."""

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
from controlplane.timekeeping.services import show

View = Callable[..., HttpResponse]
THEMES = ("light", "dark")
THEME_COOKIE = "baremint_theme"
NO_ACCOUNT = "Your user belongs to no account, so there is nothing it may see. Ask the owner of an account to add you."


def page(*methods: str) -> Callable[[View], View]:
    """A view of the console: ``view(request, person, ...)``. GET unless methods are named."""
    allowed = methods or ("GET",)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **path: Any) -> HttpResponse:
            if request.method not in (*allowed, *(["HEAD"] if "GET" in allowed else [])):
                return HttpResponseNotAllowed(allowed)
            if not request.user.is_authenticated:
                return to_login(request)
            person = person_of(request)
            try:
                if person is None:
                    raise NotAuthorized(NO_ACCOUNT)
                return view(request, person, *args, **path)
            except ShownChanged as changed:
                return to_present(request, changed, person)
            except ApiError as error:
                return refused(request, error, person)

        return guarded

    return decorate


def by_htmx(request: HttpRequest) -> bool:
    """Whether a script asks, which wants a fragment."""
    return request.headers.get("HX-Request") == "true"


def to_login(request: HttpRequest) -> HttpResponse:
    where = f"{settings.LOGIN_URL}?next={quote(request.get_full_path())}"
    if by_htmx(request):  # the page that asks goes there itself
        back = _path_in(request, "HX-Current-URL") or "/"
        return HttpResponse(status=401, headers={"HX-Redirect": f"{settings.LOGIN_URL}?next={quote(back)}"})
    return HttpResponseRedirect(where)


def shown(
    request: HttpRequest,
    person: Person | None,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """A whole page. What holds a moment must not be shown from a cache a moment later."""
    return render(request, template, {**shell(request, person), **(context or {})}, status=status)


def shell(request: HttpRequest, person: Person | None) -> dict[str, Any]:
    """What the frame around every page shows."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    may_move = person is not None and bool(person.may(CLOCK))
    return {
        "person": person,
        "role": role_name(person) if person else "",
        "sections": sections(request.path),
        "theme": theme if theme in THEMES else "",
        "face": clock_face(show()),
        "may_move": may_move,
        "movements": MOVEMENTS,
        "version": __version__,
    }


def fragment(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """A part of a page that is asked for again and again: 304 without a body while it is what it was."""
    response = render(request, template, dict(context))
    tag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    response["ETag"] = tag
    face = clock_face(show())  # whoever moved the clock: every page that is looked at follows
    response["X-Clock"] = f"{face.now.isoformat()} {'frozen' if face.frozen else face.moved}".strip()
    response["X-Clock-Seen"] = face.mark
    response["Cache-Control"] = "private, no-cache"
    return response


def refused(request: HttpRequest, error: ApiError, person: Person | None = None) -> HttpResponse:
    """A refusal, in words; it links to its explanation where there is one."""
    context = {"errors": error.each, "explanation": explanation_path(error.more_info), "status": error.status}
    if by_htmx(request):
        response = render(request, "console/parts/alert.html", context, status=error.status)
        response["HX-Retarget"], response["HX-Reswap"] = "#alerts", "innerHTML"
        return response
    return shown(request, person, "console/refused.html", context, status=error.status)


def to_present(request: HttpRequest, changed: ShownChanged, person: Person | None) -> HttpResponse:
    """After a form that showed what is not so any more: back to its page, which shows what is."""
    if by_htmx(request):
        response = refused(request, changed, person)
        response["HX-Trigger"] = "refresh"
        return response
    messages.error(request, changed.message)
    return see_other(came_from(request, "/"))


def done(request: HttpRequest, text: str, *, back: str, level: int = messages.SUCCESS) -> HttpResponse:
    """After a change: a script is told to look again and says so; a browser goes back to where it was."""
    if by_htmx(request):
        headers = {"HX-Trigger": "refresh", "X-Announcement": quote(text)}
        return HttpResponse(status=204, headers=headers)
    messages.add_message(request, level, text)
    return see_other(back)


class SeeOther(HttpResponseRedirect):
    """What a form leads to: always asked for with GET (RFC 9110, section 15.4.4)."""

    status_code = 303


def see_other(where: str) -> HttpResponse:
    return SeeOther(where)


def came_from(request: HttpRequest, otherwise: str) -> str:
    """Where a form says it was, if that is a page of this site."""
    asked = request.POST.get("next") or _path_in(request, "Referer")
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts=None) and asked.startswith("/")
    return asked if safe else otherwise


def _path_in(request: HttpRequest, header: str) -> str:
    """The path of the URL that a header holds; empty when it holds none."""
    try:
        return urlsplit(request.headers.get(header, "")).path
    except ValueError:
        return ""


def with_query(path: str, query: Mapping[str, Any]) -> str:
    """A path with those parameters that say something."""
    said = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(said)}" if said else path
