"""Who may tag what: other accounts, roles, and the events that tagging leaves."""

from itertools import product

import pytest

from controlplane.activity.models import ActivityEvent
from tests.api.calling import call, caller_of
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
from tests.world import MALLORY, OTHER_ACCOUNT, World

pytestmark = pytest.mark.usefixtures("world")

# --- other accounts -----------------------------------------------------------------------------------------------


def test_mallory_sees_no_tags_of_ours() -> None:
    attach("web")
    create("env:test")
    assert (listed(caller=MALLORY), listed("tag_type=access", caller=MALLORY)) == ([], [])


def test_mallory_changes_no_tags_of_ours() -> None:
    attach("web")
    assert errors_of(attach("bad", caller=MALLORY)) == {SERVER: True}
    assert errors_of(call("POST", DETACH, body("web"), caller=MALLORY)) == {SERVER: True}
    assert on() == ["web"]


def test_mallory_deletes_no_tags_of_ours() -> None:
    create("env:test")
    assert call("DELETE", f"{TAGS}?tag_type=access", caller=MALLORY).json()["total_count"] == 0
    answer = call("DELETE", f"{TAGS}/env:test?tag_type=access", caller=MALLORY)
    assert answer.json()["results"][0]["is_error"] is True
    assert listed("tag_type=access") == ["env:test"]


def test_a_tag_of_the_same_name_is_mallorys_own() -> None:
    attach("web")
    attach("web", on=FOREIGN, caller=MALLORY)
    assert (on(SERVER), on(FOREIGN), on(FOREIGN, account_id=OTHER_ACCOUNT)) == (["web"], [], ["web"])


# --- who may ------------------------------------------------------------------------------------------------------

ROLES = [
    ("Operator", "user", 403),
    ("Editor", "user", 200),
    ("Editor", "access", 403),
    ("Administrator", "access", 200),
]


def test_a_role_on_the_resource_or_on_tagging_is_asked_for(world: World) -> None:
    def check(case: tuple[str, str, tuple[str, str, int]]) -> None:
        service, path, (role, tag_type, status) = case
        create("a:b")
        permit(world, role, service=service)
        answer = call("POST", f"{path}?tag_type={tag_type}", body("a:b"), caller=caller_of(VICTOR))
        assert answer.status_code == status

    check_each(list(product(["is", "global-search-tagging"], [ATTACH, DETACH], ROLES)), alone(check))


def test_a_role_on_one_resource_opens_no_other(world: World) -> None:
    permit(world, "Editor", more=(attribute("bareMetalServerId", "0717-2"),))
    answer = attach("web", on=(SERVER, OTHER_SERVER), caller=caller_of(VICTOR))
    assert errors_of(answer) == {SERVER: True, OTHER_SERVER: False}
    assert on(SERVER) == []


def test_a_policy_on_a_resource_group_does_not_hold_for_a_crn(world: World) -> None:
    permit(world, "Editor", more=(attribute("resourceGroupId", "f" * 32),))
    assert attach("web", caller=caller_of(VICTOR)).status_code == 403


@pytest.mark.parametrize(("role", "status"), [("Editor", 403), ("Administrator", 200)])
def test_access_tags_are_made_by_administrators(world: World, role: str, status: int) -> None:
    permit(world, role, service="global-search-tagging")
    assert create("a:b", caller=caller_of(VICTOR)).status_code == status


@pytest.mark.parametrize(("role", "status"), [("Editor", 403), ("Administrator", 200)])
@pytest.mark.parametrize("path", [f"{TAGS}/a:b", TAGS])
def test_access_tags_are_deleted_by_administrators(world: World, path: str, role: str, status: int) -> None:
    permit(world, role, service="global-search-tagging")
    answer = call("DELETE", f"{path}?tag_type=access", caller=caller_of(VICTOR))
    assert answer.status_code == status


def test_who_may_read_the_resource_may_list_its_tags(world: World) -> None:
    permit(world, "Viewer")
    attach("web")
    assert listed(f"attached_to={SERVER}", caller=caller_of(VICTOR)) == ["web"]


# --- activity -----------------------------------------------------------------------------------------------------


def test_each_resource_of_a_request_leaves_an_event() -> None:
    attach("web", on=(SERVER, FOREIGN))
    events = ActivityEvent.objects.order_by("id").values_list("action", "outcome", "target_id", "reason_code")
    assert list(events) == [
        ("global-search-tagging.tag.attach", "success", SERVER, 200),
        ("global-search-tagging.tag.attach", "failure", FOREIGN, 404),
    ]


def test_a_list_leaves_one_event() -> None:
    listed()
    assert ActivityEvent.objects.get().action == "global-search-tagging.tag.read"
