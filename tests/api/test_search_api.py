"""``POST /v3/resources/search`` of Global Search."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.crn import Crn
from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR, attribute, make_content
from tests.tables import check_each
from tests.world import ACCOUNT, MALLORY, OTHER_ACCOUNT, World
from trustedprofiles.services import tags
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
SEARCH = "/v3/resources/search"
FIELDS = ["access_tags", "tags", "service_tags"]


def crn(number: int) -> str:
    return f"crn:v1:bluemix:public:is:us-south-1:a/{ACCOUNT}::bare-metal-server:0717-{number}"


def attach(world: World, number: int, *names: str, type: str = "user") -> None:
    tags.attach_tags(world.account, crn=Crn.parse(crn(number)), type=type, names=names, by=BY)


def search(query: str, params: str = "", **caller: Any) -> Any:
    return call("POST", f"{SEARCH}?{params}", {"query": query, "fields": FIELDS}, **caller)


def found(answer: Any) -> list[str]:
    return [each["crn"] for each in answer.json()["items"]]


@pytest.fixture
def tagged(world: World) -> World:
    """Server 1 is web and env:test, server 2 is web; env:test is an access tag of server 3."""
    tags.create_access_tag(world.account, name="env:test", by=BY)
    attach(world, 1, "web", "env:test")
    attach(world, 2, "web")
    attach(world, 3, "env:test", type="access")
    return world


def test_an_item_has_every_array(tagged: World) -> None:
    assert search(f'crn:"{crn(1)}"').json() == {
        "items": [
            {
                "crn": crn(1),
                "account_id": ACCOUNT,
                "type": "bare-metal-server",
                "tags": ["env:test", "web"],
                "access_tags": [],
                "service_tags": [],
            }
        ],
        "limit": 10,
    }


@pytest.mark.parametrize("fields", [None, [], ["crn"], ["*"], ["name", "tags"]])
def test_an_item_has_every_array_whatever_fields_are_asked_for(tagged: World, fields: list[str] | None) -> None:
    query = {"query": f'crn:"{crn(3)}"'} | ({"fields": fields} if fields is not None else {})
    [item] = call("POST", SEARCH, query).json()["items"]
    assert (item["tags"], item["access_tags"], item["service_tags"]) == ([], ["env:test"], [])


@pytest.mark.parametrize("query", [f'crn:"{crn(9)}"', 'crn:"nonsense"', 'tags:"never"'])
def test_what_carries_no_tag_is_not_found(tagged: World, query: str) -> None:
    assert search(query).json() == {"items": [], "limit": 10}


def test_a_resource_without_its_last_tag_is_not_found(tagged: World) -> None:
    tags.forget(crn(2))
    assert found(search(f'crn:"{crn(2)}"')) == []


QUERIES = [
    (f"crn:{crn(2)}", [2]),
    (f'crn:"{crn(3)}" OR crn:"{crn(1)}" OR crn:"{crn(3)}"', [1, 3]),
    ('tags:"web"', [1, 2]),
    ('tags:"WEB"', [1, 2]),
    ('tags:"env:test"', [1]),
    ('access_tags:"env:test"', [3]),
    (f'tags:"env:test" OR crn:"{crn(2)}"', [1, 2]),
    ("tags:w?b", [1, 2]),
    ("tags:*:TEST", [1]),
    ("crn:*0717-3", [3]),
    ("ENV*", [1, 3]),
    ("web", [1, 2]),
    ("*", [1, 2, 3]),
    ("GST-sdk-*", []),
]


def test_resources_are_found_by_crn_and_by_tag(tagged: World) -> None:
    def check(case: tuple[str, list[int]]) -> None:
        query, numbers = case
        assert found(search(query)) == [crn(number) for number in numbers]

    check_each(QUERIES, check)


@pytest.mark.parametrize("query", ["name:web-1", 'tags:"a" AND tags:"b"', "family:is"])
def test_a_query_that_is_not_understood_is_refused_with_what_is(world: World, query: str) -> None:
    answer = search(query)
    assert refusal(answer) == (400, "invalid_value")
    assert 'crn:"<crn>"' in answer.json()["errors"][0]["message"]


def test_a_query_is_required(world: World) -> None:
    assert refusal(call("POST", SEARCH, {"fields": FIELDS})) == (400, "missing_field")


@pytest.mark.parametrize("params", ["limit=0", "limit=1001", "limit=x"])
def test_a_wrong_limit_is_refused(world: World, params: str) -> None:
    assert refusal(search("tags:web", params)) == (400, "invalid_value")


def test_the_cursor_leads_through_all_results_and_ends(tagged: World) -> None:
    attach(tagged, 4, "web")
    first = search("tags:web", "limit=2").json()
    second = call("POST", f"{SEARCH}?limit=2", {"search_cursor": first["search_cursor"]}).json()
    assert [each["crn"] for each in (*first["items"], *second["items"])] == [crn(1), crn(2), crn(4)]
    assert "search_cursor" not in second


def test_a_cursor_of_another_account_is_refused(tagged: World) -> None:
    cursor = search("tags:web", "limit=1").json()["search_cursor"]
    answer = call("POST", SEARCH, {"search_cursor": cursor}, caller=MALLORY)
    assert refusal(answer) == (400, "invalid_value")


@pytest.mark.parametrize("query", [f'crn:"{crn(1)}"', "tags:web", 'access_tags:"env:test"'])
def test_mallory_finds_nothing_of_ours(tagged: World, query: str) -> None:
    assert search(query, caller=MALLORY).json()["items"] == []


def test_another_account_is_not_found(world: World) -> None:
    assert refusal(search("tags:web", f"account_id={OTHER_ACCOUNT}")) == (404, "not_found")


@pytest.mark.parametrize("query", ["tags:web", "tags:never", f'crn:"{crn(1)}"', f'crn:"{crn(9)}"'])
def test_a_search_without_a_policy_is_refused(tagged: World, query: str) -> None:
    assert refusal(search(query, caller=caller_of(VICTOR))) == (403, "not_authorized")


def test_a_refusal_does_not_tell_whether_a_hidden_resource_carries_the_tag(tagged: World) -> None:
    errors = []
    for tag in ("web", "never"):
        [error] = search(f"tags:{tag}", caller=caller_of(VICTOR)).json()["errors"]
        errors.append(error)
    assert errors[0] == errors[1]


def test_a_cursor_of_another_caller_is_refused(tagged: World) -> None:
    content = make_content(VICTOR, "Viewer", service="global-search-tagging")
    create_policy(tagged.account, content=content, api_version="v2", by=BY)
    cursor = search("tags:web", "limit=1").json()["search_cursor"]
    answer = call("POST", SEARCH, {"search_cursor": cursor}, caller=caller_of(VICTOR))
    assert refusal(answer) == (400, "invalid_value")


def test_who_may_read_one_resource_finds_that_one(tagged: World) -> None:
    this = attribute("bareMetalServerId", "0717-2")
    create_policy(tagged.account, content=make_content(VICTOR, more=(this,)), api_version="v1", by=BY)
    assert found(search("tags:web", caller=caller_of(VICTOR))) == [crn(2)]


def test_who_may_read_an_untagged_resource_gets_an_empty_answer(tagged: World) -> None:
    create_policy(tagged.account, content=make_content(VICTOR), api_version="v1", by=BY)
    assert search(f'crn:"{crn(9)}"', caller=caller_of(VICTOR)).json()["items"] == []


def test_who_may_read_tagging_finds_all(tagged: World) -> None:
    content = make_content(VICTOR, service="global-search-tagging")
    create_policy(tagged.account, content=content, api_version="v1", by=BY)
    assert found(search("tags:web", caller=caller_of(VICTOR))) == [crn(1), crn(2)]


def test_a_search_leaves_one_event(world: World) -> None:
    search("tags:web")
    assert ActivityEvent.objects.get().action == "global-search-tagging.resource.read"
