"""Who may do what to API keys and service IDs, and the activity each attempt leaves."""

from dataclasses import replace
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from identity.models import ApiKey
from tests.api.apikeys import BOB, KEYS, SERVICE_IDS, make_key, make_service_id, service_id_caller
from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR, attribute, make_content
from tests.tables import alone, assert_rows, check_each
from tests.world import ACCOUNT, ALICE, World
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.roles import create_role

BY = Party("IBMid-ALICE00001", "Alice", "User")
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "list-keys": ("GET", f"{KEYS}?scope=account", None),
    "list-its-keys": ("GET", f"{KEYS}?iam_id={{iam_id}}", None),
    "create-key": ("POST", KEYS, {"name": "new", "iam_id": "{iam_id}"}),
    "get-key": ("GET", f"{KEYS}/{{key}}", None),
    "get-details": ("GET", f"{KEYS}/details", None),
    "update-key": ("PUT", f"{KEYS}/{{key}}", {"description": "x"}),
    "lock-key": ("POST", f"{KEYS}/{{key}}/lock", None),
    "unlock-key": ("DELETE", f"{KEYS}/{{key}}/lock", None),
    "disable-key": ("POST", f"{KEYS}/{{key}}/disable", None),
    "enable-key": ("DELETE", f"{KEYS}/{{key}}/disable", None),
    "delete-key": ("DELETE", f"{KEYS}/{{key}}", None),
    "list": ("GET", f"{SERVICE_IDS}?account_id={ACCOUNT}", None),
    "create": ("POST", SERVICE_IDS, {"name": "new", "account_id": ACCOUNT}),
    "get": ("GET", f"{SERVICE_IDS}/{{id}}", None),
    "update": ("PUT", f"{SERVICE_IDS}/{{id}}", {"description": "x"}),
    "lock": ("POST", f"{SERVICE_IDS}/{{id}}/lock", None),
    "unlock": ("DELETE", f"{SERVICE_IDS}/{{id}}/lock", None),
    "delete": ("DELETE", f"{SERVICE_IDS}/{{id}}", None),
}
READS = ["list-keys", "list-its-keys", "get-key", "get-details", "list", "get"]
WRITES = [name for name in REQUESTS if name not in READS]
OF_ONE = [name for name in REQUESTS if name not in ("list-keys", "list", "create")]


@pytest.fixture
def robot(world: World) -> Any:
    """A service ID with an API key."""
    return make_service_id(apikey={"name": "first"})


def attempt(name: str, robot: Any, caller: Caller | None) -> Any:
    method, path, body = REQUESTS[name]
    path = path.format(id=robot["id"], iam_id=robot["iam_id"], key=robot["apikey"]["id"])
    body = {key: value.format(iam_id=robot["iam_id"]) for key, value in body.items()} if body else None
    return call(method, path, body, caller=caller, If_Match="*", IAM_ApiKey=robot["apikey"]["apikey"])


def granted(world: World, caller: Caller, *roles: str, service: str = "iam-identity", **changes: Any) -> Caller:
    content = make_content(caller.iam_id, *roles, service=service, **changes)
    create_policy(world.account, content=content, api_version="v1", by=BY)
    return caller


# --- who may ------------------------------------------------------------------------------------------------------


def test_the_owner_of_the_account_may_all(robot: Any) -> None:
    def check(name: str) -> None:
        assert attempt(name, robot, ALICE).status_code in (200, 201, 204)

    check_each(REQUESTS, alone(check))


@pytest.mark.parametrize("caller", [BOB, caller_of(VICTOR)], ids=["a-person", "a-profile"])
def test_a_caller_without_a_policy_is_refused(robot: Any, caller: Caller) -> None:
    def check(name: str) -> None:
        answer = attempt(name, robot, caller)
        assert refusal(answer) == (403, "not_authorized")
        assert "/_baremint/explain?" in answer.json()["errors"][0]["details"]

    check_each(REQUESTS, alone(check))


def test_a_service_id_without_a_policy_may_not_manage_itself(robot: Any) -> None:
    def check(name: str) -> None:
        assert refusal(attempt(name, robot, service_id_caller(robot))) == (403, "not_authorized")

    check_each(REQUESTS, alone(check))


def test_a_viewer_may_read(world: World, robot: Any) -> None:
    viewer = granted(world, BOB)
    assert_rows({name: attempt(name, robot, viewer).status_code for name in READS}, dict.fromkeys(READS, 200))


@pytest.mark.parametrize(
    ("role", "may"), [("Viewer", False), ("Operator", False), ("Editor", True), ("Manager", False)]
)
def test_an_editor_may_write(world: World, robot: Any, role: str, may: bool) -> None:
    caller = granted(world, BOB, role)

    def check(name: str) -> None:
        assert (attempt(name, robot, caller).status_code in (200, 201, 204)) is may

    check_each(WRITES, alone(check))


def test_a_policy_on_a_service_id_covers_it_and_its_api_keys(world: World, robot: Any) -> None:
    this = (attribute("resourceType", "serviceid"), attribute("resource", robot["id"]))
    caller = granted(world, BOB, "Editor", more=this)
    other = make_service_id(apikey={"name": "first"})

    def check(name: str) -> None:
        assert attempt(name, robot, caller).status_code in (200, 201, 204)
        answer = attempt(name, other, caller)
        assert answer.status_code == (200 if name == "list-its-keys" else 403)
        assert name != "list-its-keys" or answer.json()["apikeys"] == []

    check_each(OF_ONE, alone(check))


def test_a_first_api_key_needs_the_action_for_api_keys(world: World) -> None:
    role = create_role(
        world.account,
        name="Creator",
        display_name="Creator",
        service_name="iam-identity",
        actions=["iam-identity.serviceid.create"],
        by=BY,
    )
    content = replace(make_content(BOB.iam_id, service="iam-identity"), roles=[role.crn])
    create_policy(world.account, content=content, api_version="v2", by=BY)
    body = {"name": "robot", "account_id": ACCOUNT}
    answer = call("POST", SERVICE_IDS, body | {"apikey": {"name": "first"}}, caller=BOB)
    assert refusal(answer) == (403, "not_authorized")
    assert call("POST", SERVICE_IDS, body, caller=BOB).status_code == 201
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("form", [" {}", "{} ", "\t{}"])
def test_an_iam_id_with_spaces_around_it_is_refused(world: World, robot: Any, form: str) -> None:
    """Otherwise, a policy on other API keys would make keys of every service ID."""
    caller = granted(world, BOB, "Editor", more=(attribute("resourceType", "apikey"),))
    answers = [
        call("POST", KEYS, {"name": "key", "iam_id": form.format(each)}, caller=caller)
        for each in (robot["iam_id"], BOB.iam_id)
    ]
    assert [answer.status_code in (400, 403) for answer in answers] == [True, True]
    assert ApiKey.objects.count() == 1


# --- people and their own -----------------------------------------------------------------------------------------


def test_a_person_manages_their_own_api_keys_without_any_policy(world: World) -> None:
    key = make_key(caller=BOB)
    path = f"{KEYS}/{key['id']}"
    requests: list[tuple[str, str, Any]] = [
        ("GET", KEYS, None),
        ("GET", f"{KEYS}?iam_id={BOB.iam_id}", None),
        ("GET", path, None),
        ("GET", f"{KEYS}/details", None),
        ("PUT", path, {"name": "new"}),
        ("POST", f"{path}/disable", None),
        ("DELETE", f"{path}/disable", None),
        ("POST", f"{path}/lock", None),
        ("DELETE", f"{path}/lock", None),
        ("DELETE", path, None),
    ]
    statuses = [
        call(method, where, body, caller=BOB, If_Match="*", IAM_ApiKey=key["apikey"]).status_code
        for method, where, body in requests
    ]
    assert statuses == [200, 200, 200, 200, 200, 204, 204, 204, 204, 204]


@pytest.mark.parametrize(
    ("method", "suffix", "body"), [("GET", "", None), ("PUT", "", {"name": "x"}), ("DELETE", "", None)]
)
def test_a_person_may_nothing_to_those_of_others(world: World, method: str, suffix: str, body: Any) -> None:
    path = f"{KEYS}/{make_key()['id']}{suffix}"
    assert refusal(call(method, path, body, caller=BOB, If_Match="*")) == (403, "not_authorized")


@pytest.mark.parametrize("query", ["?scope=account", f"?iam_id={ALICE.iam_id}"])
def test_a_person_lists_none_of_others(world: World, query: str) -> None:
    assert refusal(call("GET", f"{KEYS}{query}", caller=BOB)) == (403, "not_authorized")


def test_an_api_key_for_another_identity_cannot_be_created(world: World) -> None:
    """It would be as good as their password."""
    granted(world, BOB, "Administrator", "User API key creator")
    answer = call("POST", KEYS, {"name": "key", "iam_id": ALICE.iam_id}, caller=BOB)
    assert refusal(answer) == (400, "invalid_value")
    assert not ApiKey.objects.exists()


def test_a_profile_is_no_person_and_has_no_api_keys(world: World) -> None:
    caller = granted(world, caller_of(VICTOR), "Administrator")
    answer = call("POST", KEYS, {"name": "key", "iam_id": VICTOR}, caller=caller)
    assert refusal(answer) == (400, "invalid_value")


def test_an_administrator_may_disable_those_of_others(world: World) -> None:
    path = f"{KEYS}/{make_key()['id']}"
    assert call("POST", f"{path}/disable", caller=granted(world, BOB, "Administrator")).status_code == 204


# --- activity -----------------------------------------------------------------------------------------------------

EVENTS = {
    "list-keys": "iam-identity.user-apikey.read",
    "list-its-keys": "iam-identity.serviceid-apikey.read",
    "create-key": "iam-identity.serviceid-apikey.create",
    "get-key": "iam-identity.serviceid-apikey.read",
    "get-details": "iam-identity.serviceid-apikey.read",
    "update-key": "iam-identity.serviceid-apikey.update",
    "lock-key": "iam-identity.serviceid-apikey.update",
    "unlock-key": "iam-identity.serviceid-apikey.update",
    "disable-key": "iam-identity.serviceid-apikey.update",
    "enable-key": "iam-identity.serviceid-apikey.update",
    "delete-key": "iam-identity.serviceid-apikey.delete",
    "list": "iam-identity.account-serviceid.read",
    "create": "iam-identity.account-serviceid.create",
    "get": "iam-identity.account-serviceid.read",
    "update": "iam-identity.account-serviceid.update",
    "lock": "iam-identity.account-serviceid.update",
    "unlock": "iam-identity.account-serviceid.update",
    "delete": "iam-identity.account-serviceid.delete",
}


def test_an_operation_leaves_one_event(robot: Any) -> None:
    before = ActivityEvent.objects.count()

    def check(name: str) -> None:
        answer = attempt(name, robot, ALICE)
        [event] = ActivityEvent.objects.order_by("pk")[before:]
        assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "success", answer.status_code)
        assert (event.initiator_id, event.account_id, event.request_id) == (
            ALICE.iam_id,
            ACCOUNT,
            answer.headers["X-Request-Id"],
        )

    check_each(REQUESTS, alone(check))


def test_a_refused_operation_leaves_one_event(robot: Any) -> None:
    before = ActivityEvent.objects.count()

    def check(name: str) -> None:
        attempt(name, robot, BOB)
        [event] = ActivityEvent.objects.order_by("pk")[before:]
        assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "failure", 403)

    check_each(REQUESTS, alone(check))


def test_a_conflict_leaves_one_event(robot: Any) -> None:
    call("POST", f"{KEYS}/{robot['apikey']['id']}/lock")
    before = ActivityEvent.objects.count()
    call("DELETE", f"{KEYS}/{robot['apikey']['id']}")
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.outcome, event.reason_code, event.target_id) == ("failure", 409, robot["apikey"]["crn"])


@pytest.mark.parametrize("name", ["get-key", "update-key", "get-details", "disable-key"])
def test_the_event_names_the_api_key_by_crn(robot: Any, name: str) -> None:
    attempt(name, robot, ALICE)
    event = ActivityEvent.objects.order_by("-pk")[0]
    assert (event.target_id, event.target_name) == (robot["apikey"]["crn"], "first")


def test_an_api_key_that_is_made_with_its_service_id_has_an_event_of_its_own(world: World) -> None:
    service_id = make_service_id(apikey={"name": "first"})
    assert list(ActivityEvent.objects.order_by("pk").values_list("action", "target_id")) == [
        ("iam-identity.account-serviceid.create", service_id["crn"]),
        ("iam-identity.serviceid-apikey.create", service_id["apikey"]["crn"]),
    ]


@pytest.mark.parametrize("kind", [KEYS, SERVICE_IDS])
def test_the_event_of_what_is_not_there_keeps_the_id_asked_for(world: World, kind: str) -> None:
    call("GET", f"{kind}/unknown-1")
    event = ActivityEvent.objects.get()
    assert (event.target_id, event.reason_code) == ("unknown-1", 404)
