"""Limits of IAM (IBM Cloud docs, "Known issues and limitations")."""

from typing import Any

from django.db.models import Manager, QuerySet

from controlplane.kernel.errors import OverQuota

PROFILES_PER_ACCOUNT = 2000
SERVICE_IDS_PER_ACCOUNT = 2000
API_KEYS_PER_IDENTITY = 20
CLAIM_RULES_PER_PROFILE = 20
CUSTOM_ROLES_PER_ACCOUNT = 40
ACCESS_GROUPS_PER_ACCOUNT = 500
GROUPS_PER_MEMBER = 50
MEMBERS_PER_CALL = 50
RULES_PER_GROUP = 5
POLICIES_PER_ACCOUNT = 4020
POLICIES_PER_SUBJECT = 1000

# IBM publishes no figures for these limits.
CONDITIONS_PER_RULE = 10
LINKS_PER_PROFILE = 1000
LINKS_PER_ACCOUNT = 20_000
COMPUTE_RULES_PER_ACCOUNT = PROFILES_PER_ACCOUNT * CLAIM_RULES_PER_PROFILE
IDENTITIES_PER_PROFILE = 100
SERVICE_ID_GROUPS_PER_ACCOUNT = 2000


def require_room(
    rows: QuerySet[Any] | Manager[Any], most: int, *, owner: str, things: str, remedy: str = "Delete one first."
) -> None:
    """Raise OverQuota when the owner has as many of the things as it may have."""
    if rows.count() >= most:
        raise OverQuota(f"{owner} has at most {most} {things}. {remedy}")
