"""``/v2/accounts/{id}/users`` of ``user-management.cloud.ibm.com``: the people of an account. ``baremint person`` makes
them; they are read here, and nothing of them is changed (D-171)."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import ClassVar, NotRequired, TypedDict

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import envelopes, timestamps
from controlplane.kernel.errors import NotSupported, existing
from controlplane.kernel.operation import BOOLEAN, LIMIT, Operation, Parameter
from controlplane.kernel.query_parameters import boolean
from controlplane.kernel.verdict import Allowed
from identity import events
from identity.api.activity import activity_of_keys
from identity.api.user_search import REALM, of_user_id, searched, state_of, user_id_of
from identity.models import ApiKey
from trustedprofiles.api.activity import INCLUDE_ACTIVITY, Activity
from trustedprofiles.api.identity_settings import AccountView
from trustedprofiles.api.pagination import offset_page
from trustedprofiles.models import User
from trustedprofiles.selectors import find_user, visible
from trustedprofiles.visible_users import READ, READ_SETTINGS, people_of, sees_all

DEFAULT_PAGE = 100
START = Parameter("_start", "Token of a page, out of ``next_url``.")
SEARCH = Parameter(
    "search",
    "Only users that match one of these terms, separated by commas: a property, a colon, and a text contained in it.",
)
USER_ID = Parameter("user_id", "Only who logs in with exactly this email address or name.")
INCLUDE_SETTINGS = Parameter("include_settings", "Whether to include the settings of each.", BOOLEAN)


class UserSettings(TypedDict):
    """Always the defaults: no user can set any."""

    language: str
    notification_language: str
    allowed_ip_addresses: str
    self_manage: bool


SETTINGS: UserSettings = {
    "language": "",
    "notification_language": "",
    "allowed_ip_addresses": "",
    "self_manage": False,
}


class UserProfile(TypedDict):
    id: str
    iam_id: str
    realm: str
    user_id: str
    firstname: str
    lastname: str
    state: str
    email: str
    phonenumber: str
    altphonenumber: str
    photo: str
    account_id: str
    added_on: str
    settings: NotRequired[UserSettings]
    activity: NotRequired[Activity]


class UserList(TypedDict):
    """The URLs are paths: IBM's clients put the address of the service in front of them."""

    total_results: int
    limit: int
    first_url: str
    next_url: NotRequired[str]
    resources: list[UserProfile]


refused_operation = partial(Operation, recorded_by_service=True, status=204, conflicts=False, simulated=False)
"""A write, which is authorised, recorded and refused."""


def refusal(instead: str) -> Callable[..., Response]:
    """Return the view method that refuses a write; ``instead`` says who changes users, or how."""

    def refuse(view: AccountView, request: Request, **path: str) -> Response:
        raise NotSupported(f"This API only reads the users of an account. {instead}")

    return refuse


class UserManagementView(AccountView):
    envelope = staticmethod(envelopes.policy)
    service_name: ClassVar[str] = "user-management"


class Users(UserManagementView):
    operations = {
        "GET": Operation(
            "list_users",
            READ,
            events.USERS_LIST,
            answer=UserList,
            lists=User,
            query=(LIMIT, START, SEARCH, USER_ID, INCLUDE_SETTINGS),
        ),
        "POST": refused_operation("invite_users", "user-management.user.create", events.USER_INVITE),
    }

    def resource_attributes(self) -> dict[str, str]:
        return {"resourceType": "user"}

    def standing(self) -> Allowed | None:
        """Allow people to list users, because each person sees at least themselves in the list."""
        if self.request.method != "POST" and self.caller.sub_type == "User":
            return Allowed("people see themselves in the list of users", source=self.caller.iam_id)
        return None

    def get(self, request: Request, account_id: str) -> Response:
        rows = self._seen().order_by("pk")
        if USER_ID in request.GET:
            rows = rows.filter(of_user_id(request.GET[USER_ID]))
        if SEARCH in request.GET:
            rows = rows.filter(searched(request.GET[SEARCH]))
        page = offset_page(request, rows, caller=self.caller, names=(LIMIT, START), default=DEFAULT_PAGE)
        resources = [_profile(user) for user in page.items]
        if boolean(request.GET, INCLUDE_SETTINGS):
            resources = [{**each, "settings": SETTINGS} for each in resources]
        body: UserList = {
            "total_results": rows.count(),
            "limit": page.query.limit,
            "first_url": _path(request, page.query.link()),
            "resources": resources,
        }
        if page.next:
            body["next_url"] = _path(request, page.next[0])
        return self.answer(body)

    def _seen(self) -> QuerySet[User]:
        rows, caller = people_of(self.caller.account_id), self.caller
        if caller.sub_type != "User":
            return self.listing.of(rows)
        if sees_all(caller.account_id):
            return rows
        resource = {"accountId": caller.account_id, "serviceName": self.service_name, **self.resource_attributes()}
        visibility = visible(caller, action=READ, resource=resource, columns=self.policy_columns())
        if visibility.where is True:
            return rows
        others = visibility.of(rows) if visibility.verdict else rows.none()
        return rows.filter(Q(pk__in=others.values("pk")) | Q(iam_id=caller.iam_id))

    post = refusal("Make a person of the account with: baremint person NAME.")


class UserView(UserManagementView):
    """A view of one person, ``iam_id`` in the path. A person of another account is treated as if there were none."""

    user: User

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.user = existing(
            find_user(self.caller.account_id, self.kwargs["iam_id"]), "There is no user of this IAM id in your account."
        )

    def resource_attributes(self) -> dict[str, str]:
        return self.user.policy_attributes

    def standing(self) -> Allowed | None:
        if self.request.method in ("GET", "HEAD") and self.caller.iam_id == self.user.iam_id:
            return Allowed("people see themselves", source=self.caller.iam_id)
        return None

    def target(self) -> Party:
        if hasattr(self, "user"):
            return Party(str(self.user.iam_id), self.user.username, "User")
        return Party(self.kwargs["iam_id"], type="User")


class OneUser(UserView):
    operations = {
        "GET": Operation("get_user_profile", READ, events.USER_READ, answer=UserProfile, query=(INCLUDE_ACTIVITY,)),
        "PATCH": refused_operation("update_user_profile", "user-management.user.update", events.USER_UPDATE),
        "DELETE": refused_operation("remove_user", "user-management.user.delete", events.USER_DELETE),
    }

    def get(self, request: Request, account_id: str, iam_id: str) -> Response:
        body = _profile(self.user)
        if boolean(request.GET, INCLUDE_ACTIVITY):
            body["activity"] = activity_of_keys(ApiKey.objects.filter(account_id=account_id, iam_id=iam_id))
        return self.answer(body)

    patch = refusal("The deployment administrator changes their names and addresses in the admin.")
    delete = refusal("The deployment administrator deactivates people in the admin.")


class OneUserSettings(UserView):
    operations = {
        "GET": Operation("get_user_settings", READ_SETTINGS, events.USER_SETTING_READ, answer=UserSettings),
        "PATCH": refused_operation(
            "update_user_settings", "user-management.user-setting.update", events.USER_SETTING_UPDATE
        ),
    }

    def get(self, request: Request, account_id: str, iam_id: str) -> Response:
        return self.answer(SETTINGS)

    patch = refusal("No user has settings of their own.")


def _profile(user: User) -> UserProfile:
    account_id, iam_id = str(user.account_id), str(user.iam_id)
    return {
        "id": hashlib.sha256(f"{account_id}:{iam_id}".encode()).hexdigest()[:32],
        "iam_id": iam_id,
        "realm": REALM,
        "user_id": user_id_of(user),
        "firstname": user.first_name,
        "lastname": user.last_name,
        "state": state_of(user),
        "email": user.email,
        "phonenumber": "",
        "altphonenumber": "",
        "photo": "",
        "account_id": account_id,
        "added_on": timestamps.seconds(user.date_joined),
    }


def _path(request: Request, url: str) -> str:
    """Return the URL without the address of the service."""
    return url.removeprefix(request.build_absolute_uri("/").rstrip("/"))
