"""The unmodified ``ibm-platform-services`` clients, wired to the control plane without a network between them.

What comes back goes through the clients' own models, which insist on every member they call required.
"""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from ibm_platform_services import (
    GlobalSearchV2,
    GlobalTaggingV1,
    IamIdentityV1,
    IamPolicyManagementV1,
    ResourceManagerV2,
)
from ibm_platform_services.global_search_v2 import ScanResult
from ibm_platform_services.global_tagging_v1 import (
    CreateTagResults,
    DeleteTagResults,
    DeleteTagsResult,
    QueryString,
    Resource,
    TagList,
    TagResults,
)
from ibm_platform_services.iam_identity_v1 import ProfileLink, ProfileLinkList, TrustedProfile, TrustedProfilesList
from ibm_platform_services.iam_policy_management_v1 import (
    ControlResponseControlWithEnrichedRoles,
    Policy,
    PolicyCollection,
    RoleCollection,
    V2PoliciesPager,
    V2Policy,
    V2PolicyCollection,
)
from ibm_platform_services.resource_manager_v2 import ResCreateResourceGroup, ResourceGroup, ResourceGroupList

from tests.build import FACTS
from tests.policies import VICTOR, role_crn, v1_policy, v2_policy
from tests.world import ACCOUNT


@pytest.fixture
def iam(connect: Callable[[Any], Any]) -> Any:
    return connect(IamIdentityV1)


@pytest.fixture
def policies(connect: Callable[[Any], Any]) -> Any:
    return connect(IamPolicyManagementV1)


@pytest.fixture
def groups(connect: Callable[[Any], Any]) -> Any:
    return connect(ResourceManagerV2)


@pytest.fixture
def tagging(connect: Callable[[Any], Any]) -> Any:
    return connect(GlobalTaggingV1)


@pytest.fixture
def search(connect: Callable[[Any], Any]) -> Any:
    return connect(GlobalSearchV2)


@pytest.fixture
def profile(iam: Any) -> dict[str, Any]:
    new_profile: dict[str, Any] = iam.create_profile(name="web", account_id=ACCOUNT, description="d").get_result()
    return new_profile


# --- trusted profiles ---------------------------------------------------------------------------------------------


def test_a_profile_is_created_and_read(iam: Any, profile: dict[str, Any]) -> None:
    fetched_profile = iam.get_profile(profile["id"], include_activity=False)
    assert TrustedProfile.from_dict(fetched_profile.get_result()) == TrustedProfile.from_dict(profile)
    assert fetched_profile.get_headers()["ETag"] == profile["entity_tag"]


def test_a_profile_is_updated_with_its_entity_tag(iam: Any, profile: dict[str, Any]) -> None:
    updated_profile = iam.update_profile(profile["id"], profile["entity_tag"], name="db", description="").get_result()
    assert TrustedProfile.from_dict(updated_profile).name == "db"


def test_a_profile_is_deleted(iam: Any, profile: dict[str, Any]) -> None:
    assert iam.delete_profile(profile["id"]).get_status_code() == 204
    with pytest.raises(ApiException, match="no trusted profile") as error:
        iam.get_profile(profile["id"])
    assert error.value.status_code == 404


def test_profiles_are_paged_by_the_token_in_next(iam: Any) -> None:
    for name in ("a", "b", "c"):
        iam.create_profile(name=name, account_id=ACCOUNT)
    first = TrustedProfilesList.from_dict(iam.list_profiles(ACCOUNT, pagesize=2, sort="name", order="asc").get_result())
    token = requests.utils.unquote(first.next.partition("pagetoken=")[2].partition("&")[0])
    second = iam.list_profiles(ACCOUNT, pagesize=2, sort="name", order="asc", pagetoken=token).get_result()
    assert [each.name for each in first.profiles] == ["a", "b"]
    assert [each["name"] for each in second["profiles"]] == ["c"]


def test_a_link_is_created_listed_read_and_deleted(iam: Any, profile: dict[str, Any]) -> None:
    link = iam.create_link(profile["id"], cr_type="BMS", link={"crn": FACTS.crn}, name="web-1").get_result()
    links = ProfileLinkList.from_dict(iam.list_links(profile["id"]).get_result()).links
    assert links == [ProfileLink.from_dict(iam.get_link(profile["id"], link["id"]).get_result())]
    assert iam.delete_link(profile["id"], link["id"]).get_status_code() == 204
    assert iam.list_links(profile["id"]).get_result() == {"links": []}


def test_a_link_is_deleted_by_parameters(iam: Any, profile: dict[str, Any]) -> None:
    iam.create_link(profile["id"], cr_type="BMS", link={"crn": FACTS.crn})
    assert iam.delete_link_by_parameters(profile["id"], type="BMS", crn=FACTS.crn).get_status_code() == 204


def test_a_refusal_shows_its_message(iam: Any, profile: dict[str, Any]) -> None:
    with pytest.raises(ApiException, match="already has a trusted profile named web") as error:
        iam.create_profile(name="web", account_id=ACCOUNT)
    assert error.value.status_code == 409


# --- policies -----------------------------------------------------------------------------------------------------


def test_a_v1_policy_lives_through_create_replace_delete_and_restore(policies: Any) -> None:
    new_policy = policies.create_policy(**v1_policy())
    policy = Policy.from_dict(new_policy.get_result())
    replaced = policies.replace_policy(policy.id, new_policy.get_headers()["ETag"], **v1_policy(VICTOR, "Editor"))
    assert Policy.from_dict(replaced.get_result()).roles[0].role_id == role_crn("Editor")
    policies.delete_policy(policy.id)
    deleted = policies.get_policy(policy.id)
    assert Policy.from_dict(deleted.get_result()).state == "deleted"
    restored = policies.update_policy_state(policy.id, deleted.get_headers()["ETag"], state="active")
    assert Policy.from_dict(restored.get_result()).state == "active"


def test_a_v2_policy_lives_through_create_replace_and_delete(policies: Any) -> None:
    new_v2_policy = policies.create_v2_policy(**v2_policy())
    policy = V2Policy.from_dict(new_v2_policy.get_result())
    replaced = policies.replace_v2_policy(policy.id, new_v2_policy.get_headers()["ETag"], **v2_policy(VICTOR, "Editor"))
    assert replaced.get_result()["control"]["grant"]["roles"] == [{"role_id": role_crn("Editor")}]
    assert policies.delete_v2_policy(policy.id).get_status_code() == 204


def test_a_policy_made_by_v1_is_read_by_v2_with_all_members(policies: Any) -> None:
    new_policy = policies.create_policy(**v1_policy()).get_result()
    policy = V2Policy.from_dict(policies.get_v2_policy(new_policy["id"]).get_result())
    assert [(each.key, each.operator, each.value) for each in policy.resource.attributes] == [
        ("accountId", "stringEquals", ACCOUNT),
        ("serviceName", "stringEquals", "is"),
    ]
    assert "/v1/policies/" in policy.href


def test_display_gives_roles_with_their_actions(policies: Any) -> None:
    new_v2_policy = policies.create_v2_policy(**v2_policy()).get_result()
    control = policies.get_v2_policy(new_v2_policy["id"], format="display").get_result()["control"]
    assert ControlResponseControlWithEnrichedRoles.from_dict(control).grant.roles[0].actions


def test_policies_are_listed_by_both_apis(policies: Any) -> None:
    policies.create_policy(**v1_policy())
    v1 = PolicyCollection.from_dict(policies.list_policies(ACCOUNT, iam_id=VICTOR, type="access").get_result())
    v2 = V2PolicyCollection.from_dict(policies.list_v2_policies(ACCOUNT, iam_id=VICTOR, state="active").get_result())
    assert [each.id for each in v1.policies] == [each.id for each in v2.policies]


def test_the_clients_own_pager_sees_every_policy_once(policies: Any) -> None:
    policy_ids = {policies.create_policy(**v1_policy(f"iam-Profile-{n}")).get_result()["id"] for n in range(5)}
    ids = [each["id"] for each in V2PoliciesPager(client=policies, account_id=ACCOUNT, limit=2).get_all()]
    assert (len(ids), set(ids)) == (5, policy_ids)


def test_roles_are_listed(policies: Any) -> None:
    roles = RoleCollection.from_dict(policies.list_roles(account_id=ACCOUNT, service_name="is").get_result())
    names = ["Viewer", "Operator", "Editor", "Administrator", "Service Configuration Reader"]
    assert [role.display_name for role in roles.system_roles] == names


# --- resource groups ----------------------------------------------------------------------------------------------


def test_the_default_resource_group_is_found_and_read(groups: Any) -> None:
    page = groups.list_resource_groups(account_id=ACCOUNT, default=True).get_result()
    [group] = ResourceGroupList.from_dict(page).resources
    assert ResourceGroup.from_dict(groups.get_resource_group(group.id).get_result()) == group


def test_a_resource_group_lives_through_create_rename_and_delete(groups: Any) -> None:
    group = ResCreateResourceGroup.from_dict(groups.create_resource_group(name="team", account_id=ACCOUNT).get_result())
    renamed = groups.update_resource_group(group.id, name="crew", state="ACTIVE").get_result()
    assert (ResourceGroup.from_dict(renamed).crn, renamed["name"]) == (group.crn, "crew")
    assert groups.delete_resource_group(group.id).get_status_code() == 204
    resources = groups.list_resource_groups(account_id=ACCOUNT, include_deleted=False).get_result()["resources"]
    assert [each["name"] for each in resources] == ["Default"]


def test_the_default_resource_group_is_not_deleted(groups: Any) -> None:
    [default] = groups.list_resource_groups(default=True).get_result()["resources"]
    with pytest.raises(ApiException, match="default resource group") as error:
        groups.delete_resource_group(default["id"])
    assert error.value.status_code == 409


# --- tags and search ----------------------------------------------------------------------------------------------


def test_tags_are_attached_found_listed_and_detached(tagging: Any, search: Any) -> None:
    resources = [Resource(FACTS.crn, resource_type="")]
    attached = tagging.attach_tag(tag_names=["Env:Test", "web"], resources=resources, tag_type="user").get_result()
    assert [each.is_error for each in TagResults.from_dict(attached).results] == [False]
    result = search.search(query=f'crn:"{FACTS.crn}"', fields=["access_tags", "tags", "service_tags"], limit=1)
    [item] = ScanResult.from_dict(result.get_result()).items
    assert (item.crn, item.tags, item.access_tags, item.service_tags) == (FACTS.crn, ["env:test", "web"], [], [])
    tagging.detach_tag(tag_name="web", resources=resources, tag_type="user")
    tags = tagging.list_tags(attached_to=FACTS.crn, providers=["ghost"], full_data=True, limit=10, offset=0)
    assert [each.name for each in TagList.from_dict(tags.get_result()).items] == ["env:test"]


def test_an_attachment_updates_and_replaces(tagging: Any) -> None:
    resources = [Resource(FACTS.crn)]
    tagging.attach_tag(tag_names=["env:test", "web"], resources=resources)
    tagging.attach_tag(tag_names=["env:live"], resources=resources, update=True)
    items = tagging.list_tags(attached_to=FACTS.crn, order_by_name="asc").get_result()["items"]
    assert [each["name"] for each in items] == ["env:live", "web"]
    tagging.attach_tag(tag_names=["db"], resources=resources, replace=True)
    assert tagging.list_tags(attached_to=FACTS.crn).get_result()["items"] == [{"name": "db"}]


def test_an_access_tag_lives_through_create_attach_detach_and_delete(tagging: Any) -> None:
    tag = tagging.create_tag(["env:test"], tag_type="access", account_id=ACCOUNT).get_result()
    assert [each.is_error for each in CreateTagResults.from_dict(tag).results] == [False]
    change = {"tag_names": ["env:test"], "resources": [Resource(FACTS.crn)], "tag_type": "access"}
    assert TagResults.from_dict(tagging.attach_tag(**change).get_result()).results[0].is_error is False
    in_use = DeleteTagResults.from_dict(tagging.delete_tag("env:test", tag_type="access").get_result())
    assert in_use.results[0].is_error is True
    tagging.detach_tag(**change)
    outcome = DeleteTagResults.from_dict(tagging.delete_tag("env:test", tag_type="access").get_result())
    assert outcome.results[0].is_error is False
    assert tagging.list_tags(tag_type="access").get_result()["items"] == []


def test_unused_tags_are_deleted(tagging: Any) -> None:
    tagging.create_tag(["env:test"], tag_type="access")
    result = DeleteTagsResult.from_dict(tagging.delete_tag_all(tag_type="access", providers="ghost").get_result())
    assert (result.total_count, result.errors, [each.tag_name for each in result.items]) == (1, False, ["env:test"])


def test_resources_are_tagged_by_a_query(tagging: Any) -> None:
    query = QueryString(query_string=f'crn:"{FACTS.crn}"')
    attached = tagging.attach_tag(tag_names=["web"], query=query).get_result()
    assert [each.is_error for each in TagResults.from_dict(attached).results] == [False]
    assert tagging.list_tags(attached_to=FACTS.crn).get_result()["items"] == [{"name": "web"}]


def test_the_search_cursor_ends_with_the_results(tagging: Any, search: Any) -> None:
    crns = [f"{FACTS.crn}{number}" for number in range(3)]
    tagging.attach_tag(tag_names=["web"], resources=[Resource(crn) for crn in crns])
    queries, cursor = [], None
    while True:
        query = {"search_cursor": cursor} if cursor else {"query": "tags:web"}
        page = ScanResult.from_dict(search.search(**query, limit=2, sort=["crn"]).get_result())
        queries += [item.crn for item in page.items]
        cursor = getattr(page, "search_cursor", None)
        if not cursor:
            break
    assert queries == crns


def test_a_search_that_is_not_understood_says_what_is(search: Any) -> None:
    with pytest.raises(ApiException, match="Understood are") as error:
        search.search(query="family:is")
    assert error.value.status_code == 400
