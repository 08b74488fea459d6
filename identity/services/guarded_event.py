"""Events of servers: every success is recorded before it is answered, unless the server has changed meanwhile.

An operation's facts of a server may be a second old. The event is therefore written by one statement that also
compares the server's revision: if the server was switched off, changed or deleted in between, nothing is written, and
the caller reads it again. So a switch takes effect at once in every process, and costs no more than the insert that
durability requires anyway. The second read is done with the server's row locked, so there is never a third one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party, columns
from controlplane.kernel.facts import ServerFacts
from servers.models import BareMetalServer

T = TypeVar("T")


@lru_cache(maxsize=2)
def _statement(vendor: str, column_names: tuple[str, ...]) -> str:
    """Build the statement, once for each database, from the models' table names; every value is a parameter."""
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, column_names))
    values = ", ".join("%s" for _ in column_names)
    return (
        f"INSERT INTO {quote(ActivityEvent._meta.db_table)} ({names}) SELECT {values} "  # noqa: S608
        f"WHERE EXISTS (SELECT 1 FROM {quote(BareMetalServer._meta.db_table)} "
        f"WHERE {quote('number')} = %s AND {quote('revision')} = %s)"
    )


class ServerChanged(Exception):
    """The server has changed since it was read: read it again and decide again."""


def retry_once(number: int, attempt: Callable[[], T], *, again: Callable[[], T]) -> T:
    """Return the result of ``attempt``, or that of ``again`` when ``attempt`` raises ServerChanged.

    ``again`` reads the server with this number itself, while its row is locked.
    """
    try:
        return attempt()
    except ServerChanged:
        pass  # so that an exception of the second attempt is not shown as caused by the first one
    with lock_server(number):
        return again()


@contextmanager
def lock_server(number: int) -> Iterator[None]:
    """Lock the row of the server with this number until the block ends, so that facts read in the block stay true.

    The block is a transaction: an exception undoes what was written in it.
    """
    with transaction.atomic():
        # This query reads the row alone, and comes first: a query that waits for a row may return the other rows as
        # they were before it waited.
        list(BareMetalServer.objects.select_for_update(no_key=True).filter(number=number).values_list("pk"))
        yield


def server_party(facts: ServerFacts) -> Party:
    return Party(facts.crn, facts.name, "BareMetalServer")


def record_for(facts: ServerFacts, action: str, *, status: int, data: dict[str, Any]) -> None:
    """Write the event of a success durably. Call this before the success is answered.

    Raises ServerChanged, with nothing written, when ``facts`` are no longer true.
    """
    server = server_party(facts)
    row = columns(action, initiator=server, target=server, account_id=facts.account_id, status=status, data=data)
    database = connections[DEFAULT_DB_ALIAS]
    row["time"] = database.ops.adapt_datetimefield_value(row["time"])
    row["data"] = database.ops.adapt_json_value(row["data"], None)
    values = [*row.values(), facts.number, facts.revision]
    if _execute(database, _statement(database.vendor, tuple(row)), values) != 1:
        raise ServerChanged


def _execute(database: BaseDatabaseWrapper, statement: str, values: list[Any]) -> int:
    """Run one statement on Django's connection, in its current transaction if any. Return the number of rows written.

    On PostgreSQL it is prepared once per connection: planning it again each time costs as much as the insert itself.
    """
    if database.vendor == "postgresql":
        import psycopg  # noqa: PLC0415  SQLite does without it

        database.close_if_health_check_failed()
        database.ensure_connection()
        with database.wrap_database_errors:
            return psycopg.Cursor(database.connection).execute(statement, values, prepare=True).rowcount
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
