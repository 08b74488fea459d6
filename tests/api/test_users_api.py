"""The people of an account, by IBM's unmodified client of user management."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ibm_platform_services import IamIdentityV1, UserManagementV1
from ibm_platform_services.user_management_v1 import UserList, UserProfile, UserSettings, UsersPager

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.caller import Caller
from identity.services.apikeys import create_api_key
from identity.services.grants import exchange_api_key
from tests.api.calling import call, caller_of, refusal
from tests.api.official import connected
from tests.policies import attribute, make_content
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World
from trustedprofiles.models import User
from trustedprofiles.services.policies import create_policy

USERS = f"/v2/accounts/{ACCOUNT}/users"
BOB = Caller(iam_id="IBMid-BOB0000001", account_id=ACCOUNT, name="Bob", sub_type="User")
BY = Party(ALICE.iam_id, "Alice", "User")
ROBOT = caller_of("iam-Profile-robot")


@pytest.fixture
def people(world: World) -> list[str]:
    """Alice, who owns the account, Bob, who is active, and Carol, who is not; Mallory is elsewhere."""
    described: dict[str, dict[str, Any]] = {
        "alice": {"iam_id": ALICE.iam_id, "email": "alice@example.com", "first_name": "Alice", "last_name": "Liddell"},
        "bob": {"iam_id": BOB.iam_id},
        "carol": {"iam_id": "IBMid-CAROL00001", "email": "carol@example.org", "is_active": False},
    }
    for name, fields in described.items():
        User.objects.create_user(name, account=world.account, **fields)
    User.objects.create_user("mallory", iam_id=MALLORY.iam_id, account=world.other_account)
    User.objects.create_user("without-iam-id", account=world.account)
    return list(described)


def listed(caller: Caller = ALICE, **query: Any) -> list[str]:
    """Who is in the list: names, and email addresses of those who have one."""
    page = connected(UserManagementV1, caller).list_users(ACCOUNT, **query).get_result()
    return [each["user_id"].partition("@")[0] for each in page["resources"]]


def allow(iam_id: str, role: str, world: World, **attributes: str) -> None:
    content = make_content(iam_id, role, service="user-management")
    content.resource.extend(attribute(name, value) for name, value in attributes.items())
    create_policy(world.account, content=content, api_version="v1", by=BY)


def restrict(setting: str = "RESTRICTED") -> None:
    connected(IamIdentityV1).update_account_settings(
        account_id=ACCOUNT, if_match="*", restrict_user_list_visibility=setting
    )


def test_the_list_is_what_ibms_client_reads(people: list[str]) -> None:
    answer = connected(UserManagementV1).list_users(ACCOUNT, include_settings=True).get_result()
    alice = UserList.from_dict(answer).resources[0]
    assert (alice.iam_id, alice.realm, alice.user_id, alice.firstname, alice.lastname, alice.state, alice.email) == (
        *(ALICE.iam_id, "IBMid", "alice@example.com", "Alice", "Liddell", "ACTIVE", "alice@example.com"),
    )
    assert (answer["total_results"], answer["limit"], alice.account_id) == (3, 100, ACCOUNT)
    assert UserSettings.from_dict(answer["resources"][0]["settings"]).self_manage is False


def test_one_user_is_read_with_settings_and_activity(people: list[str], keys: None) -> None:
    users = connected(UserManagementV1)
    in_list = users.list_users(ACCOUNT, user_id="alice@example.com").get_result()["resources"]
    assert [users.get_user_profile(ACCOUNT, ALICE.iam_id).get_result()] == in_list
    assert UserProfile.from_dict(in_list[0]).iam_id == ALICE.iam_id
    assert users.get_user_settings(ACCOUNT, ALICE.iam_id).get_result()["allowed_ip_addresses"] == ""
    account = User.objects.get(iam_id=ALICE.iam_id).account
    assert account is not None
    _, value = create_api_key(account, iam_id=ALICE.iam_id, name="own", by=BY)
    exchange_api_key(value, client_id="default", now=clock.now())
    activity = users.get_user_profile(ACCOUNT, ALICE.iam_id, include_activity="true").get_result()["activity"]
    assert activity["authn_count"] == 1


def test_pages_are_followed_by_ibms_pager_and_by_paths(people: list[str]) -> None:
    pager = UsersPager(client=connected(UserManagementV1), account_id=ACCOUNT, limit=2)
    assert [each["user_id"].partition("@")[0] for each in pager.get_all()] == people
    first = call("GET", f"{USERS}?limit=2").json()
    assert (first["first_url"], urlsplit(first["next_url"]).path) == (f"{USERS}?limit=2", USERS)
    assert "_start" in parse_qs(urlsplit(first["next_url"]).query)
    rest = call("GET", first["next_url"]).json()
    assert (rest["total_results"], len(rest["resources"]), "next_url" in rest) == (3, 1, False)


SEARCHES = {
    "state:ACTIVE": ["alice", "bob"],
    "state:suspended": ["carol"],
    "state:INVALID": [],
    "email:example": ["alice", "carol"],
    "email:EXAMPLE.ORG,firstname:ali": ["alice", "carol"],
    "lastname:lid": ["alice"],
    "iam_id:BOB": ["bob"],
    "userId:bob": ["bob"],
    "realm:ibmid": ["alice", "bob", "carol"],
    "realm:SL": [],
    "substate:x": [],
}


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_finds_substrings_of_properties(people: list[str], search: str) -> None:
    assert listed(search=search) == SEARCHES[search]


@pytest.mark.parametrize("query", ["search=bob", "search=colour:red", "limit=0", "limit=101", "_start=x"])
def test_what_is_no_query_is_refused(people: list[str], query: str) -> None:
    assert call("GET", f"{USERS}?{query}").status_code == 400


# --- who sees whom


def test_people_see_all_users_unless_the_account_restricts_the_list(people: list[str]) -> None:
    assert listed(BOB) == people
    restrict()
    assert listed(BOB) == ["bob"]
    restrict("NOT_RESTRICTED")
    assert listed(BOB) == people


def test_a_role_on_user_management_sees_a_restricted_list(people: list[str], world: World) -> None:
    restrict()
    allow(BOB.iam_id, "Viewer", world, resource=ALICE.iam_id)
    assert listed(BOB) == ["alice", "bob"]
    allow(BOB.iam_id, "Viewer", world)
    assert listed(BOB) == listed(ALICE) == people


def test_programs_see_what_policies_grant(people: list[str], world: World) -> None:
    assert call("GET", USERS, caller=ROBOT).status_code == 403
    allow(ROBOT.iam_id, "Viewer", world, resource=BOB.iam_id)
    assert call("GET", f"{USERS}/{ALICE.iam_id}", caller=ROBOT).status_code == 403
    assert call("GET", f"{USERS}/{BOB.iam_id}", caller=ROBOT).status_code == 200
    assert listed(ROBOT) == ["bob"]


def test_people_without_a_role_read_only_themselves(people: list[str]) -> None:
    for path in ("", "/settings"):
        assert call("GET", f"{USERS}/{BOB.iam_id}{path}", caller=BOB).status_code == 200
        assert refusal(call("GET", f"{USERS}/{ALICE.iam_id}{path}", caller=BOB))[0] == 403


def test_explanations_agree_with_the_list_of_users(people: list[str]) -> None:
    def decision(**resource: str) -> Any:
        question = {"subject": BOB.iam_id, "action": "user-management.user.retrieve"}
        return call("POST", "/_baremint/explain", question | ({"resource": resource} if resource else {})).json()[
            "decision"
        ]

    assert (decision(), decision(resource=BOB.iam_id), decision(resource=ALICE.iam_id)) == ("allow", "allow", "deny")


def test_users_of_another_account_are_not_found(people: list[str]) -> None:
    assert refusal(call("GET", USERS, caller=MALLORY)) == (404, "not_found")
    elsewhere = f"/v2/accounts/{OTHER_ACCOUNT}/users"
    assert refusal(call("GET", f"{elsewhere}/{BOB.iam_id}", caller=MALLORY)) == (404, "not_found")
    assert call("GET", elsewhere, caller=MALLORY).json()["total_results"] == 1


# --- writes


WRITES = {
    "invite_users": ("POST", USERS),
    "update_user_profile": ("PATCH", f"{USERS}/{BOB.iam_id}"),
    "remove_user": ("DELETE", f"{USERS}/{BOB.iam_id}"),
    "update_user_settings": ("PATCH", f"{USERS}/{BOB.iam_id}/settings"),
}


@pytest.mark.parametrize("name", WRITES)
def test_nothing_of_people_is_changed(people: list[str], name: str) -> None:
    method, path = WRITES[name]
    assert call(method, path, {}, caller=BOB).status_code == 403
    assert refusal(call(method, path, {})) == (400, "not_supported")


def test_an_invitation_is_told_what_makes_people(people: list[str]) -> None:
    assert "baremint person" in call("POST", USERS, {"users": []}).json()["errors"][0]["message"]


def test_reads_leave_ibms_events(people: list[str]) -> None:
    call("GET", USERS)
    call("GET", f"{USERS}/{BOB.iam_id}")
    call("GET", f"{USERS}/{BOB.iam_id}/settings")
    rows = ActivityEvent.objects.order_by("id").values_list("action", "target_id")
    assert list(rows) == [
        ("user-management.cloud-user.list", ACCOUNT),
        ("user-management.user.read", BOB.iam_id),
        ("user-management.user-setting.read", BOB.iam_id),
    ]
