"""What an account restricts by its identity settings (IAM identity API, "Update account configurations")."""

from trustedprofiles.models import AccountWideSettings

SERVICE_IDS = "restrict_create_service_id"
API_KEYS = "restrict_create_platform_apikey"
USER_LIST = "restrict_user_list_visibility"
RESTRICTED = "RESTRICTED"


def is_restricted(account_id: str, setting: str) -> bool:
    """``setting`` is one of the above; unless it was set, nothing is restricted."""
    rows = AccountWideSettings.objects.filter(account_id=account_id, kind=AccountWideSettings.Kind.IDENTITY)
    values = rows.values_list("values", flat=True).first() or {}
    return bool(values.get(setting) == RESTRICTED)
