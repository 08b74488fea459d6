"""Which roles each service lists, and what each of them decides: IBM's tables, walked."""

from datetime import UTC, datetime

import pytest

from tests.policies import role_crn
from tests.tables import assert_none, assert_rows, check_each
from trustedprofiles.access import PolicyFacts, decide
from trustedprofiles.actions import ACTIONS
from trustedprofiles.policy_conditions import Condition
from trustedprofiles.roles import Role, granted_actions
from trustedprofiles.service_roles import EVERY_ROLE, PLATFORM_ROLES, ROLES, known_actions, own_roles

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
VICTOR = "iam-Profile-11111111-1111-4111-8111-111111111111"
LADDER = ["Viewer", "Operator", "Editor", "Administrator"]
GENERIC = ["Reader", "Writer", "Manager"]
COS, SERVER = "cloud-object-storage", "is.bare-metal-server.bare-metal-server"
INTERFACE = "is.virtual-network-interface.virtual-network-interface"
# What each service lists beside the platform roles that all list.
LISTED = {
    "is": [
        *GENERIC,
        "Bare Metal Advanced Network Operator",
        "Bare Metal Console Admin",
        "IP Spoofing Operator",
        "Console Administrator",
        "VPN Client",
        "DNS Binding Connector",
    ],
    COS: [*GENERIC, "Content Reader", "Object Reader", "Object Writer"],
    "iam-identity": ["Service ID creator", "User API key creator"],
    "iam-access-management": [],
    "user-management": [],
    "iam-groups": ["Groups Service Member Manage"],
    "resource-controller": ["Key Manager"],
    "global-search-tagging": [],
    "globalcatalog": [],
    "baremint": GENERIC,
    "kms": [*GENERIC, "ReaderPlus", "KeyPurge", "KmipAdapterManager"],
    "cloudantnosqldb": [*GENERIC, "Monitor"],
    "satellite": [*GENERIC, "Satellite Link Administrator"],
    "databases-for-none": GENERIC,
}
# All actions of operations that a role grants which does not grant by verb.
GRANTED = {
    "Service Configuration Reader": {"iam-identity.account.read"},
    "Bare Metal Advanced Network Operator": {
        f"{SERVER}.ip-spoofing",
        f"{SERVER}.infrastructure-nat",
        f"{INTERFACE}.manage-ip-spoofing",
        f"{INTERFACE}.manage-infrastructure-nat",
    },
    "Bare Metal Console Admin": {f"{SERVER}.console"},
    "DNS Binding Connector": {
        "is.vpc.vpc.read",
        "is.vpc.dns-resolution-binding.connect",
        "is.vpc.dns-resolution-binding.disconnect",
    },
    "Content Reader": {f"{COS}.{each}" for each in ("bucket.get", "bucket.head", "object.get", "object.head")},
    "Object Reader": {f"{COS}.object.get", f"{COS}.object.head"},
    "Object Writer": {
        f"{COS}.object.{each}"
        for each in (
            *("put", "post_initiate_upload", "put_part", "get_uploads", "post_complete_upload", "delete_upload"),
        )
    },
    "ReaderPlus": {
        *(f"kms.secrets.{each}" for each in ("readmetadata", "head", "list", "listkeyversions", "read")),
        *("kms.secrets.wrap", "kms.secrets.unwrap", "kms.secrets.rewrap", "kms.keyrings.list"),
        "kms.registrations.list",
    },
    "KeyPurge": {"kms.secrets.purge"},
    "Service ID creator": {"iam-identity.serviceid.create"},
    "User API key creator": {"iam-identity.user-apikey.create"},
    "Groups Service Member Manage": {"iam-groups.groups.list", "iam-groups.members.add"},
}
# What no platform role grants, not even Administrator, nor Manager.
OF_ONE_ROLE = {
    f"{SERVER}.console": "Bare Metal Console Admin",
    f"{SERVER}.ip-spoofing": "Bare Metal Advanced Network Operator",
    f"{SERVER}.infrastructure-nat": "Bare Metal Advanced Network Operator",
    "iam-identity.user-apikey.create": "User API key creator",
}
EVERY_ACTION = [action for actions in ACTIONS.values() for action in actions]


def named(name: str) -> Role:
    return ROLES[role_crn(name)]


def allowed(role: Role, *, on: Condition | None = None) -> set[str]:
    """The actions of operations that a policy with this role, on everything or on one service, lets its subject do."""
    policy = PolicyFacts("p1", VICTOR, (role,), (on,) if on else ())
    names = set()
    for service, actions in ACTIONS.items():
        for action in actions:
            if decide(iam_id=VICTOR, action=action, resource={"serviceName": service}, policies=[policy], now=NOW):
                names.add(action)
    return names


def test_each_service_lists_its_own_roles() -> None:
    display_names = {service: [role.display_name for role in own_roles(service=service)] for service in LISTED}
    assert_rows(display_names, LISTED)


def test_every_simulated_service_is_in_the_table() -> None:
    assert_none(ACTIONS.keys() - LISTED.keys(), among=LISTED)


def test_platform_roles_are_of_every_service() -> None:
    assert [role.display_name for role in PLATFORM_ROLES] == [*LADDER, "Service Configuration Reader"]


def test_a_role_of_one_service_decides_on_its_actions_and_on_no_others() -> None:
    by_verb = {*LADDER, *GENERIC}
    names = [role.display_name for role in EVERY_ROLE if role.display_name not in by_verb]
    expected = {name: GRANTED.get(name, set()) & set(EVERY_ACTION) for name in names}
    assert_rows({name: allowed(named(name)) for name in names}, expected)


def test_reader_writer_and_manager_decide_nothing_on_services_that_do_not_list_them() -> None:
    without = [service for service, roles in LISTED.items() if "Manager" not in roles]
    allowed_actions = {
        (name, service): {a for a in allowed(named(name)) if a.startswith(f"{service}.")}
        for name in GENERIC
        for service in without
    }
    assert_none({each: actions for each, actions in allowed_actions.items() if actions}, among=allowed_actions)


def test_each_role_listed_by_a_service_decides_there_as_the_list_says() -> None:
    """A role grants on a service exactly the actions with which ``GET /v2/roles`` lists it there."""
    results, expected = {}, {}
    for service in LISTED:
        for role in (*PLATFORM_ROLES, *own_roles(service=service)):
            on = Condition("serviceName", "stringEquals", service)
            results[service, role.display_name] = allowed(role, on=on)
            expected[service, role.display_name] = set(granted_actions(role, [service])) & set(EVERY_ACTION)
    assert_rows(results, expected)


@pytest.mark.parametrize("action", OF_ONE_ROLE)
def test_only_the_special_role_grants_what_needs_it(action: str) -> None:
    assert [role.display_name for role in EVERY_ROLE if role.grants(action)] == [OF_ONE_ROLE[action]]


def test_a_role_of_one_service_is_called_in_two_forms() -> None:
    def check(name: str) -> None:
        id = role_crn(name).rpartition(":")[2]
        service = "is" if name in LISTED["is"] else COS
        forms = [f"crn:v1:bluemix:public:{form}::::serviceRole:{id}" for form in ("iam", service)]
        assert [ROLES[form].display_name for form in forms] == [name, name]

    check_each([each for each in LISTED["is"] + LISTED[COS] if each not in GENERIC], check)


def test_names_and_crns_are_of_one_role_each() -> None:
    assert len({role.display_name for role in EVERY_ROLE}) == len({role.crn for role in EVERY_ROLE}) == len(EVERY_ROLE)


def test_the_group_iam_lists_the_roles_of_its_services() -> None:
    display_names = [role.display_name for role in own_roles(group="IAM")]
    assert sorted(display_names) == sorted([*LISTED["iam-identity"], *LISTED["iam-groups"]])


GROUPS = {
    ("service_group_id", "IAM"): ["iam-identity", "iam-access-management", "user-management"],
    ("serviceType", "platform_service"): [
        *("iam-identity", "iam-access-management", "user-management", "resource-controller")
    ],
    ("service_group_id", "other"): [],
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_policy_on_a_group_of_services_is_about_each_of_them(group: tuple[str, str]) -> None:
    allowed_actions = allowed(named("Administrator"), on=Condition(group[0], "stringEquals", group[1]))
    simulated = {action for service in GROUPS[group] for action in ACTIONS[service]} - OF_ONE_ROLE.keys()
    of_groups = {action for action in ACTIONS.get("iam-groups", ()) if GROUPS[group]}
    assert allowed_actions == simulated | of_groups


def test_a_simulated_service_knows_what_its_roles_list() -> None:
    unknown = {
        action
        for service in ACTIONS
        for role in own_roles(service=service)
        for action in granted_actions(role, [service])
        if action not in known_actions(service)
    }
    assert_none(unknown, among=ACTIONS)


def test_a_simulated_service_knows_no_action_of_another() -> None:
    foreign = {service: [a for a in known_actions(service) if not a.startswith(f"{service}.")] for service in ACTIONS}
    assert_none({service: actions for service, actions in foreign.items() if actions}, among=foreign)
