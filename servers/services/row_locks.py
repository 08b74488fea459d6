"""Row locks, and quotas that are exact because of them: the parent's row is locked while a row is added to it."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet

from controlplane.kernel.errors import NotFound, Target
from servers import quotas

M = TypeVar("M", bound=Model)


def make_room(kind: str, *, within: Model, beside: "QuerySet[Model]", target: Target | None = None) -> None:
    """Lock ``within`` and check that one more row fits beside the rows ``beside``. Must run in a transaction.

    Raises OverQuota.
    """
    lock_row(within)
    quotas.require_room(kind, taken=beside.count(), quotas=settings.BAREMINT_QUOTAS, target=target)


def lock_row(row: M) -> M:
    """Lock a row until the transaction ends, and return it as it is now.

    No other transaction adds to it, changes it or deletes it meanwhile. Readers and references do not wait. Raises
    NotFound when the row was deleted meanwhile.
    """
    current = type(row)._default_manager.select_for_update(no_key=True).filter(pk=row.pk).first()
    if current is None:
        raise deleted(type(row))
    return current


def lock_rows(model: type[M], keys: Sequence[Any]) -> dict[Any, M]:
    """Lock several rows as ``lock_row`` does and return them by their keys, without the deleted ones."""
    rows = model._default_manager.select_for_update(no_key=True).filter(pk__in=keys)
    # All callers lock in this order; otherwise two transactions could wait for each other.
    return {row.pk: row for row in rows.order_by("pk")}


def deleted(model: type[Model]) -> NotFound:
    return NotFound(f"The {model._meta.verbose_name} was deleted meanwhile.")
