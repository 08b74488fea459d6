"""Who is seen among the people of an account (User Management API, "List users").

Somebody with a role on the service ``user-management`` sees those that it grants. Others see everybody, as long as the
account does not restrict the list; then they see themselves alone.
"""

from django.db.models import QuerySet

from trustedprofiles.models import User
from trustedprofiles.restrictions import USER_LIST, is_restricted

READ = "user-management.user.retrieve"
READ_SETTINGS = "user-management.user-setting.retrieve"


def people_of(account_id: str) -> QuerySet[User]:
    """Who is known to IAM in the account."""
    return User.objects.filter(account_id=account_id, iam_id__gt="")


def sees_all(account_id: str) -> bool:
    """Whether each person of the account sees all others without any role."""
    return not is_restricted(account_id, USER_LIST)
