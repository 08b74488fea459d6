"""``/v2/groups``: access groups, their members, and what the policies of a group let its members do."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from tests.api.calling import call, caller_of
from tests.policies import attribute, v1_attribute, v1_policy, v2_policy
from tests.world import ACCOUNT, MALLORY, OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import AccessGroup, GroupMember, Policy, TrustedProfile

GROUPS = f"/v2/groups?account_id={ACCOUNT}"
VPCS = "/v1/vpcs?version=2025-08-26&generation=2"
PUBLIC = "AccessGroupId-PublicAccess"
USER = "IBMid-BOB0000001"


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    return make_profile(world.account, name="victor")


@pytest.fixture
def group(world: World) -> str:
    return make_group()


def make_group(name: str = "admins", **more: Any) -> str:
    answer = call("POST", GROUPS, {"name": name, **more})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def add(group: str, iam_id: str, type: str = "profile", **who: Any) -> Any:
    return call("PUT", f"/v2/groups/{group}/members", {"members": [{"iam_id": iam_id, "type": type}]}, **who)


def group_policy(group: str, *roles: str, v1: bool = True) -> dict[str, Any]:
    if v1:
        return v1_policy("", *roles, subjects=[{"attributes": [v1_attribute("access_group_id", group)]}])
    return v2_policy("", *roles, subject={"attributes": [attribute("access_group_id", group)]})


def grant(group: str, *roles: str) -> str:
    answer = call("POST", "/v1/policies", group_policy(group, *roles))
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer.json()["errors"]]


def ids(answer: Any, of: str = "groups") -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["id"] for each in answer.json()[of]]


# --- groups -----------------------------------------------------------------------------------------------------


def test_a_group_is_answered_as_it_was_made_and_changed(group: str) -> None:
    answer = call("GET", f"/v2/groups/{group}")
    assert (answer.json()["name"], answer.json()["description"]) == ("admins", "")
    assert call("PATCH", f"/v2/groups/{group}", {"description": "all"}, If_Match="1-0").status_code == 412
    response = call("PATCH", f"/v2/groups/{group}", {"description": "all"}, If_Match=answer["ETag"])
    assert (response.status_code, response.json()["description"]) == (200, "all")
    assert response["ETag"] != answer["ETag"]


def test_names_are_told_apart_without_regard_to_case(group: str) -> None:
    assert codes(call("POST", GROUPS, {"name": "Admins"})) == ["conflict"]
    assert codes(call("POST", GROUPS, {"name": "public access"})) == ["conflict"]


def test_a_list_is_searched_sorted_and_paged(world: World) -> None:
    b, a = make_group("b", description="the second"), make_group("a")
    assert ids(call("GET", GROUPS)) == [a, b, PUBLIC]
    assert ids(call("GET", f"{GROUPS}&hide_public_access=true&sort=-name")) == [b, a]
    assert ids(call("GET", f"{GROUPS}&search=description:SECOND")) == [b]
    assert codes(call("GET", f"{GROUPS}&search=b")) == ["invalid_value"]
    page = call("GET", f"{GROUPS}&limit=2").json()
    assert ([each["id"] for each in page["groups"]], page["total_count"]) == ([a, b], 3)
    assert ids(call("GET", page["next"]["href"].removeprefix("http://testserver"))) == [PUBLIC]


def test_groups_of_a_member_are_those_it_was_added_to_and_public_access(group: str, profile: TrustedProfile) -> None:
    make_group("others")
    add(group, profile.iam_id)
    of_victor = f"{GROUPS}&iam_id={profile.iam_id}"
    assert ids(call("GET", of_victor)) == [group, PUBLIC]
    assert ids(call("GET", f"{of_victor}&membership_type=static")) == [group]
    assert ids(call("GET", f"{of_victor}&membership_type=dynamic")) == []
    [actual_group] = call("GET", f"{of_victor}&show_membership_type=true&hide_public_access=true").json()["groups"]
    assert actual_group["membership_type"] == "static"
    assert call("GET", f"{GROUPS}&iam_id=iam-Profile-missing").status_code == 404


def test_a_group_with_members_is_deleted_by_force_alone_and_its_policies_go_with_it(
    group: str, profile: TrustedProfile
) -> None:
    add(group, profile.iam_id)
    grant(group)
    assert codes(call("DELETE", f"/v2/groups/{group}")) == ["conflict"]
    assert call("DELETE", f"/v2/groups/{group}?force=true").status_code == 204
    assert not any(model.objects.exists() for model in (AccessGroup, GroupMember, Policy))


def test_another_accounts_group_reads_like_none(group: str) -> None:
    for path in ("", "/members", f"/members/{USER}", "/rules", "/rules/ClaimRule-1"):
        answers = [call("GET", f"/v2/groups/{id}{path}", caller=MALLORY) for id in (group, "AccessGroupId-none")]
        assert answers[0].status_code == answers[1].status_code
        assert codes(answers[0]) == codes(answers[1])
    assert ids(call("GET", f"/v2/groups?account_id={OTHER_ACCOUNT}", caller=MALLORY)) == [PUBLIC]
    assert call("GET", GROUPS, caller=MALLORY).status_code == 404


# --- members ----------------------------------------------------------------------------------------------------


def test_what_is_no_iam_id_of_a_user_is_no_member(world: World, group: str) -> None:
    members = [{"iam_id": f"IBMid-{rest}", "type": "user"} for rest in ("", "a b", "a\nb", "../b", "é", "x" * 59)]
    answer = call("PUT", f"/v2/groups/{group}/members", {"members": members}).json()
    assert {each["status_code"] for each in answer["members"]} == {404}


def test_each_member_of_a_call_has_an_outcome_of_its_own(world: World, group: str, profile: TrustedProfile) -> None:
    foreign = make_profile(world.other_account, name="foreign")
    identities = [(profile.iam_id, "profile"), (USER, "user"), (foreign.iam_id, "profile"), (profile.iam_id, "user")]
    identities += [("iam-Profile-missing", "profile"), (group, "profile")]
    members = [{"iam_id": iam_id, "type": type} for iam_id, type in identities]
    answer = call("PUT", f"/v2/groups/{group}/members", {"members": members})
    assert answer.status_code == 207
    assert [each["status_code"] for each in answer.json()["members"]] == [200, 200, 404, 400, 404, 404]
    body = call("GET", f"/v2/groups/{group}/members?verbose=true").json()
    assert [each["iam_id"] for each in body["members"]] == [profile.iam_id, USER]
    assert body["members"][0]["name"] == "victor"
    assert body["total_count"] == 2


def test_membership_is_answered_by_head(group: str) -> None:
    path = f"/v2/groups/{group}/members/{USER}"
    assert call("HEAD", path).status_code == 404
    add(group, USER, "user")
    assert call("HEAD", path).status_code == 204
    assert call("DELETE", path).status_code == 204
    assert call("HEAD", path).status_code == 404
    assert call("DELETE", path).status_code == 404


def test_several_members_leave_at_once(group: str, profile: TrustedProfile) -> None:
    add(group, profile.iam_id)
    path, removal = f"/v2/groups/{group}/members/delete", {"members": [profile.iam_id, USER]}
    answer = call("POST", path, removal)
    assert answer.status_code == 207
    assert [each["status_code"] for each in answer.json()["members"]] == [204, 404]
    assert group in call("POST", path, removal).json()["errors"][0]["message"]


def test_one_member_joins_several_groups_and_leaves_all(group: str, profile: TrustedProfile) -> None:
    path, other = f"/v2/groups/_allgroups/members/{profile.iam_id}?account_id={ACCOUNT}", make_group("others")
    answer = call("PUT", path, {"type": "profile", "groups": [group, "AccessGroupId-none", other]})
    assert [each["status_code"] for each in answer.json()["groups"]] == [200, 404, 200]
    response = call("DELETE", path)
    assert (response.status_code, sorted(each["access_group_id"] for each in response.json()["groups"])) == (
        207,
        sorted([group, other]),
    )
    assert profile.iam_id in call("DELETE", path).json()["errors"][0]["message"]


def test_memberships_go_with_their_subject(group: str, profile: TrustedProfile) -> None:
    service_id = call("POST", "/v1/serviceids", {"name": "program", "account_id": ACCOUNT}).json()
    add(group, profile.iam_id)
    add(group, service_id["iam_id"], "service")
    assert GroupMember.objects.count() == 2
    for path in (f"/v1/profiles/{profile.id}", f"/v1/serviceids/{service_id['id']}"):
        assert call("DELETE", path).status_code == 204
        assert ActivityEvent.objects.filter(action__endswith=".delete").latest("pk").data["access_groups"] == [group]
    assert not GroupMember.objects.exists()


# --- what they may do -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("v1", [True, False], ids=["v1", "v2"])
def test_a_policy_of_a_group_is_made_found_and_replaced(group: str, v1: bool) -> None:
    base = "/v1/policies" if v1 else "/v2/policies"
    answer = call("POST", base, group_policy(group, v1=v1))
    assert answer.status_code == 201, answer.content
    subject = answer.json()["subjects"][0] if v1 else answer.json()["subject"]
    assert subject["attributes"][0]["value"] == group
    policies = call("GET", f"{base}?account_id={ACCOUNT}&access_group_id={group}").json()["policies"]
    assert [each["id"] for each in policies] == [answer.json()["id"]]
    assert call("GET", f"{base}?account_id={ACCOUNT}&iam_id={group}").json()["policies"] == []
    assert call("GET", f"{base}?account_id={ACCOUNT}&access_group_id={USER}").json()["policies"] == []
    path = f"{base}/{answer.json()['id']}"
    replaced = call("PUT", path, group_policy(make_group("others"), v1=v1), If_Match=answer["ETag"])
    assert replaced.status_code == 200
    assert Policy.objects.get().access_group.name == "others"


@pytest.mark.parametrize(
    "subject",
    [
        [v1_attribute("iam_id", "AccessGroupId-1")],
        [v1_attribute("iam_id", "accessgroupid-publicaccess")],
        [v1_attribute("access_group_id", "AccessGroupId-missing")],
        [v1_attribute("access_group_id", "FOREIGN")],
        [v1_attribute("access_group_id", USER)],
        [v1_attribute("iam_id", USER), v1_attribute("access_group_id", PUBLIC)],
    ],
)
def test_a_policy_names_a_group_of_the_account_as_a_group_or_is_refused(
    world: World, subject: list[dict[str, Any]]
) -> None:
    foreign = call("POST", f"/v2/groups?account_id={OTHER_ACCOUNT}", {"name": "theirs"}, caller=MALLORY).json()["id"]
    attributes = [each | {"value": each["value"].replace("FOREIGN", foreign)} for each in subject]
    answer = call("POST", "/v1/policies", v1_policy(subjects=[{"attributes": attributes}]))
    assert answer.status_code == 400, answer.content
    assert not Policy.objects.exists()


def test_a_member_may_do_what_its_group_may_and_no_longer_once_it_left(group: str, profile: TrustedProfile) -> None:
    policy, victor = grant(group), caller_of(profile.iam_id)
    assert call("GET", VPCS, caller=victor).status_code == 403
    add(group, profile.iam_id)
    assert call("GET", VPCS, caller=victor).status_code == 200
    question = f"/_baremint/explain?subject={profile.iam_id}&action=is.vpc.vpc.list"
    explained = call("GET", question).json()
    assert explained["because"] == f"policy {policy} of access group admins grants Viewer"
    assert explained["decided_by"]["access_group"] == {"id": group, "name": "admins"}
    call("DELETE", f"/v2/groups/{group}/members/{profile.iam_id}")
    assert call("GET", VPCS, caller=victor).status_code == 403


def test_a_list_shows_a_member_what_its_group_may_see(group: str, profile: TrustedProfile) -> None:
    for name in ("mine", "other"):
        call("POST", "/v1/profiles", {"name": name, "account_id": ACCOUNT})
    one = call("GET", f"/v1/profiles?account_id={ACCOUNT}&name=mine").json()["profiles"][0]
    mine = [v1_attribute("resourceType", "profile"), v1_attribute("resource", one["id"])]
    resource = {"attributes": [v1_attribute("accountId", ACCOUNT), v1_attribute("serviceName", "iam-identity"), *mine]}
    call("POST", "/v1/policies", group_policy(group) | {"resources": [resource]})
    add(group, profile.iam_id)
    answer = call("GET", f"/v1/profiles?account_id={ACCOUNT}", caller=caller_of(profile.iam_id))
    assert [each["name"] for each in answer.json()["profiles"]] == ["mine"]


def test_every_member_of_the_account_may_do_what_public_access_may_until_it_is_turned_off(
    world: World, profile: TrustedProfile
) -> None:
    settings, victor = f"/v2/groups/settings?account_id={ACCOUNT}", caller_of(profile.iam_id)
    policy = grant(PUBLIC)
    assert call("GET", VPCS, caller=victor).status_code == 200
    assert call("GET", settings).json()["public_access_enabled"] is True
    off = call("PATCH", settings, {"public_access_enabled": False})
    assert (off.json()["public_access_enabled"], "last_modified_by_id" in off.json()) == (False, True)
    assert call("GET", VPCS, caller=victor).status_code == 403
    assert call("POST", "/v1/policies", group_policy(PUBLIC)).status_code == 400
    etag = call("GET", f"/v1/policies/{policy}")["ETag"]
    assert call("PATCH", f"/v1/policies/{policy}", {"state": "active"}, If_Match=etag).status_code == 400
    assert call("GET", VPCS, caller=victor).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"name": "else"}),
        ("DELETE", "", None),
        ("PUT", "/members", {"members": [{"iam_id": USER, "type": "user"}]}),
        (
            "POST",
            "/rules",
            {"expiration": 1, "realm_name": "r", "conditions": [{"claim": "a", "operator": "EQUALS", "value": "1"}]},
        ),
    ],
)
def test_public_access_is_not_to_be_changed(world: World, method: str, path: str, body: Any) -> None:
    answer = call(method, f"/v2/groups/{PUBLIC}{path}", body, If_Match="*")
    assert (answer.status_code, codes(answer)) == (400, ["reserved_value"])


@pytest.mark.parametrize(
    ("role", "statuses"), [("Viewer", (200, 403, 403)), ("Editor", (200, 207, 403)), ("Administrator", (200, 207, 200))]
)
def test_roles_on_access_groups_are_ibms(
    world: World, group: str, profile: TrustedProfile, role: str, statuses: tuple[int, ...]
) -> None:
    resource = {"attributes": [v1_attribute("accountId", ACCOUNT), v1_attribute("serviceName", "iam-groups")]}
    call("POST", "/v1/policies", v1_policy(profile.iam_id, role, resources=[resource]))
    victor = caller_of(profile.iam_id)
    answers = (
        call("GET", GROUPS, caller=victor),
        add(group, USER, "user", caller=victor),
        call("PATCH", f"/v2/groups/settings?account_id={ACCOUNT}", {}, caller=victor),
    )
    assert tuple(each.status_code for each in answers) == statuses


def test_who_may_see_one_group_sees_and_fills_that_one(group: str, profile: TrustedProfile) -> None:
    other = make_group("others")
    one = [v1_attribute("resourceType", "groups"), v1_attribute("resource", group)]
    resource = {"attributes": [v1_attribute("accountId", ACCOUNT), v1_attribute("serviceName", "iam-groups"), *one]}
    call("POST", "/v1/policies", v1_policy(profile.iam_id, "Editor", resources=[resource]))
    victor = caller_of(profile.iam_id)
    assert ids(call("GET", GROUPS, caller=victor)) == [group]
    path = f"/v2/groups/_allgroups/members/{USER}?account_id={ACCOUNT}"
    answer = call("PUT", path, {"type": "user", "groups": [group, other]}, caller=victor)
    assert [each["status_code"] for each in answer.json()["groups"]] == [200, 404]


# --- rules ------------------------------------------------------------------------------------------------------


def test_a_rule_is_kept_as_it_was_sent_and_makes_its_group_federated(group: str) -> None:
    condition = {"claim": "department", "operator": "EQUALS", "value": '"sales"'}
    body = {"expiration": 12, "realm_name": "https://idp.example.com", "conditions": [condition], "name": "sales"}
    rules = f"/v2/groups/{group}/rules"
    answer = call("POST", rules, body)
    assert answer.status_code == 201, answer.content
    assert {name: answer.json()[name] for name in body} == body
    path = f"{rules}/{answer.json()['id']}"
    replaced = call("PUT", path, body | {"expiration": 24}, If_Match=answer["ETag"])
    assert (replaced.status_code, replaced.json()["expiration"]) == (200, 24)
    assert call("PUT", path, body, If_Match=answer["ETag"]).status_code == 412
    assert call("GET", f"/v2/groups/{group}?show_federated=true").json()["is_federated"] is True
    assert [each["id"] for each in call("GET", rules).json()["rules"]] == [answer.json()["id"]]
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404


@pytest.mark.parametrize("change", [{"expiration": 25}, {"expiration": 0}, {"realm_name": ""}, {"conditions": []}])
def test_a_rule_that_is_none_is_refused(group: str, change: dict[str, Any]) -> None:
    condition = {"claim": "department", "operator": "EQUALS", "value": '"sales"'}
    body = {"expiration": 12, "realm_name": "https://idp.example.com", "conditions": [condition]}
    assert call("POST", f"/v2/groups/{group}/rules", body | change).status_code == 400


def test_a_custom_role_is_made_of_actions_on_access_groups(world: World) -> None:
    role = {"name": "Own", "display_name": "Own", "account_id": ACCOUNT, "service_name": "iam-groups"}
    assert call("POST", "/v2/roles", role | {"actions": ["iam-groups.members.add"]}).status_code == 201
