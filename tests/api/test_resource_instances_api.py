"""``/v2/resource_instances`` and ``/v1/reclamations`` of the resource controller."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.instances.models import RECLAMATION_PERIOD, ResourceInstance
from controlplane.jobs.registry import JOBS
from controlplane.kernel import clock
from controlplane.kernel.errors import Unprocessable
from controlplane.objectstore.models import Bucket
from controlplane.resourcecontroller.catalog import deployment_crn
from controlplane.resourcecontroller.services.reclamations import reclaim_instance, restore_instance
from tests.api.calling import call, caller_of
from tests.instances import COS, KMS, PATH, instance_body, make_instance, plan_of
from tests.policies import VICTOR
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World
from trustedprofiles.selectors import default_resource_group

pytestmark = pytest.mark.django_db

KMS_ID, COS_ID = "ee41347f-b18e-4ca6-bf80-b5467c63f9a6", "dff97f5c-bc5e-4455-b470-411c3edbe49c"


def create(**rest: Any) -> Any:
    return call("POST", PATH, instance_body(ACCOUNT, **rest))


def refusal(answer: Any) -> tuple[int, str]:
    body = answer.json()
    assert body.keys() >= {"error_code", "message", "status_code", "transaction_id"}, body
    assert body["status_code"] == answer.status_code
    return answer.status_code, body["error_code"]


def names(query: str = "", caller: Any = ALICE) -> list[str]:
    return sorted(each["name"] for each in call("GET", f"{PATH}{query}", caller=caller).json()["resources"])


@pytest.fixture
def instance(world: World) -> ResourceInstance:
    return make_instance(world.account)


@pytest.fixture
def one(instance: ResourceInstance) -> str:
    return f"{PATH}/{instance.guid}"


# --- create and read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "service_id", "region"), [(KMS, KMS_ID, "us-south"), (COS, COS_ID, "global")], ids=[KMS, COS]
)
def test_an_instance_has_the_members_that_clients_read(
    world: World, settings: Any, service: str, service_id: str, region: str
) -> None:
    settings.BAREMINT_PUBLIC_URL = "https://mint.example.com"
    answer = create(service=service, parameters={"service-endpoints": "public"})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    guid, group, plan = body["guid"], default_resource_group(ACCOUNT), plan_of(service)
    crn = f"crn:v1:bluemix:public:{service}:{region}:a/{ACCOUNT}:{guid}::"
    assert body["id"] == body["crn"] == crn
    expected = {
        "url": f"{PATH}/{guid}",
        "account_id": ACCOUNT,
        "region_id": region,
        "resource_id": service_id,
        "resource_plan_id": plan,
        "resource_group_id": group.id,
        "resource_group_crn": group.crn,
        "target_crn": f"crn:v1:bluemix:public:globalcatalog::::deployment:{plan}%3A{region}",
        "state": "active",
        "type": "service_instance",
        "sub_type": service,
        "allow_cleanup": False,
        "locked": False,
        "onetime_credentials": False,
        "parameters": {"service-endpoints": "public"},
        "resource_keys_url": f"{PATH}/{guid}/resource_keys",
        "created_by": ALICE.iam_id,
        "updated_by": ALICE.iam_id,
        "deleted_at": None,
    }
    assert {name: body[name] for name in expected} == expected
    assert (body["last_operation"]["type"], body["last_operation"]["state"]) == ("create", "succeeded")
    assert [each["resource_plan_id"] for each in body["plan_history"]] == [plan]
    endpoints = {"public": "https://mint.example.com", "private": "https://mint.example.com"}
    regional = {"endpoints": endpoints, "virtual_private_endpoints": {}}
    assert body["extensions"] == ({} if region == "global" else regional)
    for word in (guid, quote(crn, safe=""), crn):
        assert call("GET", f"{PATH}/{word}").json() == body


TARGETS: dict[str, Callable[[str], str]] = {
    "region": lambda plan: "eu-de",
    "encoded CRN": lambda plan: deployment_crn(plan, "eu-de"),
    "plain CRN": lambda plan: f"crn:v1:bluemix:public:globalcatalog::::deployment:{plan}:eu-de",
}


@pytest.mark.parametrize("form", TARGETS)
def test_a_target_is_a_region_or_a_deployment_in_the_catalog(world: World, form: str) -> None:
    body = create(target=TARGETS[form](plan_of(KMS))).json()
    assert (body["region_id"], body["target_crn"]) == ("eu-de", deployment_crn(plan_of(KMS), "eu-de"))


def test_an_instance_may_be_locked_and_tagged_from_the_start(world: World) -> None:
    answer = call("POST", PATH, instance_body(ACCOUNT, tags=["Env:Test"]), Entity_Lock="true")
    assert answer.json()["locked"] is True
    tags = call("GET", f"/v3/tags?attached_to={quote(answer.json()['crn'], safe='')}").json()
    assert [each["name"] for each in tags["items"]] == ["env:test"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": None}, "name"),
        ({"name": "x" * 181}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "\x9b31m"}, "name"),
        ({"name": "a\u2028b"}, "name"),
        ({"name": "a\n"}, None),
        ({"target": "mars"}, "mars"),
        ({"target": "global"}, "global"),
        ({"target": deployment_crn(plan_of(COS), "global")}, "target"),
        ({"target": "crn:v1:bluemix:public:globalcatalog::::plan:x"}, "target"),
        ({"target": deployment_crn(plan_of(KMS), "us-south").replace("globalcatalog", "kms")}, "target"),
        ({"target": deployment_crn(plan_of(KMS), "us-south").replace("::::", f"::a/{ACCOUNT}::")}, "target"),
        ({"service": COS, "target": "us-south"}, "us-south"),
        ({"resource_plan_id": "no-such-plan"}, "no-such-plan"),
        ({"resource_group": "no-such-group"}, "no-such-group"),
        ({"parameters": []}, "parameters"),
        ({"parameters": {"a": ["\0"]}}, "parameters"),
        ({"tags": ["a/b"]}, "tags"),
        ({"allow_cleanup": "yes"}, "allow_cleanup"),
        ({"color": "red"}, "color"),
    ],
    ids=str,
)
def test_a_wrong_instance_is_refused_by_the_name_of_what_is_wrong(
    world: World, changes: dict[str, Any], words: str | None
) -> None:
    answer = create(**changes)
    if words is None:  # spaces around a name are cut off
        assert answer.status_code == 201
        return
    assert refusal(answer) == (400, "RC-InvalidRequest")
    assert words in answer.json()["message"]
    assert not ResourceInstance.objects.exists()


def test_parameters_with_a_number_beyond_a_double_are_refused(world: World) -> None:
    """Such a number would become infinity, which no database stores as JSON."""
    content = json.dumps(instance_body(ACCOUNT, parameters={"a": 0})).replace('"a": 0', '"a": [-1e400]')
    answer = call("POST", PATH, content.encode())
    assert refusal(answer) == (400, "RC-InvalidRequest")
    assert "-1e400" in answer.json()["message"]


def test_a_resource_group_of_another_account_reads_as_an_unknown_one(world: World) -> None:
    foreign = default_resource_group(OTHER_ACCOUNT).id
    messages = [create(resource_group=each).json()["message"].replace(each, "ID") for each in (foreign, "f" * 32)]
    assert messages[0] == messages[1]


def test_an_instance_of_another_account_reads_as_an_unknown_one(instance: ResourceInstance) -> None:
    for word in (instance.guid, instance.crn, "no-such-guid", instance.crn.replace(instance.guid, "x")):
        for method in ("GET", "PATCH", "DELETE"):
            answer = call(method, f"{PATH}/{quote(word, safe='')}", {}, caller=MALLORY)
            assert refusal(answer) == (404, "RC-NotFound"), (method, word)


def test_a_crn_that_differs_from_the_instances_is_not_found(instance: ResourceInstance) -> None:
    crn = instance.crn.replace("us-south", "eu-de")
    assert refusal(call("GET", f"{PATH}/{quote(crn, safe='')}")) == (404, "RC-NotFound")


def test_a_caller_without_a_token_is_refused_with_ibms_code(world: World) -> None:
    assert refusal(call("GET", PATH, caller=None)) == (401, "RC-IamErrorResponse")


# --- list -----------------------------------------------------------------------------------------------------------


def test_a_list_is_read_page_by_page_whatever_part_of_next_url_a_client_reads(world: World) -> None:
    for number in range(5):
        make_instance(world.account, name=f"kms-{number}")
    make_instance(world.account, service=COS)
    url, pages = f"{PATH}?sub_type=kms&limit=2", []
    while url:
        body = call("GET", url).json()
        assert body["rows_count"] == len(body["resources"])
        pages.append([each["name"] for each in body["resources"]])
        url = body["next_url"]
        if url and len(pages) == 1:
            token = url.partition("next_url=")[2].partition("&")[0]
            url = f"{PATH}?sub_type=kms&start={token}&limit=2"
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(name for page in pages for name in page) == [f"kms-{number}" for number in range(5)]


def test_a_page_token_of_another_caller_is_refused(world: World) -> None:
    for _ in range(2):
        make_instance(world.account)
    url = call("GET", f"{PATH}?limit=1").json()["next_url"]
    assert refusal(call("GET", url, caller=MALLORY)) == (400, "RC-InvalidRequest")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["cos", "kms-1", "kms-2"]),
        ("name=kms-1", ["kms-1"]),
        ("guid={guid}", ["kms-2"]),
        ("resource_group_id={group}", ["cos", "kms-1", "kms-2"]),
        ("resource_group_id=unknown", []),
        (f"resource_id={COS_ID}", ["cos"]),
        ("resource_id=unknown", []),
        (f"resource_plan_id={plan_of(KMS)}", ["kms-1", "kms-2"]),
        ("type=service_instance", ["cos", "kms-1", "kms-2"]),
        ("type=composite_instance", []),
        ("sub_type=kms", ["kms-1", "kms-2"]),
        ("state=active", ["cos", "kms-1", "kms-2"]),
        ("state=pending_reclamation", ["gone"]),
        ("state=removed", []),
        ("updated_from=2020-01-01&updated_to=2020-01-02", []),
        ("updated_from=2020-01-01", ["cos", "kms-1", "kms-2"]),
        ("updated_to=2020-01-01T00:00:00Z", []),
    ],
)
def test_instances_are_filtered(world: World, query: str, expected: list[str]) -> None:
    make_instance(world.account, name="kms-1")
    guid = make_instance(world.account, name="kms-2").guid
    make_instance(world.account, service=COS, name="cos")
    call("DELETE", f"{PATH}/{make_instance(world.account, name='gone').guid}")
    group = default_resource_group(ACCOUNT).id
    assert names("?" + query.format(guid=guid, group=group)) == expected
    assert names("?" + query.format(guid=guid, group=group), caller=MALLORY) == []


@pytest.mark.parametrize(
    "query",
    [
        "updated_from=soon",
        "updated_to=2026-13-01",
        "updated_from=0001-01-01T00:00:00%2B23:59",
        "updated_to=9999-12-31T23:59:59-23:59",
        "limit=0",
        "start=x",
        "next_url=x",
    ],
)
def test_a_wrong_query_is_refused(world: World, query: str) -> None:
    assert refusal(call("GET", f"{PATH}?{query}")) == (400, "RC-InvalidRequest")


def test_a_list_of_many_takes_the_queries_of_a_list_of_few(world: World) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert call("GET", PATH).status_code == 200
            assert call("GET", "/v1/reclamations").status_code == 200
        return len(captured)

    make_instance(world.account)
    few = queries()
    for _ in range(20):
        make_instance(world.account, service=COS)
    assert queries() == few


# --- change, lock ---------------------------------------------------------------------------------------------------


def test_an_instance_is_changed(one: str, instance: ResourceInstance) -> None:
    other_plan = "4e853ad3-5820-49c7-8d07-a179fb15b9ee"
    changes = {"name": "new", "parameters": {"a": 1}, "allow_cleanup": True, "resource_plan_id": other_plan}
    body = call("PATCH", one, changes).json()
    assert {name: body[name] for name in changes} == changes
    assert [each["resource_plan_id"] for each in body["plan_history"]] == [instance.plan, other_plan]
    assert body["last_operation"]["type"] == "update"
    assert call("GET", one).json() == body


@pytest.mark.parametrize(
    "changes",
    [{"resource_plan_id": plan_of(COS)}, {"resource_plan_id": "unknown"}, {"name": ""}, {"state": "removed"}],
    ids=str,
)
def test_a_wrong_change_is_refused(one: str, changes: dict[str, Any]) -> None:
    before = call("GET", one).json()
    assert refusal(call("PATCH", one, changes)) == (400, "RC-InvalidRequest")
    assert call("GET", one).json() == before


def test_a_locked_instance_is_not_changed_and_not_deleted(one: str) -> None:
    for _ in range(2):
        assert call("POST", f"{one}/lock").json()["locked"] is True
    assert refusal(call("PATCH", one, {"name": "new"})) == (422, "RC-InvalidState")
    assert refusal(call("DELETE", one)) == (422, "RC-InvalidState")
    assert call("GET", one).json()["state"] == "active"
    for _ in range(2):
        assert call("DELETE", f"{one}/lock").json()["locked"] is False
    assert call("DELETE", one).status_code == 204


def test_an_instance_is_locked_by_its_encoded_crn(instance: ResourceInstance) -> None:
    assert call("POST", f"{PATH}/{quote(instance.crn, safe='')}/lock").json()["locked"] is True


# --- delete, reclaim, restore ---------------------------------------------------------------------------------------


def reclamation(one: str) -> dict[str, Any]:
    guid = one.rpartition("/")[2]
    [entry] = call("GET", f"/v1/reclamations?resource_instance_id={guid}").json()["resources"]
    return dict(entry)


def act(one: str, action: str, caller: Any = ALICE) -> Any:
    return call("POST", f"/v1/reclamations/{reclamation(one)['id']}/actions/{action}", {"comment": "c"}, caller=caller)


def test_a_deleted_instance_is_read_as_one_that_waits_to_be_reclaimed(one: str, instance: ResourceInstance) -> None:
    answer = call("DELETE", f"{one}?recursive=true")
    assert (answer.status_code, answer.content) == (204, b"")
    body = call("GET", one).json()
    assert (body["state"], body["last_operation"]["type"]) == ("pending_reclamation", "delete")
    assert body["scheduled_reclaim_at"] == body["deleted_at"] is not None
    assert body["scheduled_reclaim_by"] == ALICE.iam_id
    assert names() == []
    entry = reclamation(one)
    expected = {
        "entity_id": instance.guid,
        "entity_crn": instance.crn,
        "resource_instance_id": instance.guid,
        "resource_group_id": instance.resource_group_id,
        "account_id": ACCOUNT,
        "state": "SCHEDULED",
        "created_by": ALICE.iam_id,
    }
    assert {name: entry[name] for name in expected} == expected


def test_a_deleted_instance_is_not_deleted_again_not_changed_and_not_locked(one: str) -> None:
    call("DELETE", one)
    assert refusal(call("DELETE", one)) == (410, "RC-AlreadyDeleted")
    assert refusal(call("PATCH", one, {"name": "new"})) == (422, "RC-InvalidState")
    assert refusal(call("POST", f"{one}/lock")) == (422, "RC-InvalidState")


def test_a_deleted_instance_is_restored(one: str) -> None:
    call("DELETE", one)
    assert act(one, "restore").json()["state"] == "RESTORING"
    body = call("GET", one).json()
    assert (body["state"], body["deleted_at"], body["restored_by"]) == ("active", None, ALICE.iam_id)
    assert body["scheduled_reclaim_at"] is None
    assert call("GET", "/v1/reclamations").json() == {"resources": []}
    assert call("DELETE", one).status_code == 204


def test_a_reclaimed_instance_is_removed_and_still_read(one: str) -> None:
    call("DELETE", one)
    id = reclamation(one)["id"]
    assert act(one, "reclaim").json()["state"] == "RECLAIMING"
    body = call("GET", one).json()
    assert (body["state"], body["scheduled_reclaim_at"]) == ("removed", None)
    assert call("GET", "/v1/reclamations").json() == {"resources": []}
    assert refusal(call("DELETE", one)) == (410, "RC-AlreadyDeleted")
    assert refusal(call("PATCH", one, {"name": "new"})) == (410, "RC-AlreadyDeleted")
    for action in ("restore", "reclaim"):
        answer = call("POST", f"/v1/reclamations/{id}/actions/{action}")
        assert refusal(answer) == (422, "RC-InvalidState")


def test_a_reclamation_that_is_over_does_not_end_a_later_one(one: str, instance: ResourceInstance) -> None:
    """A request that found the first reclamation runs after the instance was restored and deleted again."""
    call("DELETE", one)
    instance.refresh_from_db()
    act(one, "restore")
    call("DELETE", one)
    for action in (reclaim_instance, restore_instance):
        with pytest.raises(Unprocessable):
            action(instance, by=Party(ALICE.iam_id))
    assert call("GET", one).json()["state"] == "pending_reclamation"


def test_an_unknown_reclamation_and_an_unknown_action_are_not_found(one: str) -> None:
    call("DELETE", one)
    id = reclamation(one)["id"]
    paths = [f"{id}/actions/forget", "unknown/actions/restore"]
    answers = [call("POST", f"/v1/reclamations/{path}") for path in paths]
    answers.append(call("POST", f"/v1/reclamations/{id}/actions/restore", caller=MALLORY))
    assert {refusal(each) for each in answers} == {(404, "RC-NotFound")}
    assert call("GET", one).json()["state"] == "pending_reclamation"


def test_reclamations_are_filtered_and_belong_to_their_account(one: str, instance: ResourceInstance) -> None:
    call("DELETE", one)
    for query, count in (
        ("", 1),
        (f"resource_group_id={instance.resource_group_id}", 1),
        ("resource_group_id=x", 0),
        ("resource_instance_id=x", 0),
        (f"account_id={ACCOUNT}", 1),
    ):
        assert len(call("GET", f"/v1/reclamations?{query}").json()["resources"]) == count, query
    assert call("GET", "/v1/reclamations", caller=MALLORY).json() == {"resources": []}
    assert refusal(call("GET", f"/v1/reclamations?account_id={OTHER_ACCOUNT}")) == (404, "RC-NotFound")


def test_a_service_refuses_the_deletion_of_an_instance_with_something_in_it(world: World) -> None:
    instance = make_instance(world.account, service=COS)
    Bucket.objects.create(
        name="box", account_id=ACCOUNT, service_instance=instance.guid, location="us-south", created_at=clock.now()
    )
    for query in ("", "?recursive=true"):
        answer = call("DELETE", f"{PATH}/{instance.guid}{query}")
        assert refusal(answer) == (409, "RC-ServiceBrokerErrorResponse")
        assert "box" in answer.json()["message"]
    assert call("GET", f"{PATH}/{instance.guid}").json()["state"] == "active"


# --- the clock ------------------------------------------------------------------------------------------------------

JOB = JOBS["reclamations"]


def test_an_instance_is_removed_when_its_time_has_come_and_not_before(one: str, instance: ResourceInstance) -> None:
    assert JOB.due_at
    assert JOB.due_at(clock.now()) is None
    call("DELETE", one)
    instance.refresh_from_db()
    due = instance.reclaim_at
    assert due
    assert instance.deleted_at
    assert due - instance.deleted_at == RECLAMATION_PERIOD
    assert JOB.due_at(clock.now()) == due
    assert JOB.work(now=due - timedelta(seconds=1)) == 0
    assert JOB.work(now=due) == 1
    assert JOB.work(now=due) == 0
    assert JOB.due_at(due) is None
    assert call("GET", one).json()["state"] == "removed"
    event = ActivityEvent.objects.get(action="resource-controller.instance.reclaim")
    assert (event.target_id, event.initiator_id) == (instance.crn, "baremint")


def test_a_removed_instance_stays_removed_when_the_clock_goes_back(one: str, instance: ResourceInstance) -> None:
    call("DELETE", one)
    JOB.work(now=clock.now() + timedelta(days=8))
    JOB.work(now=clock.now() - timedelta(days=30))
    assert call("GET", one).json()["state"] == "removed"


# --- resource groups, events, what is left out ----------------------------------------------------------------------


def test_a_resource_group_is_kept_until_its_instances_are_removed(world: World) -> None:
    group = call("POST", "/v2/resource_groups", {"name": "team"}).json()["id"]
    one = f"{PATH}/{create(resource_group=group).json()['guid']}"
    statuses = [call("DELETE", f"/v2/resource_groups/{group}").status_code]
    call("DELETE", one)
    statuses.append(call("DELETE", f"/v2/resource_groups/{group}").status_code)
    act(one, "reclaim")
    statuses.append(call("DELETE", f"/v2/resource_groups/{group}").status_code)
    assert statuses == [409, 409, 204]
    assert call("GET", one).json()["resource_group_id"] == group


def test_a_life_leaves_an_event_for_every_call_and_every_refusal(world: World) -> None:
    guid = create().json()["guid"]
    one = f"{PATH}/{guid}"
    crn = call("GET", one).json()["crn"]
    call("GET", PATH)
    call("PATCH", one, {"name": "new"})
    call("POST", f"{one}/lock")
    call("DELETE", one)
    call("DELETE", f"{one}/lock")
    call("DELETE", one)
    act(one, "restore")
    rows = ActivityEvent.objects.order_by("id").values_list("action", "target_id", "reason_code")
    assert [(action.removeprefix("resource-controller."), target, status) for action, target, status in rows] == [
        ("instance.create", crn, 201),
        ("instance.retrieve", crn, 200),
        ("instance.list", "", 200),
        ("instance.update", crn, 200),
        ("instance.lock", crn, 200),
        ("instance.delete", crn, 422),
        ("instance.unlock", crn, 200),
        ("instance.delete", crn, 204),
        ("reclamation.list", "", 200),
        ("instance.restore", crn, 200),
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/resource_keys"),
        ("GET", "/v2/resource_keys"),
        ("DELETE", "/v2/resource_keys/crn:v1:bluemix:public:kms:us-south:a%2Fx:y:resource-key:z"),
        ("GET", "/v2/resource_bindings"),
        ("PATCH", "/v2/resource_aliases/x"),
        ("GET", "/v2/resource_aliases/x/resource_bindings"),
        ("GET", "{one}/resource_keys"),
        ("GET", "{one}/resource_aliases"),
        ("DELETE", "{one}/last_operation"),
    ],
)
def test_what_is_left_out_is_refused_by_name(one: str, method: str, path: str) -> None:
    path = path.format(one=one)
    answer = call(method, path, {})
    assert refusal(answer) == (501, "RC-NotSimulated")
    assert path.replace("%2F", "/") in answer.json()["message"]


def test_an_id_with_a_line_break_is_refused_in_the_same_envelope(world: World) -> None:
    for path in (f"{PATH}/a%0Ab", f"{PATH}/a%0Ab/lock"):
        assert refusal(call("POST" if path.endswith("lock") else "GET", path)) == (404, "RC-NotFound")
    assert refusal(call("GET", "/v2/resource_keys/a%0Ab")) == (501, "RC-NotSimulated")


def test_a_method_that_a_path_does_not_have_is_refused(one: str) -> None:
    assert refusal(call("PUT", one, {})) == (405, "RC-MethodNotAllowed")


def test_a_caller_without_a_policy_learns_only_why(one: str) -> None:
    answer = call("GET", one, caller=caller_of(VICTOR))
    assert refusal(answer) == (403, "RC-IamErrorResponse")
    assert "/_baremint/explain?" in answer.json()["details"]
