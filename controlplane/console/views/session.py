"""Signing in and out, and the theme."""

import hashlib
from typing import Any

from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST

from controlplane.activity.record import Party, record
from controlplane.console.access import person_of
from controlplane.console.events import CONSOLE_LOGIN
from controlplane.console.pages import THEME_COOKIE, THEMES, SeeOther, frame_context, refusal_page, return_path
from controlplane.jobs import broker
from controlplane.kernel.errors import NotAuthorized, Unauthenticated
from trustedprofiles.models import User

MOST_FAILURES = 10
"""The most failures for one name from one address within FORGIVEN_AFTER. A successful login resets the count."""
FORGIVEN_AFTER = 300
NO_STAFF = (
    "Only staff may use the admin, and you are not staff. Everything of your account is in the console. The deployment "
    "administrator can make you staff."
)
THEME_SECONDS = 365 * 24 * 3600


class Login(auth.LoginView):
    """The login of the console and of the admin."""

    template_name = "console/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Count an attempt before its password is checked, so that parallel attempts cannot exceed the limit."""
        if _attempts(_key(request, self.name)) > MOST_FAILURES:
            minutes = FORGIVEN_AFTER // 60
            form = self.get_form_class()(request)
            context = self.get_context_data(form=form, throttled=f"Too many failures. Try again in {minutes} minutes.")
            return self.render_to_response(context, status=429)
        return super().post(request, *args, **kwargs)

    @cached_property
    def name(self) -> str:
        """The name as the form normalizes it, so that all spellings of a name share one count."""
        return User.normalize_username(self.request.POST.get("username", ""))

    def get_form_kwargs(self) -> dict[str, Any]:
        arguments = super().get_form_kwargs()
        if "data" in arguments:
            arguments["data"] = {**arguments["data"].dict(), "username": self.name}
        return arguments

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        cache.delete(key := _key(self.request, self.name))
        broker.forget_count(key)
        user: Any = form.get_user()
        record(CONSOLE_LOGIN, initiator=_party(user), target=_party(user), account_id=user.account_id or "")
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Record the failure if the user exists."""
        user = User.objects.filter(username=self.name).first()
        if user:
            error = Unauthenticated("The password is wrong, or the user is not active.")
            record(
                CONSOLE_LOGIN,
                initiator=_party(user),
                target=_party(user),
                account_id=user.account_id or "",
                error=error,
            )
        return self.render_to_response(self.get_context_data(form=form), status=401)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **frame_context(self.request, None)}


class AdminLogin(Login):
    """The same for the admin, which only staff may use."""

    next_page = "/admin/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user: Any = request.user
        if user.is_authenticated and not user.is_staff:
            return refusal_page(request, NotAuthorized(NO_STAFF), person_of(request))
        return super().dispatch(request, *args, **kwargs)


def _party(user: Any) -> Party:
    return Party(user.iam_id or f"admin-{user.pk}", user.get_username(), "User")


def _key(request: HttpRequest, name: str) -> str:
    identifier = f"{request.META.get('REMOTE_ADDR', '')} {name.casefold()}"
    return f"login-failures-{hashlib.sha256(identifier.encode(errors='replace')).hexdigest()}"


def _attempts(key: str) -> int:
    """The number of attempts within the time, including this one: of all processes, or of this one while the broker is
    unavailable."""
    if (count := broker.count(key, within=FORGIVEN_AFTER)) is not None:
        return count
    cache.add(key, 0, FORGIVEN_AFTER)
    try:
        return cache.incr(key)
    except ValueError:  # it expired at this moment
        return 1


class Logout(auth.LogoutView):
    http_method_names = ["post"]
    next_page = "/login"


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Set the theme: light, dark, or the system's."""
    choice = request.POST.get("theme", "")
    response = SeeOther(return_path(request, "/"))
    if choice in THEMES:
        response.set_cookie(THEME_COOKIE, choice, max_age=THEME_SECONDS, samesite="Lax")
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response
