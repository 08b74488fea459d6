"""``/v1/profiles``."""

from collections.abc import Sequence

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.etag import require_match
from controlplane.kernel.query_parameters import boolean
from trustedprofiles import events
from trustedprofiles.api import responses
from trustedprofiles.api.activity import activity_of, logins_to
from trustedprofiles.api.base import IdentityView, ProfileView, pop_own_account, require_own_account
from trustedprofiles.api.history import histories
from trustedprofiles.api.pagination import filtered, ordered, token_page
from trustedprofiles.api.serializers import ProfileCreation, ProfileUpdate, profile_body
from trustedprofiles.models import TrustedProfile
from trustedprofiles.permissions import Operation
from trustedprofiles.selectors import profiles_of
from trustedprofiles.services import profiles

FILTERABLE = ("name", "description", "email", "id")
SORTABLE = ("name", "description", "created_at", "modified_at")


class Profiles(IdentityView):
    operations = {
        "GET": Operation(
            "list_profiles",
            "iam-identity.profile.list",
            events.PROFILE_READ,
            answer=responses.TrustedProfilesList,
            lists=TrustedProfile,
            query=("account_id", "name", "pagesize", "pagetoken", "sort", "order", "filter", "include_history"),
        ),
        "POST": Operation(
            "create_profile",
            "iam-identity.profile.create",
            events.PROFILE_CREATE,
            True,
            status=201,
            body=ProfileCreation,
            answer=responses.TrustedProfile,
            etag=True,
        ),
    }

    def get(self, request: Request) -> Response:
        account_id = self.caller.account_id
        require_own_account(request, account_id)
        rows = profiles_of(account_id)
        if name := request.GET.get("name"):
            rows = rows.filter(name=name)
        rows = ordered(request, filtered(request, rows, FILTERABLE), SORTABLE)
        page = token_page(request, self.listing.of(rows), caller=self.caller)
        body: responses.TrustedProfilesList = {**page.links, "profiles": _bodies(request, page.items)}
        return self.answer(body)

    def post(self, request: Request) -> Response:
        content = pop_own_account(self.body, self.caller.account_id)
        profile = profiles.create_profile(self.account, **content, by=Party.of(self.caller))
        return self.answer(profile_body(profile), etag=profile.entity_tag)


class Profile(ProfileView):
    operations = {
        "GET": Operation(
            "get_profile",
            "iam-identity.profile.read",
            events.PROFILE_READ,
            answer=responses.TrustedProfile,
            query=("include_history", "include_activity"),
            etag=True,
        ),
        "PUT": Operation(
            "update_profile",
            "iam-identity.profile.update",
            events.PROFILE_UPDATE,
            True,
            body=ProfileUpdate,
            answer=responses.TrustedProfile,
            etag=True,
            if_match="required",
        ),
        "DELETE": Operation(
            "delete_profile",
            "iam-identity.profile.delete",
            events.PROFILE_DELETE,
            True,
            status=204,
            conflicts=False,
        ),
    }

    def get(self, request: Request, profile_id: str) -> Response:
        [body] = _bodies(request, [self.profile])
        if boolean(request.GET, "include_activity"):
            body["activity"] = activity_of(logins_to(self.profile))
        return self.answer(body, etag=self.profile.entity_tag)

    def put(self, request: Request, profile_id: str) -> Response:
        require_match(request.headers.get("If-Match"), current=self.profile.entity_tag)
        profile = profiles.update_profile(self.profile, changes=self.body, by=Party.of(self.caller))
        return self.answer(profile_body(profile), etag=profile.entity_tag)

    def delete(self, request: Request, profile_id: str) -> Response:
        profiles.delete_profile(self.profile, by=Party.of(self.caller))
        return self.answer()


def _bodies(request: Request, profiles: Sequence[TrustedProfile]) -> list[responses.TrustedProfile]:
    """With history where the query asks for it."""
    bodies = [profile_body(profile) for profile in profiles]
    if boolean(request.GET, "include_history"):
        found = histories({profile.crn: profile.id for profile in profiles}, events.PROFILE_CHANGES)
        for body in bodies:
            body["history"] = found[body["id"]]
    return bodies
