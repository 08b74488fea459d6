"""What the views of the IAM identity API share."""

from typing import ClassVar

from controlplane.activity.record import Party
from controlplane.kernel import envelopes
from controlplane.kernel.errors import NotFound
from trustedprofiles.guarded import GuardedView
from trustedprofiles.models import TrustedProfile
from trustedprofiles.selectors import find_profile


class IdentityView(GuardedView):
    """A view of the IAM identity API (service ``iam-identity``)."""

    envelope = staticmethod(envelopes.iam)
    service_name: ClassVar[str] = "iam-identity"


class ProfileView(IdentityView):
    """A view under one trusted profile. Another account's profile looks like none."""

    def get_profile(self) -> TrustedProfile:
        profile = find_profile(account_id=self.caller.account_id, id=self.kwargs["profile_id"])
        if profile is None:
            raise NotFound("There is no trusted profile of this id in your account.")
        return profile

    def target(self) -> Party:
        return Party(self.kwargs["profile_id"], type="TrustedProfile")
