"""Roles of services over the API: policies take them in both versions, custom roles too, and requests obey them."""

from typing import Any

import pytest

from controlplane.activity.record import Party
from servers.models import BareMetalServer, Subnet
from tests.api.calling import call, caller_of, refusal
from tests.api.vpc import SERVERS, Api, errors
from tests.policies import OWN_ROLES, VICTOR, make_content, role_crn, v1_policy, v2_policy
from tests.rules.test_service_roles import LISTED
from tests.tables import alone, assert_rows, check_each, undone
from tests.world import ACCOUNT, World
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
CONSOLE, NETWORK = "Bare Metal Console Admin", "Bare Metal Advanced Network Operator"
BODIES = {"v1": v1_policy, "v2": v2_policy}
IS_FORMS = [f"crn:v1:bluemix:public:{form}::::serviceRole:BareMetalConsoleAdmin" for form in ("iam", "is")]


def granted(world: World, *roles: str, iam_id: str = VICTOR, **changes: Any) -> Api:
    create_policy(world.account, content=make_content(iam_id, *roles, **changes), api_version="v1", by=BY)
    return Api(caller_of(iam_id))


@pytest.mark.parametrize("version", BODIES)
def test_policies_take_each_role_that_a_service_lists_and_show_it(world: World, version: str) -> None:
    def check(name: str) -> None:
        answer = call("POST", f"/{version}/policies", BODIES[version](VICTOR, name))
        assert answer.status_code == 201, answer.content
        body = call("GET", f"/v2/policies/{answer.json()['id']}?format=display").json()
        [role] = body["control"]["grant"]["roles"]
        assert (role["role_id"], role["display_name"]) == (role_crn(name), name)

    check_each(sorted({*OWN_ROLES, *(name for names in LISTED.values() for name in names)}), alone(check))


@pytest.mark.parametrize("version", BODIES)
@pytest.mark.parametrize("form", IS_FORMS)
def test_a_policy_shows_the_form_in_which_a_role_was_called(world: World, version: str, form: str) -> None:
    body = v1_policy(roles=[{"role_id": form}])
    if version == "v2":
        body = v2_policy(control={"grant": {"roles": [{"role_id": form}]}})
    policy = call("POST", f"/{version}/policies", body).json()
    roles = call("GET", f"/v1/policies/{policy['id']}").json()["roles"]
    assert [(role["role_id"], role["display_name"]) for role in roles] == [(form, CONSOLE)]


UNKNOWN = [
    "crn:v1:bluemix:public:iam::::serviceRole:BareMetalConsole",
    "crn:v1:bluemix:public:kms::::serviceRole:BareMetalConsoleAdmin",
    "crn:v1:bluemix:public:iam::::role:BareMetalConsoleAdmin",
    "crn:v1:bluemix:public:is::::role:ConfigReader",
]


@pytest.mark.parametrize("crn", UNKNOWN)
def test_a_role_is_called_in_no_other_form(world: World, crn: str) -> None:
    answer = call("POST", "/v1/policies", v1_policy(roles=[{"role_id": crn}]))
    assert refusal(answer) == (400, "role_not_found")


# --- the console of a server -------------------------------------------------------------------------------------

CONSOLES: dict[tuple[str, ...], int] = {
    ("Viewer",): 403,
    ("Operator",): 403,
    ("Editor",): 403,
    ("Administrator",): 403,
    ("Manager",): 403,
    (CONSOLE,): 403,
    ("Viewer", CONSOLE): 403,
    ("Operator", "Console Administrator"): 403,
    ("Operator", CONSOLE): 200,
    ("Editor", CONSOLE): 200,
    ("Administrator", CONSOLE): 200,
    ("Administrator", NETWORK): 403,
}


def console(api: Api, server: BareMetalServer) -> Any:
    return api.call("POST", f"{SERVERS}/{server.id}/console_access_token", {"console_type": "vnc"})


def test_a_console_token_needs_operator_and_a_role_of_its_own(world: World, server: BareMetalServer) -> None:
    def status(roles: tuple[str, ...]) -> int:
        with undone():
            return int(console(granted(world, *roles), server).status_code)

    assert_rows({roles: status(roles) for roles in CONSOLES}, CONSOLES)


def test_the_roles_may_come_from_two_policies(world: World, server: BareMetalServer) -> None:
    granted(world, CONSOLE)
    assert console(granted(world, "Operator"), server).status_code == 200


@pytest.mark.parametrize("form", IS_FORMS)
def test_each_form_of_a_role_decides(world: World, server: BareMetalServer, form: str) -> None:
    api = granted(world, "Operator")
    call("POST", "/v1/policies", v1_policy(roles=[{"role_id": form}]))
    assert console(api, server).status_code == 200


def test_the_owner_of_the_account_has_a_console(api: Api, server: BareMetalServer) -> None:
    assert console(api, server).status_code == 200


def test_a_refused_administrator_is_told_the_role_that_is_missing(world: World, server: BareMetalServer) -> None:
    [error] = console(granted(world, "Administrator"), server).json()["errors"]
    assert f"with the role {CONSOLE} would allow it" in error["message"]


# --- IP spoofing and NAT -----------------------------------------------------------------------------------------

DARING = [{"allow_ip_spoofing": True}, {"enable_infrastructure_nat": False}]
# By what is asked for: roles and who may.
INTERFACES = {("Editor",): 403, ("Administrator",): 403, ("Manager",): 403, ("Editor", CONSOLE): 403}
INTERFACES |= {("Editor", "IP Spoofing Operator"): 403, ("Editor", NETWORK): 200, ("Administrator", NETWORK): 200}
VIRTUAL = INTERFACES | {("Administrator",): 200}
DECISIVE = [("Administrator",), ("Editor", NETWORK)]
"""Asked of every way; the other roles of one way each."""
WHOLE = ["an interface that is changed", "a virtual interface"]


def ways(server: BareMetalServer, prototype: dict[str, Any]) -> dict[str, tuple[str, str, Any, dict[Any, int]]]:
    """Name: method, path, the body without what is daring, with where that goes; and the table of roles."""
    interface = server.network_interfaces.get()
    subnet = {"id": Subnet.objects.get().id}
    vlan = {"subnet": subnet, "interface_type": "vlan", "vlan": 4}
    attachment = {key: value for key, value in prototype.items() if key != "primary_network_interface"}
    path = f"{SERVERS}/{server.id}/network_interfaces"
    return {
        "an interface that is changed": ("PATCH", f"{path}/{interface.id}", ([], {}), INTERFACES),
        "a new interface": ("POST", path, ([], vlan), INTERFACES),
        "a new server": ("POST", SERVERS, (["primary_network_interface"], prototype), INTERFACES),
        "a virtual interface": ("POST", "/v1/virtual_network_interfaces", ([], {"subnet": subnet}), VIRTUAL),
        "a new server with one": (
            "POST",
            SERVERS,
            (
                ["primary_network_attachment", "virtual_network_interface"],
                attachment | {"primary_network_attachment": {"virtual_network_interface": {"subnet": subnet}}},
            ),
            VIRTUAL,
        ),
    }


def with_daring(where: tuple[list[str], dict[str, Any]], asked: dict[str, bool]) -> dict[str, Any]:
    path, body = where
    if not path:
        return body | asked
    return body | {path[0]: with_daring((path[1:], body[path[0]]), asked)}


@pytest.mark.parametrize("asked", DARING, ids=["spoofing", "nat"])
def test_spoofing_and_doing_without_nat_need_a_role_of_their_own(
    world: World, prototype: dict[str, Any], server: BareMetalServer, asked: dict[str, bool]
) -> None:
    server.network_interfaces.update(allowed_vlans=[4])
    BareMetalServer.objects.filter(id=server.id).update(status="stopped")

    def status(method: str, path: str, body: dict[str, Any], roles: tuple[str, ...]) -> int:
        with undone():
            answer = granted(world, *roles).call(method, path, body)
        assert answer.status_code == 403 or answer.status_code < 300, answer.content
        if answer.status_code == 403:
            [(code, target)] = errors(answer)
            assert (code, target.rpartition(".")[2]) == ("not_authorized", *asked)
        return 403 if answer.status_code == 403 else 200

    statuses, expected = {}, {}
    for name, (method, path, where, table) in ways(server, prototype).items():
        for roles in table if name in WHOLE else DECISIVE:
            statuses[name, roles] = status(method, path, with_daring(where, asked), roles)
            expected[name, roles] = table[roles]
    assert_rows(statuses, expected)


# --- custom roles ------------------------------------------------------------------------------------------------

ROLE = {"name": "Own", "display_name": "Own", "account_id": ACCOUNT}
STORED = {
    "kms": ["kms.secrets.rotate", "kms.registrations.merge"],
    "iam-groups": ["iam-groups.groups.list"],
    "containers-kubernetes": ["containers-kubernetes.cluster.read"],
    "cloud-object-storage": ["cloud-object-storage.object.post_md", "cloud-object-storage.object.put"],
    "iam-identity": ["iam-identity.user-apikey.create", "iam-identity.profile.get"],
    "is": ["is.instance.instance.console", "is.vpc.vpc.operate", "is.bare-metal-server.bare-metal-server.console"],
    "is.bare-metal-server": ["is.bare-metal-server.bare-metal-server.console"],
}
REFUSED = {
    "an-action-of-a-simulated-service": ("kms", ["is.vpc.vpc.delete"]),
    "an-action-of-a-service-that-begins-alike": ("kms", ["kms-2.secrets.read"]),
    "an-action-without-a-service": ("kms", ["rotate"]),
    "a-simulated-action-that-is-none": ("is", ["is.vpc.vpc.destroy"]),
    "of-another-part": ("is.vpc", ["is.bare-metal-server.bare-metal-server.console"]),
    "no-service": ("*", ["*.secrets.read"]),
    "a-service-in-capitals": ("KMS", ["KMS.secrets.read"]),
    "a-service-with-a-newline": ("kms\n", ["kms\n.secrets.read"]),
}


def test_custom_roles_of_any_service_are_stored_and_listed(world: World) -> None:
    def check(service: str) -> None:
        answer = call("POST", "/v2/roles", ROLE | {"service_name": service, "actions": STORED[service]})
        assert answer.status_code == 201, answer.content
        [custom_role] = call("GET", f"/v2/roles?service_name={service}").json()["custom_roles"]
        assert (custom_role["id"], custom_role["actions"]) == (answer.json()["id"], STORED[service])
        policy = call("POST", "/v1/policies", v1_policy(roles=[{"role_id": custom_role["crn"]}]))
        assert policy.status_code == 201

    check_each(STORED, alone(check))


def test_a_group_lists_the_custom_roles_of_its_services(world: World) -> None:
    for service in ("iam-groups", "is"):
        name = service.replace("-", "").capitalize()
        body = ROLE | {"name": name, "service_name": service, "actions": STORED[service]}
        assert call("POST", "/v2/roles", body).status_code == 201
    custom_roles = call("GET", "/v2/roles?service_group_id=IAM").json()["custom_roles"]
    assert [role["service_name"] for role in custom_roles] == ["iam-groups"]


def test_a_custom_role_has_actions_of_its_service_alone(world: World) -> None:
    def check(name: str) -> None:
        service, actions = REFUSED[name]
        answer = call("POST", "/v2/roles", ROLE | {"service_name": service, "actions": actions})
        assert refusal(answer) == (400, "invalid_body")

    check_each(REFUSED, alone(check))


def test_a_custom_role_may_stand_for_the_special_one(world: World, server: BareMetalServer) -> None:
    role = call("POST", "/v2/roles", ROLE | {"service_name": "is", "actions": STORED["is"]}).json()
    api = granted(world, "Operator")
    call("POST", "/v1/policies", v1_policy(roles=[{"role_id": role["crn"]}]))
    assert console(api, server).status_code == 200
