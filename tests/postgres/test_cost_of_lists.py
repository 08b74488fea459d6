"""On PostgreSQL: what a list reads does not grow with what it hides."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.bench import population as bench
from controlplane.kernel.caller import Caller
from servers.models import BareMetalServer
from tests.api.calling import call
from tests.few_of_many import IAM_LISTS, OWNERS_PAGES, PATH, asked_of_iam, fill_iam, iam_callers, named, selections
from tests.policies import make_content
from tests.selecting import BY
from tests.tables import assert_none
from tests.world import ALICE, make_reservation, make_server, make_world
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.thorough

FEW, SERVERS = 10, 20_000
MOST_ROWS = 2_000
"""That one query reads: those that are seen, and what a look-up may read besides."""


def rows_read(plan: dict[str, Any]) -> int:
    """By all nodes that scan a table or an index, with those that a filter removed."""
    below = sum(map(rows_read, plan.get("Plans", [])))
    if "Scan" not in plan["Node Type"]:
        return below
    removed = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    return below + int((plan["Actual Rows"] + removed) * plan["Actual Loops"])


def explained(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.replace('%', '%%')}")
        [answer] = cursor.fetchone() or (None,)
    plans = json.loads(answer) if isinstance(answer, str) else answer
    return rows_read(plans[0]["Plan"])


def costly(path: str, caller: Caller) -> dict[str, int]:
    """The queries of an answer that read too much, with the rows that each reads."""
    with CaptureQueriesContext(connection) as captured:
        answer = call("GET", path, caller=caller)
    assert answer.status_code == 200, path
    queries = [query["sql"] for query in captured if query["sql"].startswith(("SELECT", "(SELECT"))]
    return {f"{caller.iam_id}: {sql}": plan for sql in queries if (plan := explained(sql)) > MOST_ROWS}


def test_a_list_of_few_rows_reads_few_among_many_that_are_hidden(on_postgresql: None) -> None:
    world = make_world()
    callers = selections(world)
    for name, more in callers.items():
        create_policy(world.account, content=make_content(f"iam-Profile-{name}", **more), api_version="v2", by=BY)
    bench.populate(SERVERS)
    costly_lists = [costly(PATH, named(name)) for name in callers]
    costly_lists += [costly(path, ALICE) for path in OWNERS_PAGES.values()]
    assert_none([each for each in costly_lists if each], among=costly_lists)


def test_a_page_of_the_oldest_servers_reads_none_of_the_others(on_postgresql: None) -> None:
    """Of those that use a reservation, which the newest of all do not."""
    world = make_world()
    server = make_server(world.account, name="web-1")
    reservation = make_reservation(server, resource_group=server.resource_group_id)
    bench.populate(MOST_ROWS // 2)
    BareMetalServer.objects.update(reservation=reservation)
    BareMetalServer.objects.filter(pk=server.pk).update(reservation=None)
    bench.populate(SERVERS)
    assert not costly(f"{PATH}&reservation.id={reservation.id}", ALICE)


def test_lists_of_iam_read_few_rows_among_many(on_postgresql: None) -> None:
    world = make_world()
    fill_iam(world.account, FEW)
    callers = iam_callers(world)
    fill_iam(world.account, SERVERS)
    costly_lists = [costly(IAM_LISTS[path], callers[name]) for path, name in asked_of_iam(callers)]
    assert_none([each for each in costly_lists if each], among=costly_lists)
