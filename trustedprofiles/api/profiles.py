"""``/v1/profiles``."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.etag import require_match
from trustedprofiles import events
from trustedprofiles.api import answers
from trustedprofiles.api.base import IdentityView, ProfileView, require_own_account
from trustedprofiles.api.pages import OffsetPage, filtered, one_of
from trustedprofiles.api.serializers import ProfileCreation, ProfileUpdate, profile_body
from trustedprofiles.models import Account, TrustedProfile
from trustedprofiles.permissions import Operation
from trustedprofiles.selectors import profiles_of
from trustedprofiles.services import profiles

DEFAULT_PAGE = 20
FILTERABLE = ("name", "description", "email", "id")
SORTABLE = ("name", "description", "created_at", "modified_at")


class Profiles(IdentityView):
    operations = {
        "GET": Operation(
            "list_profiles",
            "iam-identity.profile.list",
            events.PROFILE_READ,
            answer=answers.TrustedProfilesList,
            query=("account_id", "name", "pagesize", "pagetoken", "sort", "order", "filter"),
        ),
        "POST": Operation(
            "create_profile",
            "iam-identity.profile.create",
            events.PROFILE_CREATE,
            True,
            status=201,
            body=ProfileCreation,
            answer=answers.TrustedProfile,
            etag=True,
        ),
    }

    def get(self, request: Request) -> Response:
        account_id = self.caller.account_id
        require_own_account(request, account_id)
        rows = profiles_of(account_id)
        if name := request.GET.get("name"):
            rows = rows.filter(name=name)
        rows = filtered(request, rows, FILTERABLE)
        sort = one_of(request, "sort", SORTABLE) or "created_at"
        backwards = "-" if one_of(request, "order", ("asc", "desc")) == "desc" else ""
        rows = rows.order_by(f"{backwards}{sort}", "id")
        return self.answer(_page_body(request, rows, account_id))

    def post(self, request: Request) -> Response:
        asked = self.body
        if asked.pop("account_id") != self.caller.account_id:
            raise InvalidValue("account_id is not the account of your token.", target=Target("account_id"))
        account = Account.objects.get(id=self.caller.account_id)
        profile = profiles.create_profile(account, **asked, by=Party.of(self.caller))
        return self.answer(profile_body(profile), etag=profile.entity_tag)


class Profile(ProfileView):
    operations = {
        "GET": Operation(
            "get_profile",
            "iam-identity.profile.read",
            events.PROFILE_READ,
            answer=answers.TrustedProfile,
            etag=True,
        ),
        "PUT": Operation(
            "update_profile",
            "iam-identity.profile.update",
            events.PROFILE_UPDATE,
            True,
            body=ProfileUpdate,
            answer=answers.TrustedProfile,
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
        return self.answer(profile_body(self.profile), etag=self.profile.entity_tag)

    def put(self, request: Request, profile_id: str) -> Response:
        require_match(request.headers.get("If-Match"), current=self.profile.entity_tag)
        profile = profiles.update_profile(self.profile, changes=self.body, by=Party.of(self.caller))
        return self.answer(profile_body(profile), etag=profile.entity_tag)

    def delete(self, request: Request, profile_id: str) -> Response:
        profiles.delete_profile(self.profile, by=Party.of(self.caller))
        return self.answer()


def _page_body(request: Request, rows: QuerySet[TrustedProfile], account_id: str) -> answers.TrustedProfilesList:
    page = OffsetPage(
        request, rows, account_id=account_id, size_name="pagesize", start_name="pagetoken", default=DEFAULT_PAGE
    )
    body: answers.TrustedProfilesList = {
        "offset": page.offset,
        "limit": page.size,
        "first": page.first,
        "profiles": [profile_body(profile) for profile in page.items],
    }
    if page.next:
        body["next"], _ = page.next
    if page.previous:
        body["previous"], _ = page.previous
    return body
