"""What a list costs does not depend on how many rows it hides: counted in steps of the database, not in seconds."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.kernel import clock, ids
from controlplane.operations.bench import population as bench
from servers.models import BareMetalServer
from tests.api.calling import call, caller_of
from tests.policies import attribute, make_content
from tests.selecting import BY
from tests.tables import assert_none
from tests.world import World, make_server
from trustedprofiles.models import ResourceGroup, Tag, TagAttachment
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.thorough

PATH = "/v1/bare_metal_servers?version=2025-08-26&generation=2"
FEW, MANY = 300, 6_000
MOST = 1.5
"""How much more the list may cost among twenty times as many servers."""


def selections(world: World) -> dict[str, dict[str, Any]]:
    """Policies of callers who each see a few of the servers, by the name of the caller."""
    server = make_server(world.account, name="web-1")
    group = ResourceGroup.objects.create(id=ids.hex_id(), account=world.account, name="g", created_at=clock.now())
    template = BareMetalServer.objects.filter(pk=server.pk)
    template.update(resource_group=group)
    bench.populate(6)
    template.update(resource_group=server.resource_group)
    tag = Tag.objects.create(account=world.account, type="access", name="env:dev", created_at=clock.now())
    seen = list(BareMetalServer.objects.order_by("number")[1:4])
    for each in seen:
        TagAttachment.objects.create(tag=tag, crn=each.crn, created_at=clock.now())
    one, another = (each.id for each in seen[:2])
    named = {
        "nothing": [attribute("resourceGroupId", "none")],
        "group": [attribute("resourceGroupId", group.id)],
        "server": [attribute("bareMetalServerId", one)],
        "servers": [attribute("bareMetalServerId", [one, another], "stringEqualsAnyOf")],
        "wildcard": [attribute("bareMetalServerId", f"{one[:-1]}?", "stringMatch")],
    }
    rule = attribute("{{resource.attributes.bareMetalServerId}}", f"{one[:-1]}*", "stringMatch")
    pattern = "attribute-based-condition:resource:literal-and-wildcard"
    return {name: {"more": tuple(more)} for name, more in named.items()} | {
        "tag": {"resource_tags": [attribute("env", "dev")]},
        "rule": {"rule": rule, "pattern": pattern},
    }


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
