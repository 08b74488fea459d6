"""``/v1/profiles``."""

from collections.abc import Sequence

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.operation import NAME, Operation
from controlplane.kernel.query_parameters import boolean
from trustedprofiles import events
from trustedprofiles.api import profile_responses
from trustedprofiles.api.activity import INCLUDE_ACTIVITY, activity_of, logins_to
from trustedprofiles.api.base import (
    REQUIRED_ACCOUNT_ID,
    DeletableRowView,
    IdentityView,
    ProfileView,
    pop_own_account,
)
from trustedprofiles.api.history import INCLUDE_HISTORY, histories
from trustedprofiles.api.pagination import filtered, list_parameters, ordered, token_page
from trustedprofiles.api.profile_requests import ProfileCreation, ProfileUpdate
from trustedprofiles.api.profile_responses import profile_body
from trustedprofiles.models import TrustedProfile
from trustedprofiles.selectors import profiles_of
from trustedprofiles.services import profiles

FILTERABLE = ("name", "description", "email", "id")
SORTABLE = ("name", "description", "created_at", "modified_at")


class Profiles(IdentityView):
    operations = {
        "GET": Operation(
            "list_profiles",
            "iam-identity.profile.list",
            f"{events.PROFILE}.read",
            answer=profile_responses.TrustedProfilesList,
            lists=TrustedProfile,
            query=(REQUIRED_ACCOUNT_ID, NAME, *list_parameters(SORTABLE), INCLUDE_HISTORY),
        ),
        "POST": Operation(
            "create_profile",
            "iam-identity.profile.create",
            f"{events.PROFILE}.create",
            recorded_by_service=True,
            status=201,
            body=ProfileCreation,
            answer=profile_responses.TrustedProfile,
            etag=True,
        ),
    }

    def get(self, request: Request) -> Response:
        rows = profiles_of(self.caller.account_id)
        if name := request.GET.get(NAME):
            rows = rows.filter(name=name)
        rows = ordered(request, filtered(request, rows, FILTERABLE), SORTABLE)
        page = token_page(request, self.listing.of(rows), caller=self.caller)
        body: profile_responses.TrustedProfilesList = {**page.links, "profiles": _bodies(request, page.items)}
        return self.answer(body)

    def post(self, request: Request) -> Response:
        content = pop_own_account(self.body, self.caller.account_id)
        profile = profiles.create_profile(self.account, **content, by=Party.of(self.caller))
        return self.answer(profile_body(profile), etag=profile.entity_tag)


class Profile(DeletableRowView, ProfileView):
    operations = {
        "GET": Operation(
            "get_profile",
            "iam-identity.profile.read",
            f"{events.PROFILE}.read",
            answer=profile_responses.TrustedProfile,
            query=(INCLUDE_HISTORY, INCLUDE_ACTIVITY),
            etag=True,
        ),
        "PUT": Operation(
            "update_profile",
            "iam-identity.profile.update",
            f"{events.PROFILE}.update",
            recorded_by_service=True,
            body=ProfileUpdate,
            answer=profile_responses.TrustedProfile,
            etag=True,
            if_match="required",
        ),
        "DELETE": Operation(
            "delete_profile",
            "iam-identity.profile.delete",
            f"{events.PROFILE}.delete",
            recorded_by_service=True,
            status=204,
            conflicts=False,
        ),
    }
    deletion = staticmethod(profiles.delete_profile)
    render = staticmethod(profile_body)

    def get(self, request: Request, profile_id: str) -> Response:
        [body] = _bodies(request, [self.resource])
        if boolean(request.GET, INCLUDE_ACTIVITY):
            body["activity"] = activity_of(logins_to(self.resource))
        return self.answer(body, etag=self.resource.entity_tag)

    def put(self, request: Request, profile_id: str) -> Response:
        return self.answer_row(profiles.update_profile(self.resource, changes=self.body, by=Party.of(self.caller)))


def _bodies(request: Request, profiles: Sequence[TrustedProfile]) -> list[profile_responses.TrustedProfile]:
    """Return the response bodies of the profiles, with history where the query asks for it."""
    bodies = [profile_body(profile) for profile in profiles]
    if boolean(request.GET, INCLUDE_HISTORY):
        records = histories({profile.crn: profile.id for profile in profiles}, events.PROFILE_CHANGES)
        for body in bodies:
            body["history"] = records[body["id"]]
    return bodies
