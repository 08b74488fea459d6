"""A list has exactly the rows that decisions about each of them allow, whatever the policies."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from servers.models import BareMetalServer
from tests.api.calling import caller_of
from tests.multitude import multiply
from tests.policies import attribute, make_content
from tests.selecting import BY, differing, kinds, populate
from tests.world import ACCOUNT, World, make_server
from trustedprofiles.policy_columns import Choice, Constant, Own, Through
from trustedprofiles.selectors import visible
from trustedprofiles.services.policies import create_policy

VICTOR = caller_of("iam-Profile-victor")


@pytest.fixture
def populated(world: World) -> World:
    populate(world)
    return world


def test_columns_say_of_every_row_what_its_attributes_say(populated: World) -> None:
    for name, kind in kinds(populated.account).items():
        rows = kind.rows.all()
        assert rows.count() > 1 or name == "policy", name
        for attribute_name, column in kind.columns.items():
            expected = {row.pk: kind.attributes(row, populated.account)[attribute_name] for row in rows}
            if isinstance(column, Constant):
                assert set(expected.values()) == {column.value}, (name, attribute_name)
                continue
            path = (
                f"{column.column}__id"
                if isinstance(column, Through)
                else column.column
                if isinstance(column, Own | Choice)
                else column
            )
            annotated_rows = rows.annotate(told=path) if not isinstance(path, str) else rows
            values_by_row = dict(annotated_rows.values_list("pk", path if isinstance(path, str) else "told"))
            if (name, attribute_name) == (
                "image",
                "crn",
            ):  # stock images belong to no account, and carry no account's tags
                stock = {row.pk for row in rows if row.account_id is None}
                values_by_row, expected = (
                    {k: v for k, v in each.items() if k not in stock} for each in (values_by_row, expected)
                )
            assert values_by_row == expected, (name, attribute_name)
        assert {*kind.columns} == {*kind.attributes(rows[0], populated.account)} if rows else True


@pytest.mark.parametrize("seed", range(12))
def test_a_list_is_what_single_decisions_allow(populated: World, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether what policies select is little enough to be looked up first, or not."""
    monkeypatch.setattr("trustedprofiles.policy_columns.MOST_LOOKED_UP", (0, 1, 1000)[seed % 3])
    differences = differing(populated.account, seed)
    differences.pop("")
    assert differences == {}


@pytest.mark.thorough
def test_a_list_is_what_single_decisions_allow_under_many_policies(
    populated: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visible_count = every = 0
    for seed in range(100, 500):
        monkeypatch.setattr("trustedprofiles.policy_columns.MOST_LOOKED_UP", (0, 1, 1000)[seed % 3])
        with transaction.atomic():
            differences = differing(populated.account, seed)
            transaction.set_rollback(True)
        some, all_of_them = differences.pop("")
        visible_count, every = visible_count + some, every + all_of_them
        assert differences == {}, seed
    assert 0.1 < visible_count / every < 0.9  # or else the policies would say nothing


@pytest.mark.parametrize(
    "more",
    [(), (attribute("vpcId", "r006-*", "stringMatch"),), (attribute("bareMetalServerId", "*-1*", "stringMatch"),)],
)
def test_a_decision_about_three_hundred_rows_takes_the_queries_of_one_about_three(
    world: World, more: tuple[dict[str, Any], ...]
) -> None:
    server = make_server(world.account, name="web-1")
    content = make_content(VICTOR.iam_id, more=more, resource_tags=[attribute("env", "*")])
    for each in (content, make_content(VICTOR.iam_id, more=more)):
        create_policy(world.account, content=each, api_version="v2", by=BY)
    resource = {"accountId": ACCOUNT, "serviceName": "is", "region": server.region}

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            rows_visible = visible(
                VICTOR,
                action="is.bare-metal-server.bare-metal-server.list",
                resource=resource,
                columns=BareMetalServer.policy_columns(),
            )
            rows = rows_visible.of(BareMetalServer.objects.filter(account=world.account))
            assert len(rows) == rows.count()
        return len(captured)

    multiply(server, 2)
    few = queries()
    multiply_more(server)
    assert queries() == few <= 8


def multiply_more(server: BareMetalServer) -> None:
    BareMetalServer.objects.exclude(pk=server.pk).delete()
    multiply(server, 299)
