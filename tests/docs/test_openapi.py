"""The OpenAPI document: valid, complete, and in IBM's words."""

from collections import Counter
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from ibm_platform_services import (
    GlobalSearchV2,
    GlobalTaggingV1,
    IamAccessGroupsV2,
    IamIdentityV1,
    IamPolicyManagementV1,
    ResourceManagerV2,
)
from ibm_vpc import VpcV1
from openapi_spec_validator import OpenAPIV31SpecValidator

from controlplane.apidocs.document import DOCUMENT, document
from controlplane.apidocs.routes import guarded_views
from tests.docs.document import operations, referenced, references

SDKS: dict[str, tuple[type, ...]] = {
    "VPC": (VpcV1,),
    "IAM identity": (IamIdentityV1,),
    "IAM policy": (IamPolicyManagementV1,),
    "IAM access groups": (IamAccessGroupsV2,),
    "Resource manager": (ResourceManagerV2,),
    "Global search and tagging": (GlobalTaggingV1, GlobalSearchV2),
}
# Of IBM's reference, but of no SDK.
IN_NO_SDK = {"delete_link_by_parameters"}
# Two of IBM's APIs have operations of one name; ids are unique.
RENAMED = {"get_access_groups_settings", "update_access_groups_settings"}


def test_the_document_is_served(client: Client) -> None:
    answer = client.get("/docs/openapi.json")
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == document()


def test_the_document_is_the_control_planes_in_every_process(settings: Any) -> None:
    """It is made once: the first caller must not leave that of another service to the others."""
    settings.ROOT_URLCONF = "controlplane.urls_inside"
    assert "/v1/vpcs" in DOCUMENT.get(seconds=0)["paths"]


def test_the_document_is_valid_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_making_the_document_leaves_no_question_open(capsys: pytest.CaptureFixture[str]) -> None:
    """drf-spectacular writes to stderr what it can only guess."""
    SchemaGenerator().get_schema(public=True)
    assert capsys.readouterr().err == ""


def test_no_two_operations_share_an_id() -> None:
    counts = Counter(operation.content["operationId"] for operation in operations())
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_method_of_every_view_is_documented() -> None:
    routes = {(method, path) for path, view in guarded_views() for method in view.operations}
    assert routes - {(operation.method, operation.path) for operation in operations()} == set()


def test_what_a_view_handles_it_names() -> None:
    """A handler without an operation answers 405, an operation without a handler is an empty promise."""
    unequal = [
        (path, handled, set(view.operations))
        for path, view in guarded_views()
        if (handled := {each.upper() for each in view.http_method_names if hasattr(view, each)}) != set(view.operations)
    ]
    assert unequal == []


def test_no_reference_dangles() -> None:
    for reference in set(references(document())):
        assert referenced(reference)


def test_no_component_is_unused() -> None:
    references_used = set(references(document()))
    names = {
        f"#/components/{kind}/{name}"
        for kind, entries in document()["components"].items()
        if kind != "securitySchemes"
        for name in entries
    }
    assert names - references_used == set()


def test_every_tag_is_explained() -> None:
    tags = {tag for operation in operations() for tag in operation.content["tags"]}
    assert tags == {tag["name"] for tag in document()["tags"]}


@pytest.mark.parametrize("tag", SDKS)
def test_operation_ids_are_the_names_of_the_sdks_methods(tag: str) -> None:
    names = [operation.content["operationId"] for operation in operations() if tag in operation.content["tags"]]
    known_names = {name for sdk in SDKS[tag] for name in vars(sdk)} | IN_NO_SDK | RENAMED
    assert [name for name in names if name not in known_names] == []


def test_every_parameter_is_described() -> None:
    bare = [
        (str(operation), parameter["name"])
        for operation in operations()
        for parameter in operation.content["parameters"]
        if "$ref" not in parameter and not parameter.get("description")
    ]
    assert bare == []


def test_every_operation_says_what_its_success_looks_like() -> None:
    """An answer without a body has the status that says so, except where IBM's clients need another one."""
    silent = [
        str(operation)
        for operation in operations()
        for status, response in operation.content["responses"].items()
        if ("content" not in response and status in ("200", "201")) or ("content" in response and status == "204")
    ]
    assert silent == ["create_key_ring", "get_key_collection_metadata"]


def test_every_refusal_has_an_envelope() -> None:
    bare = [
        name
        for name, response in document()["components"]["responses"].items()
        if "application/json" not in response["content"]
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("operation", "status", "documented"),
    [
        ("list_profiles", "404", True),
        ("list_profiles", "409", False),
        ("create_profile", "409", True),
        ("create_profile", "412", False),
        ("update_profile", "412", True),
        ("delete_profile", "409", False),
        ("get_profile", "401", True),
    ],
)
def test_an_operation_names_the_refusals_it_can_give(operation: str, status: str, documented: bool) -> None:
    [operation_entry] = [each for each in operations() if str(each) == operation]
    assert (status in operation_entry.content["responses"]) is documented


def body_of(name: str) -> Any:
    [operation_entry] = [each for each in operations() if str(each) == name]
    return operation_entry.content["requestBody"]


def test_a_patch_is_a_merge_patch() -> None:
    assert list(body_of("update_key")["content"]) == ["application/json", "application/merge-patch+json"]


def test_a_body_takes_no_other_properties() -> None:
    loose = [
        name
        for operation in operations()
        for name in references(operation.content.get("requestBody"))
        if referenced(name).get("additionalProperties") is not False
    ]
    assert loose == []


def test_the_metadata_service_is_somewhere_else() -> None:
    elsewhere = {operation.content["tags"][0] for operation in operations() if "servers" in operation.content}
    assert elsewhere == {"Metadata service"}
