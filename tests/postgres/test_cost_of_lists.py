"""On PostgreSQL: what a list reads does not grow with what it hides."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.operations.bench import population as bench
from tests.api.calling import call, caller_of
from tests.few_of_many import PATH, selections
from tests.policies import make_content
from tests.selecting import BY
from tests.tables import assert_none
from tests.world import make_world
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.thorough

SERVERS = 20_000
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


def test_a_list_of_few_rows_reads_few_among_many_that_are_hidden(on_postgresql: None) -> None:
    world = make_world()
    callers = selections(world)
    for name, more in callers.items():
        create_policy(world.account, content=make_content(f"iam-Profile-{name}", **more), api_version="v2", by=BY)
    bench.populate(SERVERS)
    found = {}
    for name in callers:
        with CaptureQueriesContext(connection) as captured:
            answer = call("GET", PATH, caller=caller_of(f"iam-Profile-{name}"))
        assert (answer.status_code, answer.json()["total_count"] < 10) == (200, True), name
        for query in captured:
            if query["sql"].startswith("SELECT") and (read := explained(query["sql"])) > MOST_ROWS:
                found[f"{name}: {query['sql']}"] = read
    assert_none(found, among=callers)
