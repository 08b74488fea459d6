"""Rules that hold for every row of a table or every file: whatever breaks one is named, and there must be rows.

pytest shortens a long comparison, so the offenders stand in the message.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from django.db import transaction

Row = TypeVar("Row")


def assert_none(offenders: Iterable[Any], *, among: Collection[Any]) -> None:
    """Raises AssertionError with every offender, one a line (of a mapping with its value), or when nothing was looked
    at."""
    __tracebackhide__ = True
    assert among, "There was nothing to look at."
    items = offenders.items() if isinstance(offenders, Mapping) else [(each, None) for each in offenders]
    lines = [f"{name}" if value is None else f"{name}: {value}" for name, value in items]
    assert not lines, "\n".join([f"{len(lines)} of {len(among)}:", *lines])


def assert_rows(found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> None:
    """Raises AssertionError with every row whose value is another one, or that only one of the two has."""
    __tracebackhide__ = True
    pairs = {name: (found.get(name, MISSING), expected.get(name, MISSING)) for name in {**expected, **found}}
    assert_none(
        {
            name: f"{value!r} instead of {expectation!r}"
            for name, (value, expectation) in pairs.items()
            if value != expectation
        },
        among=expected,
    )


def check_each(rows: Collection[Row], check: Callable[[Row], None]) -> None:
    """Checks every row, then raises AssertionError with every row whose check failed, and why."""
    __tracebackhide__ = True
    failed = []
    for row in rows:
        try:
            check(row)
        except (Exception, pytest.fail.Exception) as error:  # whatever it is, the other rows are checked too
            failed.append(f"{row}: {type(error).__name__}: {error}")
    assert_none(failed, among=rows)


@contextmanager
def undone() -> Iterator[None]:
    """Takes back whatever is written within: every row of a table finds the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def alone(check: Callable[[Row], None]) -> Callable[[Row], None]:
    """The same check, and whatever it wrote is taken back."""

    def checked(row: Row) -> None:
        with undone():
            check(row)

    return checked


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()
