"""Changes of records that other requests may change or delete at the same time."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model

from controlplane.kernel import ids
from controlplane.kernel.errors import Conflict, NotFound, existing
from trustedprofiles.models import Account
from trustedprofiles.models.revision import Revisioned

M = TypeVar("M", bound=Model)
R = TypeVar("R", bound=Revisioned)


def revise(row: R, **changes: Any) -> R:
    """Write ``changes`` as the next revision. Raises Conflict when the record was changed or deleted since it was
    read."""
    rows = type(row)._default_manager.filter(pk=row.pk, revision=row.revision)
    if not rows.update(**changes, revision=row.revision + 1, revision_hash=ids.hex_id()):
        name = row._meta.verbose_name
        raise Conflict(f"The {name} was changed or deleted since it was read. Read it again and retry.")
    row.refresh_from_db()
    return row


def revise_changed(row: Revisioned, changes: Mapping[str, Any], **stamp: Any) -> list[str]:
    """Write ``changes`` and ``stamp`` unless the record has all these values already. Returns the names of those that
    differed, in order; raises like ``revise``."""
    names = sorted(name for name, value in changes.items() if getattr(row, name) != value)
    if names:
        revise(row, **changes, **stamp)
    return names


def lock_row(row: M, *, no_key: bool = True) -> M:
    """Keep the record from being deleted until the transaction ends. Without ``no_key``, new references to it wait too.
    Returns the current record; raises NotFound when it is gone."""
    rows = type(row)._default_manager.select_for_update(no_key=no_key)
    return existing(rows.filter(pk=row.pk).first(), f"The {row._meta.verbose_name} was deleted since it was read.")


def delete_row(row: Model, *, name: str = "", code: str | None = None) -> None:
    """Delete the record. Raises NotFound when it is gone; ``name`` is its name in the error message."""
    deleted, _ = type(row)._default_manager.filter(pk=row.pk).delete()
    if not deleted:
        raise NotFound(f"The {name or row._meta.verbose_name} was deleted since it was read.", code=code)


def lock_account(account_id: str) -> None:
    """Lock the account until the transaction ends. Other transactions that lock it wait, so they do not count or
    compare records while this one adds or deletes some."""
    Account.objects.select_for_update(no_key=True).get(pk=account_id)
