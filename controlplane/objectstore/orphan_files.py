"""Removal of files that no row refers to, which requests left when their process was killed or the database did not
answer."""

from collections.abc import Iterable
from pathlib import Path

import structlog

from controlplane.objectstore import files
from controlplane.objectstore.models import Piece

log = structlog.get_logger(__name__)

PATIENCE = 5.0
"""How many seconds to wait for writing requests of other machines."""
AT_ONCE = 500


def sweep() -> int:
    """Remove files that no row refers to. Returns how many; 0 also during a backup or when other machines keep
    writing."""
    if not (suspects := [file for group in files.groups() for file in _unnamed(group)]):
        return 0
    # Once no file is in progress, every pending row for one of these files has been committed.
    if not files.wait_for_writers(patience=PATIENCE):
        log.warning("files without rows stay until the next start", count=len(suspects))
        return 0
    count = files.remove_paths(_unnamed(suspects))
    log.info("files without rows are removed", count=count)
    return count


def _unnamed(group: Iterable[Path]) -> list[Path]:
    orphans, files_present = [], list(group)
    for begin in range(0, len(files_present), AT_ONCE):
        some = files_present[begin : begin + AT_ONCE]
        names = set(Piece.objects.filter(file__in=[file.name for file in some]).values_list("file", flat=True))
        orphans += [file for file in some if file.name not in names]
    return orphans
