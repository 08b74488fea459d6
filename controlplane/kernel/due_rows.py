"""Take the steps of rows that are due."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.db.models import QuerySet

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 200


def take_each(ids: QuerySet[Any, Any], step: Callable[..., bool], *, now: datetime, what: str, key: str) -> int:
    """Take the step of the first MOST_AT_ONCE rows. Returns how many were taken.

    A step that fails does not keep the others waiting; the next sweep tries it again. The log contains ``what`` failed,
    and its id as ``key``.
    """
    return sum(_try(id, step, now=now, what=what, key=key) for id in list(ids[:MOST_AT_ONCE]))


def _try(id: Any, step: Callable[..., bool], *, now: datetime, what: str, key: str) -> bool:
    try:
        return step(id, now=now)
    except Exception:
        log.exception(f"{what} could not be moved on", **{key: id})
        return False
