"""``/v3/tags`` of Global Tagging."""

from itertools import product
from typing import Any

import pytest

from tests.api.calling import call, caller_of, refusal
from tests.api.tagging import (
    ATTACH,
    DETACH,
    FOREIGN,
    OTHER_SERVER,
    SERVER,
    TAGS,
    attach,
    body,
    create,
    errors_of,
    listed,
    on,
    permit,
)
from tests.policies import VICTOR, attribute
from tests.tables import alone, check_each
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World
from trustedprofiles.models import Tag, TagAttachment

pytestmark = pytest.mark.usefixtures("world")


TAGGED: dict[str, tuple[str, dict[str, Any], str]] = {
    "access group": (f"/v2/groups?account_id={ACCOUNT}", {}, "iam-groups:global:a/{account}::groups:{id}"),
    "service ID group": ("/v1/serviceid_groups", {"account_id": ACCOUNT}, ""),
    "service ID": ("/v1/serviceids", {"account_id": ACCOUNT}, ""),
    "API key": ("/v1/apikeys", {"iam_id": ALICE.iam_id}, ""),
    "trusted profile": ("/v1/profiles", {"account_id": ACCOUNT}, ""),
    "resource group": ("/v2/resource_groups", {"account_id": ACCOUNT}, ""),
}
"""What IAM has that carries tags: where it is made, of what, and the end of its CRN where no answer has it."""


def test_what_is_deleted_loses_its_tags() -> None:
    create("team:a")
    remaining_tags = {}
    for kind, (path, members, ending) in TAGGED.items():
        answer = call("POST", path, {"name": "tagged", **members}).json()
        crn = answer.get("crn") or f"crn:v1:bluemix:public:{ending.format(account=ACCOUNT, id=answer['id'])}"
        assert errors_of(attach("team:a", query="tag_type=access", on=crn)) == {crn: False}
        assert call("DELETE", f"{path.partition('?')[0]}/{answer['id']}").status_code == 204
        remaining_tags[kind] = on(crn, "access")
    assert [kind for kind, tags in remaining_tags.items() if tags] == []


def test_api_keys_that_go_with_their_service_id_lose_their_tags() -> None:
    create("team:a")
    service_id = call(
        "POST", "/v1/serviceids", {"account_id": ACCOUNT, "name": "robot", "apikey": {"name": "key"}}
    ).json()
    key = service_id["apikey"]["crn"]
    attach("team:a", query="tag_type=access", on=key)
    call("DELETE", f"/v1/serviceids/{service_id['id']}")
    assert on(key, "access") == []


# --- attach and detach --------------------------------------------------------------------------------------------


def test_tags_are_attached_in_lower_case() -> None:
    answer = attach("Env:Test", "web")
    assert (answer.status_code, answer.json()) == (200, {"results": [{"resource_id": SERVER, "is_error": False}]})
    assert on() == ["env:test", "web"]


@pytest.mark.parametrize("host", ["tags", "api"])
def test_ibms_hosts_are_answered(host: str) -> None:
    assert call("GET", TAGS, Host=f"{host}.global-search-tagging.cloud.ibm.com").status_code == 200


def test_user_is_the_type_of_tag_when_none_is_named() -> None:
    attach("web", query="")
    assert on() == ["web"]


def test_one_name_may_stand_alone() -> None:
    call("POST", ATTACH, {"tag_name": "web", "resources": [{"resource_id": SERVER}]})
    assert on() == ["web"]


def test_several_resources_are_tagged_at_once() -> None:
    assert errors_of(attach("web", on=(SERVER, OTHER_SERVER))) == {SERVER: False, OTHER_SERVER: False}
    assert (on(SERVER), on(OTHER_SERVER)) == (["web"], ["web"])


@pytest.mark.parametrize("crn", [FOREIGN, "web-1", "crn:v1:bluemix:public:is", f"{SERVER}\t"])
def test_a_resource_that_is_not_ours_fails_alone(crn: str) -> None:
    answer = attach("web", on=(crn, OTHER_SERVER))
    assert answer.status_code == 200
    assert [each["is_error"] for each in answer.json()["results"]] == [True, False]
    assert answer.json()["results"][0]["message"]


def test_an_unknown_access_tag_is_an_error_of_the_resource() -> None:
    answer = attach("env:test", query="tag_type=access")
    assert errors_of(answer) == {SERVER: True}
    assert "Create it first" in answer.json()["results"][0]["message"]


def test_a_created_access_tag_is_attached() -> None:
    create("env:test")
    assert errors_of(attach("ENV:test", query="tag_type=access")) == {SERVER: False}
    assert (on(type="access"), on(type="user")) == (["env:test"], [])


def test_replace_and_update_are_read_from_the_query() -> None:
    attach("env:test", "web")
    attach("env:live", query="update=True")
    assert on() == ["env:live", "web"]
    attach("db", query="replace=true")
    assert on() == ["db"]


def test_what_a_query_finds_or_names_is_tagged() -> None:
    """As the live tests of IBM's Node SDK do. A foreign resource is not found."""
    attach("web", on=(SERVER, OTHER_SERVER))
    third = SERVER.replace("0717-1", "0717-3")
    query = f'tags:web OR crn:"{third}" OR crn:"{FOREIGN}"'
    by_query = {"tag_names": ["db"], "query": {"query_string": query}}
    assert errors_of(call("POST", ATTACH, by_query)) == {SERVER: False, OTHER_SERVER: False, third: False}
    assert (on(SERVER), on(third)) == (["db", "web"], ["db"])
    assert errors_of(call("POST", DETACH, by_query)) == {SERVER: False, OTHER_SERVER: False, third: False}
    assert (on(SERVER), on(third)) == (["web"], [])


def test_a_query_tags_what_the_body_names_besides() -> None:
    attach("web")
    search = body("db", on=OTHER_SERVER) | {"query": {"query_string": "tags:web"}}
    assert errors_of(call("POST", ATTACH, search)) == {OTHER_SERVER: False, SERVER: False}


def test_a_query_finds_only_what_the_caller_may_see(world: World) -> None:
    attach("web", on=(SERVER, OTHER_SERVER))
    by_query = {"tag_names": ["db"], "query": {"query_string": "tags:web"}}
    assert refusal(call("POST", ATTACH, by_query, caller=caller_of(VICTOR))) == (403, "not_authorized")
    permit(world, "Editor", more=(attribute("bareMetalServerId", "0717-1"),))
    assert errors_of(call("POST", ATTACH, by_query, caller=caller_of(VICTOR))) == {SERVER: False}


def test_a_query_that_finds_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    attach("web", on=(SERVER, OTHER_SERVER))
    monkeypatch.setattr("trustedprofiles.api.tags.MOST_FOUND", 1)
    answer = call("POST", ATTACH, {"tag_names": ["db"], "query": {"query_string": "tags:web"}})
    assert (answer.status_code, answer.json()["errors"][0]["target"]["name"]) == (400, "query.query_string")
    assert on() == ["web"]


def test_detaching_is_answered_alike_whether_or_not_the_tag_was_there() -> None:
    attach("web", "db")
    answers = [call("POST", f"{DETACH}?tag_type=user", body("WEB")) for _ in range(2)]
    assert [errors_of(answer) for answer in answers] == [{SERVER: False}, {SERVER: False}]
    assert on() == ["db"]


WRONG_BODIES = [
    ({"resources": [{"resource_id": SERVER}]}, "missing_field", "tag_names"),
    ({"resources": [{"resource_id": SERVER}], "tag_names": []}, "missing_field", "tag_names"),
    ({"tag_names": ["web"]}, "missing_field", "resources"),
    ({"tag_names": ["web"], "resources": []}, "invalid_value", "resources"),
    ({"tag_names": ["web"], "resources": [{}]}, "missing_field", "resources[0].resource_id"),
    ({"tag_names": ["web"], "resources": [{"resource_id": "a\0"}]}, "invalid_value", "resources[0].resource_id"),
    (body("web", "a/b"), "invalid_value", "tag_names[1]"),
    (body("web") | {"query": {"query_string": "family:is"}}, "invalid_value", "query.query_string"),
    ({"tag_names": ["web"], "query": {}}, "missing_field", "query.query_string"),
    (body("web") | {"tags": []}, "unknown_field", "tags"),
]


def test_a_wrong_body_is_refused_by_property() -> None:
    def check(case: tuple[str, tuple[Any, str, str]]) -> None:
        path, (query, code, target) = case
        answer = call("POST", path, query)
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["code"], error["target"]["name"]) == (400, code, target)

    check_each(list(product([ATTACH, DETACH], WRONG_BODIES)), alone(check))


def test_every_wrong_name_is_reported() -> None:
    targets = [each["target"]["name"] for each in attach("a/b", "web", "c/d").json()["errors"]]
    assert targets == ["tag_names[0]", "tag_names[2]"]


@pytest.mark.parametrize("query", ["tag_type=service", "tag_type=USER", "replace=yes", "update=1"])
def test_a_wrong_query_is_refused(query: str) -> None:
    assert refusal(attach("web", query=query)) == (400, "invalid_value")


@pytest.mark.parametrize("path", [ATTACH, DETACH, TAGS, "/v3/tags/web"])
def test_another_account_is_not_found(path: str) -> None:
    method = "DELETE" if path.endswith("web") else "POST"
    answer = call(method, f"{path}?tag_type=access&account_id={OTHER_ACCOUNT}", body("a:b"))
    assert refusal(answer) == (404, "not_found")


# --- list, create, delete -----------------------------------------------------------------------------------------


def test_tags_are_listed_by_type_and_in_order() -> None:
    attach("web", "db")
    create("env:test")
    assert (listed(), listed("tag_type=access")) == (["db", "web"], ["env:test"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("order_by_name=desc", ["web", "db", "app"]),
        ("limit=2", ["app", "db"]),
        ("offset=2&limit=2", ["web"]),
        ("attached_only=true", ["app", "db"]),
        (f"attached_to={SERVER}", ["db"]),
        (f"attached_to={SERVER}&providers=ghost", ["db"]),
        ("providers=ims", []),
        ("full_data=True&timeout=100", ["app", "db", "web"]),
    ],
)
def test_a_list_obeys_its_query(query: str, expected: list[str]) -> None:
    attach("db", "web")
    attach("app", on=(OTHER_SERVER,))
    TagAttachment.objects.filter(tag__name="web").delete()
    assert listed(query) == expected


def test_a_list_tells_its_page_and_the_number_of_all() -> None:
    attach("a", "b", "c")
    page = call("GET", f"{TAGS}?offset=1&limit=1").json()
    assert page == {"total_count": 3, "offset": 1, "limit": 1, "items": [{"name": "b"}]}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "offset=-1", "order_by_name=up", "attached_only=2", "attached_to=web"]
)
def test_a_list_refuses_a_wrong_query(query: str) -> None:
    assert refusal(call("GET", f"{TAGS}?{query}")) == (400, "invalid_value")


def test_the_tags_of_a_foreign_resource_are_not_found() -> None:
    attach("web")
    assert refusal(call("GET", f"{TAGS}?attached_to={SERVER}", caller=MALLORY)) == (404, "not_found")


def test_an_access_tag_that_exists_is_an_error_beside_the_new_ones() -> None:
    create("env:test")
    results = create("ENV:TEST", "env:live").json()["results"]
    assert [(each["tag_name"], each["is_error"]) for each in results] == [("env:test", True), ("env:live", False)]


def test_user_tags_are_not_created_on_their_own() -> None:
    assert refusal(call("POST", f"{TAGS}?tag_type=user", {"tag_names": ["web"]})) == (400, "invalid_value")


def test_an_access_tag_without_a_value_is_refused() -> None:
    assert refusal(create("env")) == (400, "invalid_value")


def test_an_unused_tag_is_deleted() -> None:
    create("my key:test")
    answer = call("DELETE", f"{TAGS}/my%20key%3Atest?tag_type=access")
    assert answer.json() == {"results": [{"provider": "ghost", "is_error": False}]}
    assert not Tag.objects.exists()


@pytest.mark.parametrize(("name", "why"), [("web", "carry the tag"), ("never", "no user tag")])
def test_a_tag_that_cannot_be_deleted_is_an_error_of_the_result(name: str, why: str) -> None:
    attach("web")
    answer = call("DELETE", f"{TAGS}/{name}")
    [result] = answer.json()["results"]
    assert (answer.status_code, result["is_error"]) == (200, True)
    assert why in result["message"]


def test_all_unused_tags_are_deleted_at_once() -> None:
    attach("web", "db")
    TagAttachment.objects.filter(tag__name="web").delete()
    assert call("DELETE", f"{TAGS}?tag_type=user").json() == {
        "total_count": 1,
        "errors": False,
        "items": [{"tag_name": "web", "is_error": False}],
    }
    assert listed() == ["db"]


def test_classic_infrastructure_has_no_unused_tags() -> None:
    attach("web")
    TagAttachment.objects.all().delete()
    assert call("DELETE", f"{TAGS}?providers=ims").json()["total_count"] == 0
    assert listed() == ["web"]
