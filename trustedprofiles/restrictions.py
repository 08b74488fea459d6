"""Restrictions in an account's identity settings (IAM identity API, "Update account configurations").

Where the creation of service IDs or of own API keys is restricted, only a role that names the action grants it: a role
that the service defines for it, or a custom role. The restriction applies to the owner of the account too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from trustedprofiles.access import PolicyFacts
from trustedprofiles.actions import NAMED_ROLE_ONLY
from trustedprofiles.models import AccountWideSettings

SERVICE_IDS = "restrict_create_service_id"
API_KEYS = "restrict_create_platform_apikey"
USER_LIST = "restrict_user_list_visibility"
RESTRICTED = "RESTRICTED"
CREATE_OWN_API_KEY = "iam-identity.user-apikey.create"
SETTINGS: Mapping[str, str] = {"iam-identity.serviceid.create": SERVICE_IDS, CREATE_OWN_API_KEY: API_KEYS}
"""The settings by the action that they restrict."""


def is_restricted(account_id: str, setting: str) -> bool:
    """Return whether ``setting``, one of the above, is RESTRICTED. By default nothing is restricted."""
    rows = AccountWideSettings.objects.filter(account_id=account_id, kind=AccountWideSettings.Kind.IDENTITY)
    values = rows.values_list("values", flat=True).first() or {}
    return bool(values.get(setting) == RESTRICTED)


def needs_named_role(account_id: str, action: str) -> bool:
    """Return whether only roles that name the action grant it in this account: it is restricted, or its service
    declares it so."""
    setting = SETTINGS.get(action)
    return action in NAMED_ROLE_ONLY or (setting is not None and is_restricted(account_id, setting))


def with_roles_naming(action: str, policies: Sequence[PolicyFacts]) -> list[PolicyFacts]:
    """Return the policies without the roles that do not name the action."""
    return [replace(each, roles=tuple(role for role in each.roles if action in role.actions)) for each in policies]
