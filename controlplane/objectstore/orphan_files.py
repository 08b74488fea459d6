"""Removing files that no row names: what is left of requests whose process was killed, or which the database did not
answer."""

from collections.abc import Iterable
from pathlib import Path

import structlog

from controlplane.objectstore import files
from controlplane.objectstore.models import Piece

log = structlog.get_logger(__name__)

PATIENCE = 5.0
"""Seconds that requests of other machines may be in the middle of writing, one after the other."""
AT_ONCE = 500


def sweep() -> int:
    """Remove what no row names. Returns how many files; 0 also where others write all the time, or make a backup."""
    if not (suspects := [file for group in files.groups() for file in _unnamed(group)]):
        return 0
    # Whoever was about to commit a row for one of these has done so, when nothing was being written for a moment.
    if not files.nothing_is_being_written(patience=PATIENCE):
        log.warning("files without rows stay until the next start", count=len(suspects))
        return 0
    left = files.remove_paths(_unnamed(suspects))
    log.info("files without rows are removed", count=left)
    return left


def _unnamed(group: Iterable[Path]) -> list[Path]:
    found, there = [], list(group)
    for begin in range(0, len(there), AT_ONCE):
        some = there[begin : begin + AT_ONCE]
        known = set(Piece.objects.filter(file__in=[file.name for file in some]).values_list("file", flat=True))
        found += [file for file in some if file.name not in known]
    return found
