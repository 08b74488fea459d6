"""Templates of enterprises and their assignments are not simulated: lists are empty, and nothing can be made."""

from collections.abc import Callable
from typing import Any

from ibm_platform_services import IamAccessGroupsV2, IamIdentityV1, IamPolicyManagementV1
from ibm_platform_services import iam_access_groups_v2 as groups
from ibm_platform_services import iam_identity_v1 as identity
from ibm_platform_services import iam_policy_management_v1 as policies

from controlplane.apidocs.document import document
from tests.api.calling import call, caller_of, refusal
from tests.api.official import connected
from tests.tables import check_each
from tests.world import ACCOUNT, MALLORY, World
from trustedprofiles.api.templates import KINDS, Kind

LISTS: dict[str, Callable[[], Any]] = {
    "v1/policy_templates": lambda: policies.PolicyTemplateCollection,
    "v1/policy_assignments": lambda: policies.PolicyTemplateAssignmentCollection,
    "v1/action_control_templates": lambda: policies.ActionControlTemplateCollection,
    "v1/action_control_assignments": lambda: policies.ActionControlAssignmentCollection,
    "v1/role_templates": lambda: policies.RoleTemplateCollection,
    "v1/role_assignments": lambda: policies.RoleAssignmentCollection,
    "v1/group_templates": lambda: groups.ListTemplatesResponse,
    "v1/group_assignments": lambda: groups.ListTemplateAssignmentResponse,
    "v1/profile_templates": lambda: identity.TrustedProfileTemplateList,
    "v1/profile_assignments": lambda: identity.TemplateAssignmentListResponse,
    "v1/account_settings_templates": lambda: identity.AccountSettingsTemplateList,
    "v1/account_settings_assignments": lambda: identity.TemplateAssignmentListResponse,
}


def client_of(kind: Kind) -> Any:
    by_service = {
        "iam-access-management": IamPolicyManagementV1,
        "iam-groups": IamAccessGroupsV2,
        "iam-identity": IamIdentityV1,
    }
    return connected(by_service[kind.view.service_name])


def test_every_kind_is_a_list_of_ibms_sdks() -> None:
    assert {kind.path for kind in KINDS} == LISTS.keys()


def test_a_list_is_empty_in_the_shape_of_ibms_sdk(world: World) -> None:
    def check(kind: Kind) -> None:
        further = {"version": "1.0"} if kind.path == "v1/policy_assignments" else {}
        answer = getattr(client_of(kind), f"list_{kind.many}")(account_id=ACCOUNT, limit=10, **further).get_result()
        page = LISTS[kind.path]().from_dict(answer)
        assert getattr(page, kind.items) == []

    check_each(KINDS, check)


def test_the_creation_of_a_template_is_refused_by_the_name_of_its_kind(world: World) -> None:
    def check(kind: Kind) -> None:
        answer = call("POST", f"/{kind.path}", {"account_id": ACCOUNT, "name": "t"})
        assert refusal(answer) == (400, "not_supported")
        assert kind.words in answer.json()["errors"][0]["message"]

    check_each(KINDS, check)


def test_the_operations_of_templates_are_those_of_ibms_sdk_and_are_marked() -> None:
    def check(kind: Kind) -> None:
        operations = document()["paths"][f"/{kind.path}"].values()
        assert all(each["x-not-simulated"] for each in operations)
        assert all(hasattr(client_of(kind), each["operationId"]) for each in operations)

    check_each(KINDS, check)


def test_templates_of_another_account_are_not_found_and_a_caller_without_a_policy_is_refused(world: World) -> None:
    """A caller without a policy is refused, and another account is not found."""

    def check(kind: Kind) -> None:
        path = f"/{kind.path}?account_id={ACCOUNT}"
        assert call("GET", path, caller=MALLORY).status_code == 404
        victor = caller_of("iam-Profile-victor")
        assert [call(method, path, {}, caller=victor).status_code for method in ("GET", "POST")] == [403, 403]

    check_each(KINDS, check)
