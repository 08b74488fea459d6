"""Public gateways, routes and reservations come and go with their migrations, and the count of servers stays right."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from servers.models import BareMetalServer, ServerTally
from tests.databases import default_database
from tests.world import make_server, make_world

pytestmark = pytest.mark.thorough

BEFORE = [("servers", "0005_interfaces_await_start")]
TABLES = {"servers_publicgateway", "servers_route", "servers_reservation"}


def migrate(targets: Any = None) -> set[str]:
    """Returns which of the tables there are then."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets or [node for node in executor.loader.graph.leaf_nodes() if node[0] == "servers"])
    return TABLES & set(connection.introspection.table_names())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_migrations_go_back_and_forth(
    kind: str, request: pytest.FixtureRequest, tmp_path: Any, django_db_blocker: Any
) -> None:
    file = tmp_path / "old.sqlite3"
    url = f"sqlite:///{file}" if kind == "sqlite" else request.getfixturevalue("new_postgresql_database")()
    with django_db_blocker.unblock(), default_database(url):
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        world = make_world()
        make_server(world.account, name="web-1")
        assert [migrate(BEFORE), migrate(), migrate(BEFORE)] == [set(), TABLES, set()]
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM servers_disk")
        assert migrate() == TABLES
        make_server(world.account, name="web-2")
        assert BareMetalServer.objects.count() == sum(ServerTally.objects.values_list("count", flat=True)) == 2
