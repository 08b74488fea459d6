"""Listing bare metal servers: filters, pages, queries."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.activity.record import SYSTEM
from servers.models import VPC, BareMetalServer, Disk
from servers.services.deletion import remove
from tests.api.vpc import QUERY, SERVERS, Api, errors
from tests.tables import check_each
from tests.world import MALLORY, World, make_server


@pytest.fixture
def deleted_while_it_is_read(server: BareMetalServer) -> Iterator[None]:
    """Another request deletes the server when its row was read, and before its disks are."""

    def delete(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("SELECT") and Disk._meta.db_table in sql and BareMetalServer.objects.exists():
            remove(server, by=SYSTEM)
        return execute(sql, *rest)

    BareMetalServer.objects.update(status="deleting")
    with connection.execute_wrapper(delete):
        yield


@pytest.mark.usefixtures("deleted_while_it_is_read")
def test_a_server_that_is_deleted_while_it_is_read_is_in_no_list(api: Api) -> None:
    assert api.get(SERVERS).json()["bare_metal_servers"] == []


@pytest.mark.usefixtures("deleted_while_it_is_read")
def test_a_server_that_is_deleted_while_it_is_read_is_not_found(api: Api, server: BareMetalServer) -> None:
    answer = api.get(f"{SERVERS}/{server.id}")
    assert (answer.status_code, errors(answer)) == (404, [("not_found", "")])


# --- query parameters ----------------------------------------------------------------------------------------------

QUERIES = {
    "no-version": ("generation=2", ("missing_value", "version")),
    "no-generation": ("version=2025-08-26", ("missing_value", "generation")),
    "generation-1": ("version=2025-08-26&generation=1", ("invalid_value", "generation")),
    "version-malformed": ("version=now&generation=2", ("invalid_value", "version")),
    "version-too-early": ("version=2018-12-31&generation=2", ("invalid_version_range", "version")),
    "limit-0": (f"{QUERY}&limit=0", ("invalid_value", "limit")),
    "limit-101": (f"{QUERY}&limit=101", ("invalid_value", "limit")),
    "limit-text": (f"{QUERY}&limit=ten", ("invalid_value", "limit")),
    "start-made-up": (f"{QUERY}&start=abc", ("invalid_value", "start")),
}


def test_a_query_is_refused(api: Api) -> None:
    def check(name: str) -> None:
        query, expected = QUERIES[name]
        answer = api.call("GET", SERVERS, query=query)
        assert (answer.status_code, errors(answer)) == (400, [expected])

    check_each(QUERIES, check)


@pytest.mark.parametrize("query", ["name=web-1", "vpc.name=net", "vpc.id={vpc}", "vpc.crn={crn}"])
def test_a_filter_finds_what_matches(api: Api, server: BareMetalServer, query: str) -> None:
    vpc = VPC.objects.all()[0]
    servers = api.get(SERVERS, query.format(vpc=vpc.id, crn=vpc.crn)).json()["bare_metal_servers"]
    assert [each["id"] for each in servers] == [server.id]


@pytest.mark.parametrize("query", ["name=web", "vpc.name=other", "vpc.id=r006-x", "resource_group.id=0"])
def test_a_filter_leaves_out_what_does_not_match(api: Api, server: BareMetalServer, query: str) -> None:
    assert api.get(SERVERS, query).json()["total_count"] == 0


def next_query(body: dict[str, Any]) -> str:
    return str(body["next"]["href"]).partition("?")[2]


def test_pages_are_stable_when_servers_are_added_between_them(api: Api, world: World) -> None:
    names = ["first", "second", "third"]
    for name in names:
        make_server(world.account, name=name)
    page = api.get(SERVERS, "limit=1").json()
    make_server(world.account, name="late")
    listed_names = [page["bare_metal_servers"][0]["name"]]
    while "next" in page:
        page = api.get(SERVERS, next_query(page)).json()
        listed_names.append(page["bare_metal_servers"][0]["name"])
    assert listed_names == names[::-1]


def test_a_page_token_of_another_account_is_refused(api: Api, world: World) -> None:
    for name in ("first", "second"):
        make_server(world.account, name=name)
    stolen = next_query(api.get(SERVERS, "limit=1").json())
    assert errors(Api(MALLORY).get(SERVERS, stolen)) == [("invalid_value", "start")]


def test_a_list_takes_the_same_queries_for_one_server_and_for_five(
    api: Api, server: BareMetalServer, world: World
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(SERVERS).status_code == 200
        return len(captured)

    one = queries()
    for number in range(4):
        make_server(world.account, name=f"more-{number}")
    assert queries() == one
