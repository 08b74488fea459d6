"""Who may do what with bare metal servers: the owner all, a trusted profile what its policies grant."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers.models import BareMetalServer
from tests.api.calling import caller_of
from tests.api.vpc import SERVERS, Api
from tests.policies import VICTOR, attribute, make_content
from tests.tables import check_each, undone
from tests.world import World, make_profile, make_server
from trustedprofiles.models import ProfileLink
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
SERVER = SERVERS + "/{server}"
ROLES = ["Viewer", "Operator", "Editor", "Administrator"]
# Method, path, body, and the least role that may.
OPERATIONS: dict[str, tuple[str, str, Any, str]] = {
    "list": ("GET", SERVERS, None, "Viewer"),
    "get": ("GET", SERVER, None, "Viewer"),
    "initialization": ("GET", f"{SERVER}/initialization", None, "Viewer"),
    "disks": ("GET", f"{SERVER}/disks", None, "Viewer"),
    "interfaces": ("GET", f"{SERVER}/network_interfaces", None, "Viewer"),
    "keys": ("GET", "/v1/keys", None, "Viewer"),
    "subnets": ("GET", "/v1/subnets", None, "Viewer"),
    "regions": ("GET", "/v1/regions", None, "Viewer"),
    "restart": ("POST", f"{SERVER}/restart", None, "Operator"),
    "stop": ("POST", f"{SERVER}/stop", {"type": "soft"}, "Operator"),
    "create": ("POST", SERVERS, "prototype", "Editor"),
    "patch": ("PATCH", SERVER, {"name": "other"}, "Editor"),
    "delete": ("DELETE", SERVER, None, "Editor"),
}


def grant(world: World, *roles: str, **changes: Any) -> Api:
    create_policy(world.account, content=make_content(VICTOR, *roles, **changes), api_version="v1", by=BY)
    return Api(caller_of(VICTOR))


def perform(api: Api, name: str, server: BareMetalServer, prototype: dict[str, Any]) -> Any:
    method, path, body, _ = OPERATIONS[name]
    if name == "delete":
        BareMetalServer.objects.update(status="stopped")
    return api.call(method, path.format(server=server.id), prototype if body == "prototype" else body)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_suffices_from_the_least_one_on(
    world: World, server: BareMetalServer, prototype: dict[str, Any], role: str
) -> None:
    api = grant(world, role)

    def check(name: str) -> None:
        with undone():
            answer = perform(api, name, server, prototype)
        least = OPERATIONS[name][3]
        assert (answer.status_code == 403) == (ROLES.index(role) < ROLES.index(least))
        assert answer.status_code in (200, 201, 202, 204, 403)

    check_each(OPERATIONS, check)


def test_without_a_policy_all_is_refused_and_recorded_once_with_the_role_that_is_missing(
    server: BareMetalServer, prototype: dict[str, Any]
) -> None:
    def check(name: str) -> None:
        with undone():
            answer = perform(Api(caller_of(VICTOR)), name, server, prototype)
            event = ActivityEvent.objects.get(request_id=answer["X-Request-Id"])
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["code"]) == (403, "not_authorized")
        assert f"the role {OPERATIONS[name][3]} would allow it" in error["message"]
        assert (event.outcome, event.reason_code, event.reason_type) == ("failure", 403, "not_authorized")
        assert event.initiator_id == VICTOR

    check_each(OPERATIONS, check)


def test_a_refused_write_changes_nothing(world: World, server: BareMetalServer, prototype: dict[str, Any]) -> None:
    viewer = grant(world, "Viewer")
    before = list(BareMetalServer.objects.values())
    for name in ("restart", "stop", "create", "patch"):
        assert perform(viewer, name, server, prototype).status_code == 403
    assert list(BareMetalServer.objects.values()) == before


def test_a_policy_may_name_one_server(world: World, server: BareMetalServer) -> None:
    other = make_server(world.account, name="web-2")
    victor = grant(world, "Operator", more=(attribute("bareMetalServerId", server.id),))
    assert victor.call("POST", f"{SERVERS}/{server.id}/restart").status_code == 204
    assert victor.call("POST", f"{SERVERS}/{other.id}/restart").status_code == 403
    assert [each["id"] for each in victor.get(SERVERS).json()["bare_metal_servers"]] == [server.id]


def test_a_policy_on_one_resource_group_creates_nothing_in_it(
    world: World, server: BareMetalServer, prototype: dict[str, Any]
) -> None:
    # D-131
    group = server.resource_group_id
    victor = grant(world, "Editor", more=(attribute("resourceGroupId", group),))
    assert victor.get(f"{SERVERS}/{server.id}").status_code == 200
    answer = victor.call("POST", SERVERS, prototype | {"resource_group": {"id": group}})
    assert (answer.status_code, BareMetalServer.objects.count()) == (403, 1)


def test_a_policy_on_another_service_does_not_help(world: World, server: BareMetalServer) -> None:
    assert grant(world, "Administrator", service="iam-identity").get(SERVERS).status_code == 403


def test_a_refused_body_is_not_read(world: World) -> None:
    """Who may not create is not told what is wrong with the body."""
    assert grant(world, "Viewer").call("POST", SERVERS, b"{").status_code == 403


# --- becoming more than one is ----------------------------------------------------------------------------------


def with_profile(world: World, prototype: dict[str, Any], **default: Any) -> dict[str, Any]:
    profile = make_profile(world.account, name="powerful")
    prototype["initialization"]["default_trusted_profile"] = {"target": {"id": profile.id}, **default}
    return prototype


def test_who_may_create_servers_cannot_thereby_become_any_profile(world: World, prototype: dict[str, Any]) -> None:
    answer = grant(world, "Administrator").call("POST", SERVERS, with_profile(world, prototype))
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (403, "not_authorized")
    assert error["target"]["name"] == "initialization.default_trusted_profile"
    assert "on iam-identity with the role Editor would allow it" in error["message"]
    assert not ProfileLink.objects.exists()
    assert not BareMetalServer.objects.filter(name="new-1").exists()


def test_a_default_profile_that_is_not_linked_needs_no_more(world: World, prototype: dict[str, Any]) -> None:
    body = with_profile(world, prototype, auto_link=False)
    assert grant(world, "Editor").call("POST", SERVERS, body).status_code == 201


def test_who_may_link_profiles_may_have_it_done(world: World, prototype: dict[str, Any]) -> None:
    grant(world, "Editor", service="iam-identity")
    assert grant(world, "Editor").call("POST", SERVERS, with_profile(world, prototype)).status_code == 201
    assert ProfileLink.objects.exists()
