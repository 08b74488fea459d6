"""Quotas, kept exactly: whoever makes something new holds its parent's row until that is done."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet

from controlplane.kernel.errors import NotFound, Target
from servers import quotas

M = TypeVar("M", bound=Model)


def make_room(kind: str, *, within: Model, beside: "QuerySet[Model]", target: Target | None = None) -> None:
    """Lock ``within`` and see that there is room for one more beside those. Must run in a transaction.

    Raises OverQuota.
    """
    hold(within)
    quotas.require_room(kind, taken=beside.count(), quotas=settings.BAREMINT_QUOTAS, target=target)


def hold(row: M) -> M:
    """The row as it is now, which nobody else adds to, changes or deletes until the transaction ends.

    Readers and references are not held up. Raises NotFound when the row was deleted meanwhile.
    """
    found = type(row)._default_manager.select_for_update(no_key=True).filter(pk=row.pk).first()
    if found is None:
        raise deleted(type(row))
    return found


def hold_each(model: type[M], keys: Sequence[Any]) -> dict[Any, M]:
    """The same of several rows, by their keys; those that are gone are not among them."""
    rows = model._default_manager.select_for_update(no_key=True).filter(pk__in=keys)
    return {
        row.pk: row for row in rows.order_by("pk")
    }  # in the same order everywhere, or two could wait for each other


def deleted(model: type[Model]) -> NotFound:
    return NotFound(f"The {model._meta.verbose_name} was deleted meanwhile.")
