"""Create many servers at once for the measurement of lists, as copies of an ordinary one."""

from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Model

from servers.models import BareMetalServer

FIRST = 1_000_000
"""First row number of copies."""
NUMBERS = "WITH RECURSIVE copies(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM copies WHERE i < %s) "


@transaction.atomic
def populate(count: int) -> int:
    """Add copies of the oldest server until there are ``count`` servers. Returns the number of copies.

    Each has its own disk, interface, address and initialization, so that a page of a list is what it would be.
    """
    template = BareMetalServer.objects.order_by("number")[0]
    copies = count - BareMetalServer.objects.count()
    if copies <= 0:
        return 0
    existing_copies = BareMetalServer.objects.filter(number__gte=FIRST).count()
    number = f"{FIRST + existing_copies} + i"
    interface = template.network_interfaces.get()
    # The template's subnet is too small for all addresses, but nothing checks that here.
    address = f"'11.' || (({number}) / 65536 %% 256) || '.' || (({number}) / 256 %% 256) || '.' || (({number}) %% 256)"
    if connection.vendor == "postgresql":
        address = f"CAST({address} AS inet)"
    columns = {"number": number, "id": f"'0717-copy-' || ({number})", "name": f"'copy-' || ({number})"}
    copy_rows(template, copies, columns)
    copy_rows(template.disks.order_by("number")[0], copies, columns | {"server_id": number})
    copy_rows(interface.primary_ip, copies, columns | {"address": address})
    copy_rows(interface, copies, columns | {"server_id": number, "primary_ip_id": number})
    copy_rows(template.initialization, copies, {"server_id": number})
    tell_the_planner()
    return copies


def copy_rows(row: Model, copies: int, own: Mapping[str, str]) -> None:
    """Insert copies of a row. ``own`` maps the columns in which they differ to expressions of ``i``, all from here."""
    quote = connection.ops.quote_name
    fields = type(row)._meta.concrete_fields
    names = [str(field.column) for field in fields]
    values = ", ".join(own.get(name, quote(name)) for name in names)
    table, key = quote(type(row)._meta.db_table), quote(str(type(row)._meta.pk.column))
    columns = ", ".join(map(quote, names))
    statement = f"INSERT INTO {table} ({columns}) {NUMBERS}SELECT {values} FROM {table}, copies WHERE {key} = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [copies, row.pk])


def tell_the_planner() -> None:
    """Update the planner's statistics, as the database would do some time after such a change."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
