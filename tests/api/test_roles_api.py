"""``GET /v2/roles``: what there is to grant."""

from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.api.calling import call, refusal
from tests.policies import role_crn
from tests.rules.test_service_roles import LISTED
from tests.tables import assert_none, assert_rows
from tests.world import ACCOUNT, OTHER_ACCOUNT, World
from trustedprofiles.actions import ACTIONS, IAM_SERVICES
from trustedprofiles.api_view import GuardedView
from trustedprofiles.roles import SYSTEM_ROLES, granted_actions
from trustedprofiles.service_roles import EVERY_ROLE


def listed(query: str = "") -> Any:
    return call("GET", f"/v2/roles{query}").json()


SYSTEM = ["Viewer", "Operator", "Editor", "Administrator", "Service Configuration Reader"]
QUERIES = {f"service_name={service}": names for service, names in LISTED.items()} | {
    "service_group_id=IAM": ["Groups Service Member Manage", "Service ID creator", "User API key creator"]
}


def test_each_service_and_group_lists_its_roles_by_ibms_crns(world: World) -> None:
    pairs, expected = {}, {}
    for query, names in QUERIES.items():
        body = listed(f"?{query}")
        assert body["custom_roles"] == []
        pairs[query] = [(role["display_name"], role["crn"]) for role in (*body["service_roles"], *body["system_roles"])]
        own = [name for name in names if name != "Key Manager"]
        last = ["Key Manager"] if own != names else []
        expected[query] = [(name, role_crn(name)) for name in (*own, *SYSTEM, *last)]
    assert_rows(pairs, expected)


def test_no_list_names_actions_of_another_service(world: World) -> None:
    foreign = {}
    for query in QUERIES:
        name = query.partition("=")[2]
        services = IAM_SERVICES if name == "IAM" else {name}
        body = listed(f"?{query}")
        actions = [each for role in (*body["service_roles"], *body["system_roles"]) for each in role["actions"]]
        if others := [each for each in actions if each.partition(".")[0] not in services]:
            foreign[query] = others
    assert_none(foreign, among=QUERIES)


def test_a_role_of_a_service_lists_what_it_grants(world: World) -> None:
    actions = {role["display_name"]: role["actions"] for role in listed("?service_group_id=IAM")["service_roles"]}
    assert actions["Service ID creator"] == ["iam-identity.serviceid.create"]
    assert actions["User API key creator"] == ["iam-identity.user-apikey.create"]


def test_a_role_has_the_members_that_clients_read(world: World) -> None:
    role = listed("?service_name=is")["system_roles"][0]
    assert role["crn"] == role_crn("Viewer")
    assert role["description"]
    assert "is.bare-metal-server.bare-metal-server.list" in role["actions"]


def test_a_service_lists_all_its_actions_by_some_role(world: World) -> None:
    actual_actions = {}
    for service in ACTIONS:
        body = listed(f"?service_name={service}")
        granted = {each for role in (*body["service_roles"], *body["system_roles"]) for each in role["actions"]}
        actual_actions[service] = [each for each in ACTIONS[service] if each not in granted]
    assert_none({service: actions for service, actions in actual_actions.items() if actions}, among=actual_actions)


def test_without_a_service_all_actions_are_listed(world: World) -> None:
    queries = ["", "?service_name=alliamserviceroles", "?policy_type=access"]
    counts = {query: len(listed(query)["system_roles"][3]["actions"]) for query in queries}
    administered = {query: len(granted_actions(SYSTEM_ROLES[3])) for query in queries}
    assert_rows(counts, administered)


def test_without_a_service_every_role_is_listed(world: World) -> None:
    body = listed("?service_name=alliamserviceroles")
    display_names = [role["display_name"] for role in (*body["service_roles"], *body["system_roles"])]
    assert sorted(display_names) == sorted(role.display_name for role in EVERY_ROLE)


def test_an_unknown_service_has_the_roles_without_actions(world: World) -> None:
    assert {tuple(role["actions"]) for role in listed("?service_name=unknown")["system_roles"]} == {()}


def test_an_unknown_group_of_services_has_platform_roles_without_actions(world: World) -> None:
    body = listed("?service_group_id=unknown")
    assert body["service_roles"] == []
    assert [(role["display_name"], role["actions"]) for role in body["system_roles"]] == [(name, []) for name in SYSTEM]


def test_the_callers_account_may_be_named(world: World) -> None:
    assert listed(f"?account_id={ACCOUNT}&service_name=is&policy_type=access")["system_roles"]


def test_another_account_is_not_found(world: World) -> None:
    assert refusal(call("GET", f"/v2/roles?account_id={OTHER_ACCOUNT}")) == (404, "not_found")


def guarded_views(resolver: URLResolver) -> list[Any]:
    actual_guarded_views: list[Any] = []
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            actual_guarded_views += guarded_views(each)
        elif isinstance(each, URLPattern) and issubclass(getattr(each.callback, "cls", object), GuardedView):
            actual_guarded_views.append(each.callback)
    return actual_guarded_views


def test_every_action_a_view_asks_for_can_be_granted() -> None:
    """Of every pattern: a view under a path with a slash at its end is documented nowhere, but is guarded too."""
    known_actions = {action for actions in ACTIONS.values() for action in actions}
    asked_for = {
        (callback.cls.__qualname__, method): operation.action
        for callback in guarded_views(get_resolver())
        for method, operation in callback.cls(**callback.initkwargs).operations.items()
    }
    assert_none({each: action for each, action in asked_for.items() if action not in known_actions}, among=asked_for)
