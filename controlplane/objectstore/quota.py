"""The storage quota of an account. Bytes of uploads in progress count from their announcement."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from controlplane.kernel.awaited_body import Closable
from controlplane.objectstore import reserved_bytes
from controlplane.objectstore.errors import QuotaExceeded
from controlplane.objectstore.reserved_bytes import Reservation
from controlplane.objectstore.selectors import bytes_of

MEGABYTE = 1024 * 1024


def largest() -> int:
    """The quota of one account in bytes."""
    return int(settings.BAREMINT_COS_QUOTA) * MEGABYTE


@dataclass(frozen=True)
class Allowance:
    """The check of an account's quota."""

    account_id: str
    arriving: int
    """Bytes of its uploads in progress."""

    def require(self, more: int = 0) -> None:
        """Check that the account may store ``more`` bytes. Raises QuotaExceeded."""
        total = bytes_of(self.account_id) + self.arriving + more
        if total > largest():
            raise QuotaExceeded(
                f"The account may store {settings.BAREMINT_COS_QUOTA} MB (BAREMINT_COS_QUOTA), and this would make it "
                f"{-(-total // MEGABYTE)} MB, with what is being uploaded. Delete objects, or abort uploads that are "
                "not complete."
            )


def reserve(account_id: str, size: int, *, instead_of: Reservation | None = None) -> Reservation:
    """Reserve quota for an upload. Raises QuotaExceeded, or OSError."""
    with reserved_bytes.account_lock(account_id) as account:
        if instead_of is not None:
            instead_of.close()
        Allowance(account_id, arriving=account.total()).require(size)
        return Reservation(account, size)


@contextmanager
def storing(account_id: str, reservation: Closable) -> Iterator[Allowance]:
    """Store reserved bytes and commit in this block, so that every byte counts exactly once. Raises OSError."""
    with reserved_bytes.account_lock(account_id) as account:
        reservation.close()
        yield Allowance(account_id, arriving=account.total())
