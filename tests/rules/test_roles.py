"""Which role grants what."""

import pytest

from trustedprofiles import roles

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


@pytest.mark.parametrize(("action", "least"), LEAST_ROLE.items(), ids=LEAST_ROLE.keys())
def test_an_action_is_granted_from_its_least_role_upwards_and_not_below(action: str, least: str) -> None:
    granting = [role.display_name for role in roles.SYSTEM_ROLES if roles.grants(role.crn, action)]
    everyone = [role.display_name for role in roles.SYSTEM_ROLES]
    assert granting == everyone[everyone.index(least) :]


@pytest.mark.parametrize(("action", "least"), LEAST_ROLE.items(), ids=LEAST_ROLE.keys())
def test_the_least_role_is_named_for_refusals(action: str, least: str) -> None:
    assert roles.least_role(action) == least


@pytest.mark.parametrize("action", sorted(sum(roles.ACTIONS.values(), ())))
def test_an_administrator_may_do_all(action: str) -> None:
    assert roles.grants(roles.SYSTEM_ROLES[-1].crn, action)


@pytest.mark.parametrize("role", roles.ROLES.values(), ids=lambda role: role.display_name)
@pytest.mark.parametrize(
    "action", ["", "is", "is.nobody.knows", "*", "is.*", f"{SERVER}.LIST", f"{SERVER}.", f"{SERVER}.-read"]
)
def test_an_action_with_an_unknown_verb_is_granted_by_no_role(role: roles.Role, action: str) -> None:
    assert not role.grants(action)


@pytest.mark.parametrize(
    "crn", ["", "Viewer", "crn:v1:bluemix:public:iam::::role:viewer", "crn:v1:bluemix:public:iam::::role:Emperor"]
)
def test_an_unknown_role_grants_nothing(crn: str) -> None:
    assert not any(roles.grants(crn, action) for actions in roles.ACTIONS.values() for action in actions)


def test_role_crns_are_ibms() -> None:
    assert roles.SYSTEM_ROLES[0].crn == "crn:v1:bluemix:public:iam::::role:Viewer"
    assert roles.SERVICE_ROLES[2].crn == "crn:v1:bluemix:public:iam::::serviceRole:Manager"


def test_actions_belong_to_the_service_they_are_listed_under() -> None:
    assert all(action.startswith(f"{service}.") for service, actions in roles.ACTIONS.items() for action in actions)


def test_a_viewers_actions_on_a_service_are_the_readings() -> None:
    assert roles.granted_actions(roles.SYSTEM_ROLES[0], "iam-identity") == [
        "iam-identity.profile.list",
        "iam-identity.profile.read",
    ]


def test_without_a_service_the_actions_of_all_are_listed() -> None:
    assert len(roles.granted_actions(roles.SYSTEM_ROLES[-1])) == sum(map(len, roles.ACTIONS.values()))


def test_an_unknown_service_has_no_actions() -> None:
    assert roles.granted_actions(roles.SYSTEM_ROLES[-1], "cloud-object-storage") == []
