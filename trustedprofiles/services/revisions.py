"""Changing a record that others may be changing too."""

from typing import Any, TypeVar

from controlplane.kernel import ids
from controlplane.kernel.errors import Conflict
from trustedprofiles.models.revision import Revisioned

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
