"""The users of an account that a caller may see (User Management API, "List users").

A caller with a role on the service ``user-management`` sees the users that it grants. Other callers see all users, or
only themselves if the account restricts the list.
"""

from django.db.models import QuerySet

from trustedprofiles.models import User
from trustedprofiles.restrictions import USER_LIST, is_restricted

READ = "user-management.user.retrieve"
READ_SETTINGS = "user-management.user-setting.retrieve"


def people_of(account_id: str) -> QuerySet[User]:
    """Return the users of the account that have an IAM id."""
    return User.objects.filter(account_id=account_id, iam_id__gt="")


def sees_all(account_id: str) -> bool:
    """Return whether each user of the account sees all others without a role."""
    return not is_restricted(account_id, USER_LIST)
