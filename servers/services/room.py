"""Quotas, kept exactly: whoever makes something new holds its parent's row until that is done."""

from typing import TypeVar

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
        raise NotFound(f"The {row._meta.verbose_name} was deleted meanwhile.")
    return found
