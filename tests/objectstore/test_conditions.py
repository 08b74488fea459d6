"""Policies on parts of a bucket: by its access tags, and by prefix, delimiter and path of what a call is about.

Which call has which attribute: IBM's documentation of IAM access conditions of Object Storage.
"""

from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.crn import Crn
from controlplane.objectstore.models import bucket_crn
from tests.api.calling import call
from tests.instances import store_instance
from tests.objectstore.store import Store, texts, token_of
from tests.policies import attribute, make_content
from tests.tables import assert_rows
from tests.world import ACCOUNT, ALICE, World
from trustedprofiles.models import Policy, Tag, TagAttachment
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.tags import attach_tags, create_access_tag

BY = Party("IBMid-ALICE00001", "Alice", "User")
WORKER = "IBMid-WORKER0001"
PATTERN = "attribute-based-condition:resource:literal-and-wildcard"


def about(name: str, value: Any, operator: str = "stringMatch") -> dict[str, Any]:
    return attribute(f"{{{{resource.attributes.{name}}}}}", value, operator)


def joined(operator: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"operator": operator, "conditions": list(conditions)}


def absent(*names: str) -> dict[str, Any]:
    return joined("and", *(about(name, False, "stringExists") for name in names))


FOLDER = joined(
    "or",
    about("path", "a/*"),
    joined("and", about("prefix", "a/*"), about("delimiter", ["/", ""], "stringEqualsAnyOf")),
)
RULES: dict[str, dict[str, Any]] = {
    "path": about("path", "a/*"),
    "prefix": about("prefix", "a/*"),
    "folder": FOLDER,
    "delimiter": about("delimiter", "/", "stringEquals"),
    "the rest": absent("path", "prefix", "delimiter"),
    "no prefix": about("prefix", "", "stringEquals"),
}
CALLS: dict[str, tuple[str, str]] = {
    "read inside": ("GET", "/my-bucket/a/1"),
    "read outside": ("GET", "/my-bucket/b/1"),
    "write inside": ("PUT", "/my-bucket/a/2"),
    "write outside": ("PUT", "/my-bucket/b/2"),
    "list inside": ("GET", "/my-bucket?prefix=a/"),
    "list inside by folder": ("GET", "/my-bucket?list-type=2&prefix=a/&delimiter=/"),
    "list all": ("GET", "/my-bucket"),
    "list all by folder": ("GET", "/my-bucket?delimiter=/"),
    "uploads inside": ("GET", "/my-bucket?uploads&prefix=a/"),
    "location": ("GET", "/my-bucket?location"),
    "look at the bucket": ("HEAD", "/my-bucket"),
    "list buckets": ("GET", "/"),
}
OF_A = {"list inside", "list inside by folder", "uploads inside"}
MAY: dict[str, set[str]] = {
    "path": {"read inside", "write inside"},
    "prefix": OF_A,
    "folder": {"read inside", "write inside"} | OF_A,
    "delimiter": {"list inside by folder", "list all by folder"},
    "the rest": {"location", "look at the bucket", "list buckets"},
    "no prefix": {"list all", "list all by folder"},
}


@pytest.fixture
def objects(alice: Store, bucket: str) -> None:
    for key in ("a/1", "b/1"):
        alice.put(f"{bucket}/{key}", b"x")


def worker(world: World, role: str = "Writer", **more: Any) -> tuple[Store, Policy]:
    content = make_content(WORKER, role, service="cloud-object-storage", **more)
    policy = create_policy(world.account, content=content, api_version="v2", by=BY)
    return Store(token_of(WORKER, ACCOUNT, "worker")), policy


def test_a_rule_on_prefix_delimiter_and_path_decides_each_call(iam: World, objects: None) -> None:
    store, policy = worker(iam, rule=RULES["path"], pattern=PATTERN)
    codes = {}
    for name, rule in RULES.items():
        Policy.objects.filter(pk=policy.pk).update(rule=rule)
        statuses = {condition: store(method, path, b"x").status_code for condition, (method, path) in CALLS.items()}
        assert set(statuses.values()) <= {200, 403}
        codes[name] = {condition for condition, status in statuses.items() if status == 200}
    assert_rows(codes, MAY)


def test_spaces_and_long_keys_are_compared_as_they_are(iam: World, alice: Store, bucket: str) -> None:
    store, _ = worker(iam, rule=about("path", "a /*"), pattern=PATTERN)
    long = "a%20/" + "x" * 1000
    assert [store("PUT", f"{bucket}/{key}", b"x").status_code for key in (long, "a%20/%20", "a/1", "%20a%20/1")] == [
        200,
        200,
        403,
        403,
    ]


def test_a_copy_takes_the_path_of_its_source(iam: World, objects: None) -> None:
    store, _ = worker(iam, rule=about("path", "a/*"), pattern=PATTERN)
    copy = {
        source: store("PUT", "/my-bucket/a/3", x_amz_copy_source=f"my-bucket/{source}") for source in ("a/1", "b/1")
    }
    assert {source: answer.status_code for source, answer in copy.items()} == {"a/1": 200, "b/1": 403}


def test_of_several_objects_those_are_deleted_whose_path_is_allowed(iam: World, alice: Store, objects: None) -> None:
    rule = joined("or", about("path", "a/*"), absent("path"))
    store, policy = worker(iam, rule=rule, pattern=PATTERN)
    body = b"<Delete><Object><Key>a/1</Key></Object><Object><Key>b/1</Key></Object></Delete>"
    for condition in (rule, about("path", "a/*")):
        Policy.objects.filter(pk=policy.pk).update(rule=condition)
        alice.put("/my-bucket/a/1", b"x")
        answer = store("POST", "/my-bucket?delete", body)
        assert (answer.status_code, texts(answer, "Key"), texts(answer, "Code")) == (
            200,
            ["a/1", "b/1"],
            ["AccessDenied"],
        )
        assert texts(alice("GET", "/my-bucket"), "Key") == ["b/1"]


def test_a_bucket_is_selected_by_its_access_tags_and_no_other(iam: World, alice: Store, objects: None) -> None:
    alice.put("/other-bucket")
    create_access_tag(iam.account, name="env:dev", by=BY)
    tagged = Crn.parse(bucket_crn(ACCOUNT, ACCOUNT, "my-bucket"))
    attach_tags(iam.account, crn=tagged, type="access", names=["env:dev"], by=BY)
    store, _ = worker(iam, resource_tags=[attribute("env", "dev")])
    paths = ("/my-bucket/a/1", "/my-bucket", "/other-bucket", "/")
    assert [store("GET", path).status_code for path in paths] == [200, 200, 403, 403]
    TagAttachment.objects.all().delete()
    user = Tag.objects.create(account=iam.account, type="user", name="env:dev", created_at=clock.now())
    TagAttachment.objects.create(tag=user, crn=str(tagged), created_at=clock.now())
    assert store("GET", "/my-bucket").status_code == 403


def test_a_tag_of_the_service_instance_selects_the_list_of_its_buckets(iam: World, bucket: str) -> None:
    create_access_tag(iam.account, name="env:dev", by=BY)
    crn = Crn("cloud-object-storage", "global", ACCOUNT, "", "", ACCOUNT)
    attach_tags(iam.account, crn=crn, type="access", names=["env:dev"], by=BY)
    store, _ = worker(iam, "Reader", resource_tags=[attribute("env", "dev")])
    store_instance(guid="two")
    instances = ({}, {"ibm_service_instance_id": ACCOUNT}, {"ibm_service_instance_id": "two"})
    assert [store("GET", "/", **headers).status_code for headers in instances] == [200, 200, 403]
    assert store("GET", bucket).status_code == 403


def test_a_bucket_made_after_one_of_its_name_was_deleted_has_no_tags(iam: World, alice: Store, bucket: str) -> None:
    create_access_tag(iam.account, name="env:dev", by=BY)
    crn = Crn.parse(bucket_crn(ACCOUNT, ACCOUNT, "my-bucket"))
    attach_tags(iam.account, crn=crn, type="access", names=["env:dev"], by=BY)
    alice("DELETE", bucket)
    alice.put(bucket)
    store, _ = worker(iam, resource_tags=[attribute("env", "dev")])
    assert store("GET", bucket).status_code == 403


def test_the_tags_of_another_resource_cannot_be_claimed(iam: World, bucket: str) -> None:
    """The CRN is made of the bucket that is named."""
    create_access_tag(iam.account, name="env:dev", by=BY)
    other = bucket_crn(ACCOUNT, ACCOUNT, "other-bucket")
    attach_tags(iam.account, crn=Crn.parse(other), type="access", names=["env:dev"], by=BY)
    worker(iam, resource_tags=[attribute("env", "dev")])
    resource = {"serviceInstance": ACCOUNT, "resourceType": "bucket", "resource": "my-bucket", "crn": other}
    question = {"subject": WORKER, "action": "cloud-object-storage.bucket.get", "resource": resource}
    assert call("POST", "/_baremint/explain", question, caller=ALICE).json()["decision"] == "deny"


def test_a_refusal_says_which_condition_was_not_met(iam: World, objects: None) -> None:
    store, _ = worker(iam, rule=about("path", "a/*"), pattern=PATTERN)
    [more] = texts(store("GET", "/my-bucket/b/1"), "MoreInfo")
    explained = call("GET", more[more.index("/_baremint") :], caller=ALICE).json()
    [considered] = explained["considered"]
    assert (explained["decision"], explained["resource"]["path"]) == ("deny", "b/1")
    assert "a/*" in considered["missing"][0]
    request = explained["nearest"]["request"]
    assert call(request["method"], request["path"], request["body"]).status_code == 201
    assert store("GET", "/my-bucket/b/1").status_code == 200
