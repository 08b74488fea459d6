"""Which role grants what."""

from collections.abc import Iterable

from tests.tables import assert_none, assert_rows
from trustedprofiles import roles
from trustedprofiles.actions import ACTIONS
from trustedprofiles.service_roles import EVERY_OWN_ROLE, EVERY_ROLE, least_role

SERVER = "is.bare-metal-server.bare-metal-server"
VIEWER, OPERATOR, EDITOR, ADMINISTRATOR = (role.display_name for role in roles.SYSTEM_ROLES)

# IBM's role definitions for VPC infrastructure: view; also operate; also change; also manage access.
LEAST_ROLE = {
    f"{SERVER}.list": VIEWER,
    f"{SERVER}.read": VIEWER,
    "is.bare-metal-server.initialization.read": VIEWER,
    "is.bare-metal-server.disk.read": VIEWER,
    f"{SERVER}.operate": OPERATOR,
    f"{SERVER}.create": EDITOR,
    f"{SERVER}.update": EDITOR,
    f"{SERVER}.delete": EDITOR,
    "is.bare-metal-server.initialization.update": EDITOR,
    "is.bare-metal-server.bare-metal-server-firmware.update": EDITOR,
    "iam-identity.profile.read": VIEWER,
    "iam-identity.profile.update": EDITOR,
    "iam-identity.profile.linkToResource": EDITOR,
    "iam-access-management.policy.read": VIEWER,
    "iam-access-management.policy.create": ADMINISTRATOR,
    "iam-access-management.policy.update": ADMINISTRATOR,
    "iam-access-management.policy.delete": ADMINISTRATOR,
    "resource-controller.group.read": VIEWER,
    "resource-controller.group.create": EDITOR,
    "resource-controller.group.update": EDITOR,
    "resource-controller.group.delete": EDITOR,
    "global-search-tagging.resource.read": VIEWER,
    "global-search-tagging.tag.read": VIEWER,
    "global-search-tagging.tag.attach-user-tag": EDITOR,
    "global-search-tagging.tag.detach-user-tag": EDITOR,
    "global-search-tagging.tag.delete-user-tag": EDITOR,
    "global-search-tagging.tag.attach-access-tag": ADMINISTRATOR,
    "global-search-tagging.tag.detach-access-tag": ADMINISTRATOR,
    "global-search-tagging.tag.create-access-tag": ADMINISTRATOR,
    "global-search-tagging.tag.delete-access-tag": ADMINISTRATOR,
}


def test_an_action_is_granted_from_its_least_role_upwards_and_not_below() -> None:
    everyone = [role.display_name for role in roles.SYSTEM_ROLES]
    granting = {
        action: [role.display_name for role in roles.SYSTEM_ROLES if role.grants(action)] for action in LEAST_ROLE
    }
    assert_rows(granting, {action: everyone[everyone.index(least) :] for action, least in LEAST_ROLE.items()})


def least_roles(actions: Iterable[str]) -> dict[str, str | None]:
    """Display names."""
    roles_by_action = {action: least_role(action) for action in actions}
    return {action: role.display_name if role else None for action, role in roles_by_action.items()}


def test_the_least_role_is_named_for_refusals() -> None:
    assert_rows(least_roles(LEAST_ROLE), LEAST_ROLE)


def test_an_administrator_and_the_roles_of_the_services_may_do_all() -> None:
    largest = (roles.SYSTEM_ROLES[-1], roles.SERVICE_ROLES[-1], *EVERY_OWN_ROLE)
    actions = sum(ACTIONS.values(), ())
    assert_none([each for each in actions if not any(role.grants(each) for role in largest)], among=actions)


NO_ACTIONS = ["", "is", "is.unknown.action", "*", "is.*", f"{SERVER}.LIST", f"{SERVER}.", f"{SERVER}.-read"]


def test_an_action_with_an_unknown_verb_is_granted_by_no_role() -> None:
    granted = {
        action: granting
        for action in NO_ACTIONS
        if (granting := [role.display_name for role in EVERY_ROLE if role.grants(action)])
    }
    assert_none(granted, among=EVERY_ROLE)


def test_role_crns_are_ibms() -> None:
    assert roles.SYSTEM_ROLES[0].crn == "crn:v1:bluemix:public:iam::::role:Viewer"
    assert roles.SERVICE_ROLES[2].crn == "crn:v1:bluemix:public:iam::::serviceRole:Manager"


def test_actions_belong_to_the_service_they_are_listed_under() -> None:
    foreign = [each for service, actions in ACTIONS.items() for each in actions if not each.startswith(f"{service}.")]
    assert_none(foreign, among=ACTIONS)


def test_a_viewers_actions_on_a_service_are_the_readings() -> None:
    assert roles.granted_actions(roles.SYSTEM_ROLES[0], ["iam-identity"]) == [
        "iam-identity.account.read",
        "iam-identity.apikey.list",
        "iam-identity.apikey.read",
        "iam-identity.preferences.read",
        "iam-identity.profile.list",
        "iam-identity.profile.read",
        "iam-identity.serviceid.list",
        "iam-identity.serviceid.read",
    ]


def test_without_a_service_the_actions_of_all_are_listed() -> None:
    assert {each.partition(".")[0] for each in roles.granted_actions(roles.SYSTEM_ROLES[-1])} == {
        service for service in ACTIONS if service not in roles.DATA_SERVICES
    }


def test_an_unknown_service_has_no_actions() -> None:
    assert roles.granted_actions(roles.SERVICE_ROLES[-1], ["databases-for-none"]) == []


COS = "cloud-object-storage"
READING = [f"{COS}.account.get_account_buckets", f"{COS}.bucket.get", f"{COS}.object.head", f"{COS}.object.get"]
WRITING = [f"{COS}.bucket.put_bucket", f"{COS}.bucket.delete_bucket", f"{COS}.object.put", f"{COS}.object.delete"]


def test_platform_roles_grant_nothing_on_data() -> None:
    granted = [each for each in READING + WRITING if any(role.grants(each) for role in roles.SYSTEM_ROLES)]
    assert_none(granted, among=roles.SYSTEM_ROLES)


def test_a_reader_reads_data_and_a_writer_writes_it() -> None:
    expected = dict.fromkeys(READING, "Reader") | dict.fromkeys(WRITING, "Writer")
    assert_rows(least_roles(expected), expected)


def test_a_custom_role_grants_the_actions_it_lists_and_no_other() -> None:
    crn = "crn:v1:ibmcloud:public:iam-access-management::a/1::customRole:Starter"
    starter = roles.Role(crn, "Starter", "", "custom", actions=frozenset({f"{SERVER}.operate"}))
    assert roles.granted_actions(starter) == [f"{SERVER}.operate"]


def test_no_role_grants_an_action_that_is_none() -> None:
    assert least_role("is.unknown.action") is None
