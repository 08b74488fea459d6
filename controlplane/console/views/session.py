"""Signing in and out, and the theme."""

import hashlib
from typing import Any

from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from controlplane.activity.record import Party, record
from controlplane.console.pages import THEME_COOKIE, THEMES, came_from, see_other, shell
from controlplane.kernel.errors import Unauthenticated
from trustedprofiles.models import User

LOGIN_EVENT = "baremint.console.login"
MOST_FAILURES = 10
"""Of one name from one address, within the time below; each process counts for itself."""
FORGIVEN_AFTER = 300
THEME_SECONDS = 365 * 24 * 3600


class Login(auth.LoginView):
    template_name = "console/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if cache.get(_key(request), 0) >= MOST_FAILURES:
            minutes = FORGIVEN_AFTER // 60
            form = self.get_form_class()(request)
            context = self.get_context_data(form=form, throttled=f"Too many failures. Try again in {minutes} minutes.")
            return self.render_to_response(context, status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        cache.delete(_key(self.request))
        user: Any = form.get_user()
        record(LOGIN_EVENT, initiator=_party(user), target=_party(user), account_id=user.account_id or "")
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """The failure is counted for whatever name was given, and recorded for a person who exists."""
        cache.set(_key(self.request), cache.get(_key(self.request), 0) + 1, FORGIVEN_AFTER)
        user = User.objects.filter(username=self.request.POST.get("username", "")).first()
        if user:
            error = Unauthenticated("The password is wrong, or the user is not active.")
            record(
                LOGIN_EVENT, initiator=_party(user), target=_party(user), account_id=user.account_id or "", error=error
            )
        return self.render_to_response(self.get_context_data(form=form), status=401)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **shell(self.request, None)}


def _party(user: Any) -> Party:
    return Party(user.iam_id or f"admin-{user.pk}", user.get_username(), "User")


def _key(request: HttpRequest) -> str:
    asked = f"{request.META.get('REMOTE_ADDR', '').partition(':')[0]} {request.POST.get('username', '').lower()}"
    return f"login-failures-{hashlib.sha256(asked.encode(errors='replace')).hexdigest()}"


class Logout(auth.LogoutView):
    http_method_names = ["post"]
    next_page = "/login"


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or what the system prefers."""
    chosen = request.POST.get("theme", "")
    response = see_other(came_from(request, "/"))
    if chosen in THEMES:
        response.set_cookie(THEME_COOKIE, chosen, max_age=THEME_SECONDS, samesite="Lax")
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response
