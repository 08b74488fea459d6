"""Errors: a page for a browser, the usual envelope for a program."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from controlplane.console.access import person_of
from controlplane.console.pages import by_htmx, refusal_page
from controlplane.kernel import envelopes
from controlplane.kernel.errors import ApiError, NotAuthorized, NotFound
from controlplane.kernel.text import echoed


def wants_page(request: HttpRequest) -> bool:
    """Whether the client accepts HTML by name; programs accept JSON, or anything."""
    return "text/html" in request.headers.get("Accept", "")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not wants_page(request):
        return envelopes.handler404(request, exception)
    return _page(request, NotFound(f"There is nothing at {echoed(request.path)}."))


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django refuses: a form that is too large, has too many fields or is invalid; an unknown Host."""
    if by_htmx(request):
        return refusal_page(request, _for_people(exception))
    if not wants_page(request):
        return envelopes.handler400(request, exception)
    return _apart(_for_people(exception))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the CSRF token of its session: from an old page or another site."""
    if not wants_page(request):
        return envelopes.json_response(NotAuthorized("The form's token is missing or old. Load the page again."))
    return _page(request, NotAuthorized("This form is too old, or of another site. Load the page again and retry."))


def broken(request: HttpRequest) -> HttpResponse:
    """An internal error. It does not use the database, which may have failed."""
    if not wants_page(request):
        return envelopes.handler500(request)
    return _apart(envelopes.failure_of_request())


def _for_people(exception: Exception) -> ApiError:
    error = envelopes.unread(exception)
    if isinstance(exception, RequestDataTooBig):
        error.status = 413  # programs get what the APIs document, 400
    return error


def _apart(error: ApiError) -> HttpResponse:
    """A page that needs neither the database nor the session."""
    page = render_to_string("console/broken.html", {"error": error, "trace": envelopes.trace_id()})
    return HttpResponse(page, status=error.status, headers=error.headers)


def _page(request: HttpRequest, error: ApiError) -> HttpResponse:
    signed_in = getattr(request, "user", None) is not None and request.user.is_authenticated
    return refusal_page(request, error, person_of(request) if signed_in else None)
