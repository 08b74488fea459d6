"""The calls of IBM's Terraform provider for policies and roles, in its order: list, create, read by v2, list again."""

from collections.abc import Callable
from typing import Any

import pytest
from ibm_platform_services import IamPolicyManagementV1

from tests.policies import VICTOR
from tests.tables import alone, check_each
from tests.world import ACCOUNT

ONE = {"resourceType": "resource-group", "resource": "0123456789abcdef0123456789abcdef"}
COS_RULE = {
    "operator": "or",
    "conditions": [
        {
            "operator": "and",
            "conditions": [
                {"key": "{{resource.attributes.prefix}}", "operator": "stringMatch", "value": "folder1/subfolder1/*"},
                {"key": "{{resource.attributes.delimiter}}", "operator": "stringEqualsAnyOf", "value": ["/", ""]},
            ],
        },
        {"key": "{{resource.attributes.path}}", "operator": "stringMatch", "value": "folder1/subfolder1/*"},
        {
            "operator": "and",
            "conditions": [
                {"key": "{{resource.attributes.delimiter}}", "operator": "stringExists", "value": False},
                {"key": "{{resource.attributes.prefix}}", "operator": "stringEqualsAnyOf", "value": ""},
            ],
        },
    ],
}
# By name: the attributes of the policy's resource, how the provider asks for the roles, and their display names.
POLICIES: dict[str, tuple[dict[str, str], dict[str, str], list[str]]] = {
    "kms": ({"serviceName": "kms"}, {"service_name": "kms"}, ["Manager", "Viewer", "Administrator"]),
    "configuration": (
        {"serviceName": "kms"},
        {"service_name": "kms"},
        ["Administrator", "Service Configuration Reader"],
    ),
    "server": ({"serviceName": "is"}, {"service_name": "is"}, ["Operator", "Bare Metal Console Admin", "Viewer"]),
    "database": (
        {"serviceName": "cloudantnosqldb"},
        {"service_name": "cloudantnosqldb"},
        ["Monitor", "Reader", "Viewer"],
    ),
    "satellite": (
        {"serviceName": "satellite", "resource": "test"},
        {"service_name": "satellite"},
        ["Satellite Link Administrator"],
    ),
    "objects": (
        {"serviceName": "cloud-object-storage"},
        {"service_name": "cloud-object-storage"},
        ["Content Reader", "Object Reader", "Object Writer"],
    ),
    "iam": ({"service_group_id": "IAM"}, {"service_group_id": "IAM"}, ["Service ID creator", "User API key creator"]),
    "one-resource-group": (ONE, {"service_name": "resource-controller"}, ["Administrator", "Key Manager"]),
    "resource-groups": ({"resourceType": "resource-group"}, {"service_name": "resource-controller"}, ["Viewer"]),
    "services": (
        {"serviceType": "service"},
        {"service_name": "alliamserviceroles"},
        ["Viewer", "Service Configuration Reader", "Reader"],
    ),
    "account-management": ({"serviceType": "platform_service"}, {}, ["Viewer", "Service Configuration Reader"]),
}


@pytest.fixture
def client(connect: Callable[..., Any]) -> Any:
    return connect(IamPolicyManagementV1)


def roles(client: Any, **asked: str) -> dict[str, str]:
    """CRN by display name. A list that is absent would be the end of the provider."""
    body = client.list_roles(account_id=ACCOUNT, **asked).get_result()
    return {
        role["display_name"]: role["crn"]
        for kind in ("custom_roles", "service_roles", "system_roles")
        for role in body[kind]
    }


def test_every_policy_is_created_and_its_roles_are_found_again(client: Any) -> None:
    def check(name: str) -> None:
        attributes, query, names = POLICIES[name]
        crns = roles(client, **query)
        resource = [{"name": key, "value": value} for key, value in (attributes | {"accountId": ACCOUNT}).items()]
        policy = client.create_policy(
            "access",
            [{"attributes": [{"name": "iam_id", "value": VICTOR}]}],
            [{"role_id": crns[each]} for each in names],
            [{"attributes": resource}],
        ).get_result()
        v2_policy = client.get_v2_policy(policy["id"]).get_result()
        back = {crn: each for each, crn in roles(client, **query, policy_type="access").items()}
        assert [back[role["role_id"]] for role in v2_policy["control"]["grant"]["roles"]] == names
        assert {each["key"]: each["value"] for each in v2_policy["resource"]["attributes"]} == attributes | {
            "accountId": ACCOUNT
        }

    check_each(POLICIES, alone(check))


def test_a_policy_on_folders_of_a_bucket_is_stored_with_its_rule(client: Any) -> None:
    attributes = {"accountId": ACCOUNT, "serviceName": "cloud-object-storage", "resourceType": "bucket"}
    v2_policy = client.create_v2_policy(
        {"grant": {"roles": [{"role_id": roles(client, service_name="cloud-object-storage")["Writer"]}]}},
        "access",
        subject={"attributes": [{"key": "iam_id", "operator": "stringEquals", "value": VICTOR}]},
        resource={
            "attributes": [
                {"key": key, "operator": "stringEquals", "value": value} for key, value in attributes.items()
            ]
        },
        rule=COS_RULE,
        pattern="attribute-based-condition:resource:literal-and-wildcard",
    ).get_result()
    assert client.get_v2_policy(v2_policy["id"]).get_result()["rule"] == COS_RULE


def test_the_actions_of_roles_make_custom_roles(client: Any) -> None:
    """What the provider's data source of actions is used for, with the places and counts that its own tests name."""
    keys = client.list_roles(service_name="kms").get_result()["service_roles"]
    manager = next(role["actions"] for role in keys if role["display_name"] == "Manager")
    assert manager[18] == "kms.instancepolicies.read"
    service_roles = client.list_roles(service_name="cloud-object-storage").get_result()["service_roles"]
    actions = {role["display_name"]: role["actions"] for role in service_roles}
    joined = [*actions["Content Reader"], *actions["Object Writer"]]
    assert (len(joined), joined[0]) == (22, "cloud-object-storage.bucket.get")
    for number, (service, allowed_actions) in enumerate({"kms": manager, "cloud-object-storage": joined}.items()):
        new_role = client.create_role(f"Own {number}", allowed_actions, f"Own{number}", ACCOUNT, service).get_result()
        assert new_role["actions"] == allowed_actions
