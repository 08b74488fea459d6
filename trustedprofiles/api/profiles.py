"""``/v1/profiles``."""

from typing import Any
from urllib.parse import urlencode

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import paging
from controlplane.kernel.errors import InvalidValue, MissingValue, Target
from controlplane.kernel.etag import require_match
from trustedprofiles import events
from trustedprofiles.api.base import IdentityView, ProfileView
from trustedprofiles.api.serializers import ProfileCreation, ProfileUpdate, profile_body
from trustedprofiles.models import Account, TrustedProfile
from trustedprofiles.permissions import Operation
from trustedprofiles.services import profiles

DEFAULT_PAGE = 20


class Profiles(IdentityView):
    operations = {
        "GET": Operation("list_profiles", "iam-identity.profile.list", events.PROFILE_READ),
        "POST": Operation("create_profile", "iam-identity.profile.create", events.PROFILE_CREATE, True),
    }

    def post(self, request: Request) -> Response:
        asked = ProfileCreation.check(request.data)
        if asked.pop("account_id") != self.caller.account_id:
            raise InvalidValue("account_id is not the account of your token.", target=Target("account_id"))
        account = Account.objects.get(id=self.caller.account_id)
        profile = profiles.create_profile(account, **asked, by=Party.of(self.caller))
        return Response(profile_body(profile), status=201, headers={"ETag": profile.entity_tag})

    def get(self, request: Request) -> Response:
        rows = TrustedProfile.objects.filter(account_id=_own_account(request, self.caller.account_id))
        if name := request.GET.get("name"):
            rows = rows.filter(name=name)
        size = paging.parse_limit(request.GET, name="pagesize", default=DEFAULT_PAGE)
        scope = f"profiles:{self.caller.account_id}:{name or ''}"
        token = request.GET.get("pagetoken")
        offset = paging.open_cursor(token, scope=scope, name="pagetoken") if token else 0
        found = list(rows.order_by("created_at", "id")[offset : offset + size + 1])
        body: dict[str, Any] = {
            "profiles": [profile_body(profile) for profile in found[:size]],
            "limit": size,
            "offset": offset,
            "first": _page_url(request, size, None),
        }
        if len(found) > size:
            body["next"] = _page_url(request, size, paging.seal_cursor(offset + size, scope=scope))
        return Response(body)


class Profile(ProfileView):
    operations = {
        "GET": Operation("get_profile", "iam-identity.profile.read", events.PROFILE_READ),
        "PUT": Operation("update_profile", "iam-identity.profile.update", events.PROFILE_UPDATE, True),
        "DELETE": Operation("delete_profile", "iam-identity.profile.delete", events.PROFILE_DELETE, True),
    }

    def get(self, request: Request, profile_id: str) -> Response:
        profile = self.get_profile()
        return Response(profile_body(profile), headers={"ETag": profile.entity_tag})

    def put(self, request: Request, profile_id: str) -> Response:
        profile = self.get_profile()
        require_match(request.headers.get("If-Match"), current=profile.entity_tag)
        changes = ProfileUpdate.check(request.data)
        profile = profiles.update_profile(profile, changes=changes, by=Party.of(self.caller))
        return Response(profile_body(profile), headers={"ETag": profile.entity_tag})

    def delete(self, request: Request, profile_id: str) -> Response:
        profiles.delete_profile(self.get_profile(), by=Party.of(self.caller))
        return Response(status=204)


def _own_account(request: Request, account_id: str) -> str:
    """Another account's profiles are as absent as those of an account that does not exist."""
    asked = request.GET.get("account_id")
    if not asked:
        raise MissingValue("The account_id query parameter is required.", target=Target("account_id", "parameter"))
    return account_id if asked == account_id else ""


def _page_url(request: Request, size: int, token: str | None) -> str:
    passed_on = {name: value for name, value in request.GET.items() if name not in ("pagesize", "pagetoken")}
    query = {**passed_on, "pagesize": size, **({"pagetoken": token} if token else {})}
    return f"{request.build_absolute_uri(request.path)}?{urlencode(query)}"
