"""What the views of the IAM APIs share."""

from typing import Any, ClassVar

from rest_framework.request import Request

from controlplane.activity.record import Party
from controlplane.kernel import envelopes
from controlplane.kernel.errors import InvalidValue, MissingValue, NotFound, Target, existing
from trustedprofiles.api_view import GuardedView
from trustedprofiles.models import TrustedProfile
from trustedprofiles.permissions import Parameter, choices
from trustedprofiles.selectors import find_profile

ACCOUNT_ID, REQUIRED_ACCOUNT_ID = (
    Parameter("account_id", "The account of your token.", required=each, names_resource=True, example="$ACCOUNT_ID")
    for each in (False, True)
)
"""For ``require_own_account``."""
LOCK = Parameter("Entity-Lock", "Whether it is locked from the start.", choices("true", "false"))


class IdentityView(GuardedView):
    """A view of the IAM identity API (service ``iam-identity``)."""

    envelope = staticmethod(envelopes.iam)
    service_name: ClassVar[str] = "iam-identity"
    body_first: ClassVar[bool] = True  # as IBM's tests of its Go client have it


class ProfileView(IdentityView):
    """A view under one trusted profile, ``profile_id`` in the path. Another account's profile looks like none."""

    profile: TrustedProfile

    def prepare(self, request: Request) -> None:
        self.profile = existing(
            find_profile(account_id=self.caller.account_id, id=self.kwargs["profile_id"]),
            "There is no trusted profile of this id in your account.",
        )

    def resource_attributes(self) -> dict[str, str]:
        return self.profile.policy_attributes

    def target(self) -> Party:
        if hasattr(self, "profile"):
            return Party(self.profile.crn, self.profile.name, "TrustedProfile")
        return Party(self.kwargs["profile_id"], type="TrustedProfile")


def pop_own_account(body: dict[str, Any], account_id: str) -> dict[str, Any]:
    """The body without its ``account_id``. Raises InvalidValue for any account but the token's."""
    if body.pop("account_id", account_id) != account_id:
        raise InvalidValue("account_id is not the account of your token.", target=Target("account_id"))
    return body


def require_own_account(request: Request, account_id: str, *, required: bool = True) -> None:
    """The ``account_id`` of a list. Raises MissingValue without one, NotFound for any account but the token's."""
    value = request.GET.get(ACCOUNT_ID)
    if not value and required:
        raise MissingValue("The account_id query parameter is required.", target=Target(ACCOUNT_ID, "parameter"))
    if value and value != account_id:
        raise NotFound(
            "There is no such account, or your token is of another one.", target=Target(ACCOUNT_ID, "parameter")
        )
