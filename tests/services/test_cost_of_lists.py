"""What a list costs does not depend on how many rows it hides: counted in steps of the database, not in seconds."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.bench import population as bench
from controlplane.kernel.caller import Caller
from tests.api.calling import call
from tests.few_of_many import (
    IAM_LISTS,
    INTERFACES,
    OWNERS_PAGES,
    PATH,
    asked_of_iam,
    fill_iam,
    fill_interfaces,
    iam_callers,
    named,
    selections,
)
from tests.policies import attribute, make_content
from tests.selecting import BY
from tests.tables import assert_none
from tests.world import ALICE, World, make_subnet, make_virtual_interface
from trustedprofiles.services.policies import create_policy

Costs = dict[Any, tuple[int, int]]
"""Steps and queries."""

pytestmark = pytest.mark.thorough

FEW, MANY = 300, 6_000
MOST = 1.5
"""How much more the list may cost among twenty times as many servers."""


def steps_of(path: str, caller: Caller) -> tuple[int, int]:
    """Of SQLite's virtual machine, in tens, and queries, for what the caller is answered."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.connection.set_progress_handler(count, 10)
    try:
        with CaptureQueriesContext(connection) as queries:
            answer = call("GET", path, caller=caller)
    finally:
        connection.connection.set_progress_handler(None, 0)
    assert answer.status_code == 200, path
    return steps, len(queries)


def assert_same_cost(few: Costs, many: Costs) -> None:
    """Whatever was counted of few and of many took as many queries, and about as many steps."""
    assert_none({each: (few[each], many[each]) for each in few if many[each][0] > MOST * few[each][0]}, among=few)
    assert_none([each for each in few if many[each][1] != few[each][1]], among=few)


def test_a_list_of_few_rows_costs_the_same_among_few_and_among_many_that_are_hidden(world: World) -> None:
    callers = selections(world)
    for name, more in callers.items():
        for content in (make_content(f"iam-Profile-{name}", **more), make_content(f"iam-Profile-{name}-2", **more)):
            create_policy(world.account, content=content, api_version="v2", by=BY)
    step_counts = []
    for count in (FEW, MANY):
        bench.populate(count)
        step_counts.append({name: steps_of(PATH, named(name)) for name in callers})
    assert_same_cost(*step_counts)


def test_policies_by_different_attributes_together_cost_no_look_at_others(world: World) -> None:
    callers = selections(world)
    for name in ("server", "group", "tag"):
        content = make_content("iam-Profile-both", **callers[name])
        create_policy(world.account, content=content, api_version="v2", by=BY)
    step_counts = []
    for count in (FEW, MANY):
        bench.populate(count)
        step_counts.append(steps_of(PATH, named("both"))[0])
    assert step_counts[1] <= MOST * step_counts[0]


def test_a_page_costs_the_owner_the_same_of_few_and_of_many(world: World) -> None:
    selections(world)
    step_counts = []
    for count in (FEW, MANY):
        bench.populate(count)
        step_counts.append({name: steps_of(path, ALICE) for name, path in OWNERS_PAGES.items()})
    assert_same_cost(*step_counts)


def test_virtual_network_interfaces_cost_the_same_to_who_sees_none_of_few_and_of_many(world: World) -> None:
    interface = make_virtual_interface(make_subnet(world.account))
    content = make_content("iam-Profile-none", more=(attribute("resourceGroupId", "none"),))
    create_policy(world.account, content=content, api_version="v2", by=BY)
    step_counts = []
    for count in (FEW, MANY):
        fill_interfaces(interface, count)
        step_counts.append({"none": steps_of(INTERFACES, named("none"))})
    assert_same_cost(*step_counts)


def test_a_decision_costs_the_same_among_few_and_among_many_policies_of_others(world: World) -> None:
    """Also where no access group has a member."""
    create_policy(world.account, content=make_content("iam-Profile-one"), api_version="v2", by=BY)
    step_counts = []
    for count in (FEW, MANY):
        fill_iam(world.account, count)
        step_counts.append({"a list": steps_of("/v1/vpcs?version=2025-08-26&generation=2", named("one"))})
    assert_same_cost(*step_counts)


def test_lists_of_iam_cost_the_same_of_few_and_of_many(world: World) -> None:
    """Of the owner, of a caller who sees one row, of a member of an access group, and of a person without more."""
    fill_iam(world.account, FEW)
    callers = iam_callers(world)
    step_counts = []
    for count in (FEW, MANY):
        fill_iam(world.account, count)
        step_counts.append({each: steps_of(IAM_LISTS[each[0]], callers[each[1]]) for each in asked_of_iam(callers)})
    assert_same_cost(*step_counts)
