"""What a list costs does not depend on how many rows it hides: counted in steps of the database, not in seconds."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.operations.bench import population as bench
from tests.api.calling import call, caller_of
from tests.few_of_many import PATH, selections
from tests.policies import make_content
from tests.selecting import BY
from tests.tables import assert_none
from tests.world import World
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.thorough

FEW, MANY = 300, 6_000
MOST = 1.5
"""How much more the list may cost among twenty times as many servers."""


def steps_of(path: str, name: str) -> tuple[int, int]:
    """Of SQLite's virtual machine, in tens, and queries, for what the caller of this name is answered."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection.connection.set_progress_handler(count, 10)
    try:
        with CaptureQueriesContext(connection) as queries:
            answer = call("GET", path, caller=caller_of(f"iam-Profile-{name}"))
    finally:
        connection.connection.set_progress_handler(None, 0)
    assert (answer.status_code, answer.json()["total_count"] < 10) == (200, True)
    return counted, len(queries)


def test_a_list_of_few_rows_costs_the_same_among_few_and_among_many_that_are_hidden(world: World) -> None:
    callers = selections(world)
    for name, more in callers.items():
        for content in (make_content(f"iam-Profile-{name}", **more), make_content(f"iam-Profile-{name}-2", **more)):
            create_policy(world.account, content=content, api_version="v2", by=BY)
    found = []
    for count in (FEW, MANY):
        bench.populate(count)
        found.append({name: steps_of(PATH, name) for name in callers})
    few, many = found
    slow = {name: (few[name], many[name]) for name in callers if many[name][0] > MOST * few[name][0]}
    assert_none(slow, among=callers)
    assert_none([name for name in callers if many[name][1] != few[name][1]], among=callers)


def test_policies_by_different_attributes_together_cost_no_look_at_others(world: World) -> None:
    callers = selections(world)
    for name in ("server", "group", "tag"):
        content = make_content("iam-Profile-both", **callers[name])
        create_policy(world.account, content=content, api_version="v2", by=BY)
    found = []
    for count in (FEW, MANY):
        bench.populate(count)
        found.append(steps_of(PATH, "both")[0])
    assert found[1] <= MOST * found[0]
