"""``/v1/profile_templates`` and ``/v1/account_settings_templates``: templates of enterprises are not simulated (D-17).
The lists are empty, and nothing can be made."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import BadRequest
from trustedprofiles import events
from trustedprofiles.api.base import IdentityView, require_own_account
from trustedprofiles.api.pages import IdentityPage, TokenPage
from trustedprofiles.models import TrustedProfile
from trustedprofiles.permissions import Nothing, Operation

QUERY = ("account_id", "limit", "pagetoken", "sort", "order", "include_history")


class TrustedProfileTemplateList(IdentityPage):
    """Not simulated: the list is always empty."""

    profile_templates: list[dict[str, Any]]


class AccountSettingsTemplateList(IdentityPage):
    """Not simulated: the list is always empty."""

    account_settings_templates: list[dict[str, Any]]


class Templates(IdentityView):
    collection = ""

    def get(self, request: Request) -> Response:
        require_own_account(request, self.caller.account_id, required=False)
        page = TokenPage(request, TrustedProfile.objects.none(), caller=self.caller)
        return self.answer({**page.links, self.collection: []})

    def post(self, request: Request) -> Response:
        raise BadRequest(f"{self.collection} are not simulated: none can be created.", code="not_supported")


class ProfileTemplates(Templates):
    collection = "profile_templates"
    operations = {
        "GET": Operation(
            "list_profile_templates",
            "iam-identity.profile.list",
            events.TEMPLATE_READ,
            answer=TrustedProfileTemplateList,
            lists=Nothing,
            query=QUERY,
            simulated=False,
        ),
        "POST": Operation(
            "create_profile_template",
            "iam-identity.profile.create",
            events.TEMPLATE_CREATE,
            True,
            status=204,
            conflicts=False,
            simulated=False,
        ),
    }


class AccountSettingsTemplates(Templates):
    collection = "account_settings_templates"
    operations = {
        "GET": Operation(
            "list_account_settings_templates",
            "iam-identity.account.read",
            events.SETTINGS_TEMPLATE_READ,
            answer=AccountSettingsTemplateList,
            lists=Nothing,
            query=QUERY,
            simulated=False,
        ),
        "POST": Operation(
            "create_account_settings_template",
            "iam-identity.account.update",
            events.SETTINGS_TEMPLATE_CREATE,
            True,
            status=204,
            conflicts=False,
            simulated=False,
        ),
    }
