"""No answer without its row, and no row for a server that has changed meanwhile.

What a door knows of a server may be a second old. The event is therefore written by one statement that also compares
the server's revision: if the server was switched off, changed or deleted in between, nothing is written, and the
caller looks again. So a toggle is effective at once in every process, at the price of the insert that durability asks
for anyway. The second look is with the server held: it is the last one, however often the server changes.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock, context
from controlplane.kernel.facts import ServerFacts
from servers.models import BareMetalServer

COLUMNS = (
    "time",
    "action",
    "outcome",
    "reason_code",
    "reason_type",
    "message",
    "account_id",
    "initiator_id",
    "initiator_name",
    "initiator_type",
    "initiator_address",
    "initiator_agent",
    "target_id",
    "target_name",
    "request_id",
    "data",
)


@lru_cache(maxsize=2)
def _statement(vendor: str) -> str:
    """Built once for each database, from the models' own table names; every value is a parameter."""
    quote = connection.ops.quote_name
    columns = ", ".join(quote(column) for column in COLUMNS)
    values = ", ".join("%s" for _ in COLUMNS)
    return (
        f"INSERT INTO {quote(ActivityEvent._meta.db_table)} ({columns}) SELECT {values} "  # noqa: S608
        f"WHERE EXISTS (SELECT 1 FROM {quote(BareMetalServer._meta.db_table)} "
        f"WHERE {quote('number')} = %s AND {quote('revision')} = %s)"
    )


class ServerChanged(Exception):
    """The server is not what it was when it was read: read it again and decide anew."""


@contextmanager
def held(number: int) -> Iterator[None]:
    """Nobody changes the server with this number until the block ends; what is read in it stays true.

    A transaction: what raises in the block undoes what was written there.
    """
    with transaction.atomic():
        # Alone, and before anything is read: a query that waits for a row may show the rest as it was before it waited.
        list(BareMetalServer.objects.select_for_update(no_key=True).filter(number=number).values_list("pk"))
        yield


def record_for(facts: ServerFacts, action: str, *, status: int, data: dict[str, Any]) -> None:
    """Write the event of a success, durably, before it is answered.

    Raises ServerChanged, with nothing written, when ``facts`` are no longer true.
    """
    request = context.current.get()
    address, agent, request_id = (request.address, request.agent, request.request_id) if request else ("", "", "")
    database = connections[DEFAULT_DB_ALIAS]
    row = {
        "time": database.ops.adapt_datetimefield_value(clock.now()),
        "action": action,
        "outcome": ActivityEvent.Outcome.SUCCESS.value,
        "reason_code": status,
        "reason_type": "",
        "message": "",
        "account_id": facts.account_id,
        "initiator_id": facts.crn,
        "initiator_name": facts.name,
        "initiator_type": "BareMetalServer",
        "initiator_address": address,
        "initiator_agent": agent,
        "target_id": facts.crn,
        "target_name": facts.name,
        "request_id": request_id,
        "data": json.dumps(data),
    }
    values = [*(row[column] for column in COLUMNS), facts.number, facts.revision]
    if _execute(database, _statement(database.vendor), values) != 1:
        raise ServerChanged


def _execute(database: BaseDatabaseWrapper, statement: str, values: list[Any]) -> int:
    """Run one statement on Django's connection, in whatever transaction it is in. Returns the rows written.

    On PostgreSQL it is prepared once per connection: planning it anew each time costs as much as the insert itself.
    """
    if database.vendor == "postgresql":
        import psycopg  # noqa: PLC0415  on SQLite nobody needs it

        database.close_if_health_check_failed()
        database.ensure_connection()
        with database.wrap_database_errors:
            return psycopg.Cursor(database.connection).execute(statement, values, prepare=True).rowcount
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
