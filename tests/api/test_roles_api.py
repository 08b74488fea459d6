"""``GET /v2/roles``: what there is to grant."""

from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR, role_crn
from tests.tables import assert_none, assert_rows
from tests.world import ACCOUNT, OTHER_ACCOUNT, World
from trustedprofiles.actions import ACTIONS
from trustedprofiles.guarded import GuardedView


def listed(query: str = "") -> Any:
    return call("GET", f"/v2/roles{query}").json()


def test_the_three_kinds_of_roles_are_there(world: World) -> None:
    body = listed("?service_name=is")
    assert body["custom_roles"] == []
    assert [role["display_name"] for role in body["service_roles"]] == ["Reader", "Writer", "Manager"]
    assert [role["display_name"] for role in body["system_roles"]] == ["Viewer", "Operator", "Editor", "Administrator"]


def test_a_role_has_the_members_that_clients_read(world: World) -> None:
    role = listed("?service_name=is")["system_roles"][0]
    assert role["crn"] == role_crn("Viewer")
    assert role["description"]
    assert "is.bare-metal-server.bare-metal-server.list" in role["actions"]


def test_a_service_lists_its_own_actions(world: World) -> None:
    found = {service: listed(f"?service_name={service}")["service_roles"][-1]["actions"] for service in ACTIONS}
    assert_rows(found, {service: list(actions) for service, actions in ACTIONS.items()})


def test_without_a_service_all_actions_are_listed(world: World) -> None:
    queries = ["", "?service_name=alliamserviceroles", "?policy_type=access"]
    found = {query: len(listed(query)["service_roles"][-1]["actions"]) for query in queries}
    assert_rows(found, dict.fromkeys(queries, sum(map(len, ACTIONS.values()))))


def test_a_service_nobody_knows_has_the_roles_without_actions(world: World) -> None:
    assert {tuple(role["actions"]) for role in listed("?service_name=nobody")["system_roles"]} == {()}


def test_the_callers_account_may_be_named(world: World) -> None:
    assert listed(f"?account_id={ACCOUNT}&service_name=is&policy_type=access")["system_roles"]


def test_another_account_is_not_found(world: World) -> None:
    assert refusal(call("GET", f"/v2/roles?account_id={OTHER_ACCOUNT}")) == (404, "not_found")


def test_without_a_policy_nobody_may(world: World) -> None:
    assert refusal(call("GET", "/v2/roles", caller=caller_of(VICTOR))) == (403, "insufficent_permissions")


def guarded_views(resolver: URLResolver) -> list[Any]:
    found: list[Any] = []
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            found += guarded_views(each)
        elif isinstance(each, URLPattern) and issubclass(getattr(each.callback, "cls", object), GuardedView):
            found.append(each.callback)
    return found


def test_every_action_a_view_asks_for_can_be_granted() -> None:
    """Of every pattern: a view under a path with a slash at its end is documented nowhere, but guarded all the same."""
    known = {action for actions in ACTIONS.values() for action in actions}
    asked_for = {
        (callback.cls.__qualname__, method): operation.action
        for callback in guarded_views(get_resolver())
        for method, operation in callback.cls(**callback.initkwargs).operations.items()
    }
    assert_none({each: action for each, action in asked_for.items() if action not in known}, among=asked_for)
