"""Rules that hold for every row of a table or every file: whatever breaks one is named, and there must be rows.

pytest shortens a long comparison, so the offenders stand in the message.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any


def assert_none(offenders: Iterable[Any], *, among: Collection[Any]) -> None:
    """Raises AssertionError with every offender, one a line (of a mapping with its value), or when nothing was looked
    at."""
    assert among, "There was nothing to look at."
    items = offenders.items() if isinstance(offenders, Mapping) else [(each, None) for each in offenders]
    lines = [f"{name}" if value is None else f"{name}: {value}" for name, value in items]
    assert not lines, "\n".join([f"{len(lines)} of {len(among)}:", *lines])


def assert_rows(found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> None:
    """Raises AssertionError with every row whose value is another one, or that only one of the two has."""
    assert_none(
        {
            name: f"{_value(found, name)} instead of {_value(expected, name)}"
            for name in {**expected, **found}
            if _value(found, name) != _value(expected, name)
        },
        among=expected,
    )


def _value(rows: Mapping[Any, Any], name: Any) -> str:
    return repr(rows[name]) if name in rows else "nothing"
