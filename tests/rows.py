"""The rows of a SQLite database: read, compared, and laid down as they were, with no word of the models about it."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

Row = tuple[Any, ...]
Rows = dict[str, dict[int, Row]]
"""By table and rowid."""


@dataclass(frozen=True)
class Statement:
    """Lays down rows of one table."""

    sql: str
    rows: list[Row]


def read_rows() -> Rows:
    rows: Rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT rowid, * FROM {connection.ops.quote_name(table)}")
            rows[table] = {row[0]: row[1:] for row in cursor.fetchall()}
    return rows


def statements_from(before: Rows, after: Rows) -> list[Statement]:
    """What makes ``after`` of ``before``. Raises AssertionError when a row is gone: that is not provided for."""
    deleted_rows = [table for table, rows in before.items() if rows.keys() - after[table].keys()]
    assert deleted_rows == [], f"rows of {deleted_rows} were deleted"
    tables = [table for table in after if after[table] != before[table]]
    with_triggers = _tables_with_triggers()
    # What a trigger writes when rows are laid down is written over by what it wrote when they were made.
    tables.sort(key=lambda table: table not in with_triggers)
    return [_statement(table, before[table], after[table]) for table in tables]


def lay_down(statements: list[Statement]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.executemany(statement.sql, statement.rows)


def _statement(table: str, before: dict[int, Row], after: dict[int, Row]) -> Statement:
    quote = connection.ops.quote_name
    changes = {rowid: row for rowid, row in after.items() if before.get(rowid) != row}
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, table)
        key = connection.introspection.get_primary_key_column(cursor, table)
    names = [column.name for column in columns]
    place = names.index(key) if key else None
    is_rowid = place is not None and all(row[place] == rowid for rowid, row in changes.items())
    rows = [row if is_rowid else (rowid, *row) for rowid, row in changes.items()]
    column_list = ", ".join(quote(name) for name in (names if is_rowid else ["rowid", *names]))
    return Statement(
        f"INSERT OR REPLACE INTO {quote(table)} ({column_list}) VALUES ({', '.join(['%s'] * len(rows[0]))})", rows
    )


def _tables_with_triggers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'")
        return {row[0] for row in cursor.fetchall()}
