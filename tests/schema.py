"""Everything that a database consists of, by name: tables, indexes, triggers, sequences and rows.

The order of a table's columns is left out: no statement depends on it.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection

Description = dict[str, Any]

OBJECTS_OF_POSTGRESQL = {
    "relation": "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    "column": (
        "SELECT attrelid::regclass || '.' || attname, format_type(atttypid, atttypmod), attnotnull, attidentity,"
        " attgenerated, attcollation::regcollation::text, pg_get_expr(adbin, adrelid)"
        " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
    ),
    # Whether a column may be null is said with the column: the constraint's name, which PostgreSQL 18 gives it, stays
    # when a column is renamed.
    "constraint": (
        "SELECT conrelid::regclass || '.' || conname, contype, pg_get_constraintdef(oid), condeferrable, condeferred,"
        " convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
    ),
    "index": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "trigger": "SELECT tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal",
    "function": "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "sequence": (
        "SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle, cache_size,"
        " last_value FROM pg_sequences WHERE schemaname = 'public'"
    ),
}
AS_THEY_CAME = (
    "django_migrations.id",
    "django_migrations.applied",
    "django_content_type.id",
    "auth_permission.id",
    "auth_permission.content_type_id",
)
"""When a migration was applied, and the numbers of rows that are found by their names."""
PERMISSIONS = (
    "SELECT app_label, model, codename FROM auth_permission"
    " JOIN django_content_type ON django_content_type.id = content_type_id"
)


def description() -> Description:
    """Of the database that is Django's."""
    objects = _on_postgresql() if connection.vendor == "postgresql" else _on_sqlite()
    rows = {f"rows of {table}": _rows(table) for table in connection.introspection.table_names()}
    return {**dict(objects), **rows, "permissions": sorted(_query(PERMISSIONS))}


def _query(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _on_postgresql() -> Iterator[tuple[str, Any]]:
    for kind, statement in OBJECTS_OF_POSTGRESQL.items():
        for name, *properties in _query(statement):
            yield f"{kind} {name}", properties


def _on_sqlite() -> Iterator[tuple[str, Any]]:
    """As it was made: SQLite keeps the statements."""
    for kind, name, table, statement in _query("SELECT type, name, tbl_name, sql FROM sqlite_master"):
        if statement is not None:  # an index that a constraint of the table made has none
            yield f"{kind} {name}", (table, _definitions(statement) if kind == "table" else statement)


def _definitions(statement: str) -> list[str]:
    """The columns and constraints of a table, in an order of their own."""
    start, end = statement.index("("), statement.rindex(")")
    parts, depth = [""], 0
    for character in statement[start + 1 : end]:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [statement[:start].strip(), statement[end + 1 :].strip(), *sorted(part.strip() for part in parts)]


def _rows(table: str) -> list[list[tuple[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        names = [column.name if hasattr(column, "name") else column[0] for column in cursor.description]
        rows = cursor.fetchall()
    columns = [name for name in names if f"{table}.{name}" not in AS_THEY_CAME]
    return sorted(sorted((name, repr(row[names.index(name)])) for name in columns) for row in rows)
