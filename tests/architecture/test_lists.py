"""Every list shows what its caller may see, or stands here with the reason why it need not."""

import re
from collections.abc import Iterable

from controlplane.apidocs.permissions.table import Permission, permissions
from controlplane.apidocs.routes import guarded_views
from controlplane.objectstore.operations import OPERATIONS
from tests.tables import assert_none
from trustedprofiles.access import SHARED

IN_ONE_RESOURCE = re.compile(r".*\{\w+\}(/\w+)+")
"""Below one resource of the account: a decision about that resource is one about all that is in it."""
ONE_THING = {
    "get_account": "the account's settings",
    "get_account_settings": "the account's settings",
    "get_effective_account_settings": "the account's settings",
    "get_account_limits": "the account's limits",
    "get_settings": "the account's settings",
    "get_access_groups_settings": "the account's settings",
    "get_api_keys_details": "the API key whose value is sent",
    "get_explanation": "one decision",
    "get_server_certificate_rotation": "a switch of one server",
    "get_clock": "the deployment's clock",
    "get_certificate_renewals": "the deployment's progress",
}
OF_THE_DEPLOYMENT = {
    "list_jobs": "jobs belong to no account",
    "list_catalog_entries": "services belong to no account",
    "list_keys_of_deployment": "keys belong to no account",
}
OF_THE_ACCOUNT = {"list_tags": "tags belong to the account; nothing tells one from another (D-25)"}
OF_KEY_PROTECT = {
    "get_keys": "IAM is asked about the instance, else about each key ring (Key Protect contract, section 5.3)",
    "list_key_rings": "a decision is about the instance (Key Protect contract, section 5.1)",
    "get_registrations_all_keys": "as get_keys",
    "get_instance_policy": "a decision is about the instance (Key Protect contract, section 5.1)",
    "get_allowed_ip_port": "a decision is about the instance (Key Protect contract, section 5.1)",
    "get_import_token": "a decision is about the instance (Key Protect contract, section 5.1)",
}
OF_AN_INSTANCE = {"list_buckets", "list_buckets_extended"}
"""IBM: a caller that has a policy on single buckets cannot list the buckets of the instance."""

READS = [each for each in permissions() if each.method == "GET" and not each.path.endswith("}")]


def reason(read: Permission) -> str:
    name, action = read.operation.name, read.operation.action
    for reasons in (ONE_THING, OF_THE_DEPLOYMENT, OF_THE_ACCOUNT, OF_KEY_PROTECT):
        if name in reasons:
            return reasons[name]
    if action.startswith(SHARED):
        return "it is the same for every account"
    return "what is in one resource" if IN_ONE_RESOURCE.fullmatch(read.path) else ""


def test_every_list_says_whose_rows_it_shows_or_has_a_reason_not_to() -> None:
    silent = {each.operation.name: each.path for each in READS if not each.operation.lists and not reason(each)}
    assert_none(silent, among=READS)


def test_no_reason_is_given_for_a_list_that_shows_rows_or_is_gone() -> None:
    names = {each.operation.name for each in READS if each.operation.lists is None}
    exceptions = {*ONE_THING, *OF_THE_DEPLOYMENT, *OF_THE_ACCOUNT, *OF_KEY_PROTECT}
    assert_none(exceptions - names, among=exceptions)


def test_what_is_in_one_resource_is_decided_by_that_resource() -> None:
    """The view of a list below a resource has the attributes of the view of that resource, or of an item."""
    views = {path: type(view) for path, view in guarded_views()}
    below = [each.path for each in READS if not each.operation.lists and reason(each) == "what is in one resource"]
    differing = {}
    for path in below:
        near = [views[each] for each in (*parents(path), *items(path, views)) if each in views]
        if not any(views[path].resource_attributes is each.resource_attributes for each in near):
            differing[path] = near
    assert_none(differing, among=below)


def items(path: str, paths: Iterable[str]) -> list[str]:
    return [each for each in paths if each.startswith(f"{path}/{{")]


def parents(path: str) -> list[str]:
    """The paths of resources above this one, the lowest first. Servers are at the VPC API only."""
    of_api = path.replace("/_baremint/", "/v1/")
    return [of_api[: match.end()] for match in re.finditer(r"\{\w+\}", of_api)][::-1]


def test_what_is_the_same_for_every_account_takes_any_policy_of_the_service() -> None:
    assert_none([each for each in SHARED if not each.startswith("is.")], among=SHARED)


def test_the_object_store_lists_no_more_than_objects_of_one_bucket_and_buckets_of_an_instance() -> None:
    lists = {each.name for each in OPERATIONS if "list" in each.name and each.scope == "service"}
    assert lists == OF_AN_INSTANCE
