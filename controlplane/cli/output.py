"""Output as tables of many items, fields of one item, or the JSON of the response for scripts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Column = tuple[str, str]
"""A heading, and the path of a property: ``metadata_service.enabled``."""


def as_json(answer: Any) -> str:
    return json.dumps(answer, indent=2)


def as_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> str:
    """Return aligned columns with headings."""
    cells = [[heading for heading, _ in columns], *([value(row, path) for _, path in columns] for row in rows)]
    widths = [max(len(line[number]) for line in cells) for number in range(len(columns))]
    return "\n".join("   ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


def as_fields(row: Mapping[str, Any], columns: Sequence[Column]) -> str:
    """Return a line with heading and value for each column."""
    width = max(len(heading) for heading, _ in columns)
    return "\n".join(f"{heading.ljust(width)}   {value(row, path)}" for heading, path in columns)


def value(row: Any, path: str) -> str:
    """Return a property as text; ``-`` for a missing one."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, Mapping) else None
    if isinstance(row, bool):
        return "true" if row else "false"
    if isinstance(row, list):
        return ", ".join(_short(each) for each in row) or "-"
    return "-" if row in (None, "") else str(row)


def _short(each: Any) -> str:
    if isinstance(each, Mapping):
        if "password" in each:
            return f"{each['username']} {each['password']}"
        return str(each.get("name") or each.get("code") or each.get("id") or each.get("username"))
    return str(each)
