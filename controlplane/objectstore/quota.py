"""How much an account may store."""

from django.conf import settings

from controlplane.objectstore.errors import QuotaExceeded
from controlplane.objectstore.selectors import bytes_of

MEGABYTE = 1024 * 1024


def largest() -> int:
    """Bytes, of one account."""
    return int(settings.BAREMINT_COS_QUOTA) * MEGABYTE


def require_room(account_id: str, more: int = 0) -> None:
    """For what is stored, and so many bytes more. Raises QuotaExceeded."""
    stored = bytes_of(account_id)
    if stored + more > largest():
        raise QuotaExceeded(
            f"The account may store {settings.BAREMINT_COS_QUOTA} MB (BAREMINT_COS_QUOTA), and this would make it "
            f"{-(-(stored + more) // MEGABYTE)} MB. Delete objects, or abort uploads that are not complete."
        )
