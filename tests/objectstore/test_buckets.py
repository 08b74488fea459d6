"""Buckets and the lists of what is in them, as S3 describes them."""

from datetime import timedelta
from itertools import product

import pytest

from controlplane.instances.models import ResourceInstance
from controlplane.objectstore import instance_rules
from controlplane.objectstore.models import Bucket, bucket_crn
from tests.instances import store_instance
from tests.objectstore.store import Store, last_event, parsed, refused, texts
from tests.tables import alone, assert_rows, check_each
from tests.world import ACCOUNT, OTHER_ACCOUNT

CONFIGURATION = (
    b'<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<LocationConstraint>eu-de-smart</LocationConstraint></CreateBucketConfiguration>"
)


def test_a_bucket_is_created_and_listed(alice: Store, bucket: str) -> None:
    assert texts(alice("GET", "/"), "Name") == ["my-bucket"]


def test_the_list_of_buckets_needs_no_slash(alice: Store, bucket: str) -> None:
    assert texts(alice("GET", ""), "Name") == ["my-bucket"]


def test_answers_are_in_s3s_namespace(alice: Store) -> None:
    assert parsed(alice("GET", "/")).tag == "{http://s3.amazonaws.com/doc/2006-03-01/}ListAllMyBucketsResult"


def test_a_bucket_is_in_the_region_unless_it_says_where(alice: Store, bucket: str) -> None:
    assert parsed(alice("GET", "/my-bucket?location")).text == "us-south-standard"


def test_a_bucket_says_where_it_is(alice: Store) -> None:
    alice.put("/elsewhere", CONFIGURATION)
    assert parsed(alice("GET", "/elsewhere?location")).text == "eu-de-smart"


def test_a_bucket_that_is_there_answers_head(alice: Store, bucket: str) -> None:
    assert alice("HEAD", bucket).status_code == 200


def test_a_trailing_slash_is_no_object(alice: Store, bucket: str) -> None:
    assert alice("HEAD", f"{bucket}/").status_code == 200


def test_a_deleted_bucket_is_gone(alice: Store, bucket: str) -> None:
    assert alice("DELETE", bucket).status_code == 204
    assert alice("HEAD", bucket).status_code == 404


def test_a_bucket_with_objects_stays(alice: Store, bucket: str) -> None:
    alice.put("/my-bucket/a", b"x")
    assert refused(alice("DELETE", bucket)) == (409, "BucketNotEmpty")


def test_a_name_is_taken_once_in_an_account(alice: Store, bucket: str) -> None:
    assert refused(alice("PUT", bucket)) == (409, "BucketAlreadyOwnedByYou")


def test_another_account_may_use_the_same_name(alice: Store, mallory: Store, bucket: str) -> None:
    mallory.put(bucket)
    assert Bucket.objects.filter(name="my-bucket").count() == 2


def test_accounts_do_not_see_each_others_buckets(mallory: Store, bucket: str) -> None:
    assert texts(mallory("GET", "/"), "Name") == []
    assert refused(mallory("GET", bucket)) == (404, "NoSuchBucket")


def test_accounts_do_not_see_each_others_objects(alice: Store, mallory: Store, bucket: str) -> None:
    alice.put("/my-bucket/a", b"Alice's")
    mallory.put(bucket)
    assert refused(mallory("GET", "/my-bucket/a")) == (404, "NoSuchKey")


NO_NAMES = ["ab", "a" * 64, "Upper", "-dash", "dash-", "a..b", "a.-b", "a-.b", "192.168.5.4", "under_score", "a%00b"]


def test_a_name_that_no_bucket_can_have_is_refused(alice: Store) -> None:
    def check(case: tuple[str, str]) -> None:
        method, name = case
        assert refused(alice(method, f"/{name}")) == (400, "InvalidBucketName")

    check_each(list(product(["PUT", "GET"], NO_NAMES)), alone(check))


@pytest.mark.parametrize("name", ["abc", "a" * 63, "a.b-c.d", "1.2.3", "0-0"])
def test_a_name_of_the_documented_form_is_taken(alice: Store, name: str) -> None:
    alice.put(f"/{name}")


def test_an_account_has_a_hundred_buckets_at_most(alice: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controlplane.objectstore.services.MOST_BUCKETS", 1)
    alice.put("/first")
    assert refused(alice("PUT", "/second")) == (400, "TooManyBuckets")


# --- service instances ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "guid"),
    [
        ("", ACCOUNT),
        ("d8f1-guid", "d8f1-guid"),
        (f"crn:v1:bluemix:public:cloud-object-storage:global:a/{ACCOUNT}:d8f1-guid::", "d8f1-guid"),
    ],
)
def test_a_bucket_belongs_to_a_service_instance(alice: Store, header: str, guid: str) -> None:
    store_instance(guid="d8f1-guid")
    alice.put("/my-bucket", ibm_service_instance_id=header)
    assert Bucket.objects.get().service_instance == guid


@pytest.mark.parametrize(
    "header",
    [
        "a b",
        "x" * 65,
        "crn:v1:nonsense",
        f"crn:v1:bluemix:public:is:global:a/{ACCOUNT}:guid::",
        f"crn:v1:bluemix:public:cloud-object-storage:global:a/{OTHER_ACCOUNT}:{OTHER_ACCOUNT}::",
        f"crn:v1:bluemix:public:cloud-object-storage:us-south:a/{ACCOUNT}:{ACCOUNT}::",
        f"crn:v1:bluemix:public:cloud-object-storage:global:a/{ACCOUNT}:{ACCOUNT}:::",
        bucket_crn(ACCOUNT, ACCOUNT, "my-bucket"),
        "unknown",
        OTHER_ACCOUNT,
    ],
)
def test_what_names_no_service_instance_of_the_account_is_refused(alice: Store, header: str) -> None:
    assert refused(alice("PUT", "/my-bucket", ibm_service_instance_id=header)) == (400, "InvalidArgument")
    assert refused(alice("GET", "/", ibm_service_instance_id=header)) == (400, "InvalidArgument")


@pytest.mark.parametrize("state", ["pending_reclamation", "removed"])
def test_a_deleted_service_instance_takes_no_buckets(alice: Store, state: str) -> None:
    ResourceInstance.objects.filter(guid=ACCOUNT).update(state=state)
    assert refused(alice("PUT", "/my-bucket")) == (400, "InvalidArgument")
    assert refused(alice("GET", "/", ibm_service_instance_id=ACCOUNT)) == (400, "InvalidArgument")


def test_an_instance_of_another_service_takes_no_buckets(alice: Store) -> None:
    store_instance(guid="keys", service="kms")
    assert refused(alice("PUT", "/my-bucket", ibm_service_instance_id="keys")) == (400, "InvalidArgument")


def test_a_caller_without_access_does_not_learn_which_service_instances_exist(reader: Store) -> None:
    for header in ("unknown", ACCOUNT):
        assert refused(reader("PUT", "/my-bucket", ibm_service_instance_id=header)) == (403, "AccessDenied")


def test_the_list_is_that_of_the_service_instance_by_default_the_oldest(alice: Store) -> None:
    store_instance(guid="two")
    alice.put("/one-bucket")
    alice.put("/two-bucket", ibm_service_instance_id="two")
    assert texts(alice("GET", "/", ibm_service_instance_id="two"), "Name") == ["two-bucket"]
    assert texts(alice("GET", "/"), "Name") == ["one-bucket"]


def test_the_default_service_instance_stays_when_the_clock_goes_back(alice: Store) -> None:
    alice.put("/my-bucket")
    new = store_instance(guid="two")
    ResourceInstance.objects.filter(pk=new.pk).update(created_at=new.created_at - timedelta(days=10))
    assert texts(alice("GET", "/"), "Name") == ["my-bucket"]


def test_an_instance_with_buckets_says_so_to_the_resource_controller(alice: Store) -> None:
    instance = ResourceInstance.objects.get(guid=ACCOUNT)
    assert instance_rules.refusal_of_deletion(instance) == ""
    alice.put("/my-bucket")
    assert "my-bucket" in instance_rules.refusal_of_deletion(instance)


# --- what is in a bucket ----------------------------------------------------------------------------------------

KEYS = ["B", "a/1", "a/2", "a/b/3", "b", "ü z", "\U0001f600"]


@pytest.fixture
def full(alice: Store, bucket: str) -> Store:
    for key in KEYS:
        alice.put(f"{bucket}/{key}", b"12345")
    return alice


def listed(store: Store, query: str) -> tuple[list[str], list[str]]:
    """Keys and common prefixes."""
    answer = store("GET", f"/my-bucket?{query}")
    prefixes = [
        each.findtext("{*}Prefix") or "" for each in parsed(answer) if each.tag.rpartition("}")[2] == "CommonPrefixes"
    ]
    return texts(answer, "Key"), prefixes


def test_objects_are_listed_in_the_order_of_their_utf_8(full: Store) -> None:
    assert listed(full, "") == (KEYS, [])


def test_a_listed_object_says_what_it_is(full: Store) -> None:
    answer = full("GET", "/my-bucket?max-keys=1")
    assert (texts(answer, "Size"), texts(answer, "ETag")) == (["5"], ['"827ccb0eea8a706c4c34a16891f84e7b"'])


LISTS: list[tuple[str, list[str], list[str]]] = [
    ("prefix=a/", ["a/1", "a/2", "a/b/3"], []),
    ("delimiter=/", ["B", "b", "ü z", "\U0001f600"], ["a/"]),
    ("prefix=a/&delimiter=/", ["a/1", "a/2"], ["a/b/"]),
    ("prefix=none", [], []),
    ("max-keys=0", [], []),
    ("max-keys=2&delimiter=/", ["B"], ["a/"]),
    ("marker=a/2", ["a/b/3", "b", "ü z", "\U0001f600"], []),
    ("marker=a/&delimiter=/", ["b", "ü z", "\U0001f600"], []),
    ("list-type=2&start-after=b", ["ü z", "\U0001f600"], []),
    ("encoding-type=url&prefix=%C3%BC", ["%C3%BC%20z"], []),
]


def test_a_list_is_of_what_is_asked_for(full: Store) -> None:
    keys_by_query = {query: listed(full, query) for query, _, _ in LISTS}
    assert_rows(keys_by_query, {query: (names, prefixes) for query, names, prefixes in LISTS})


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_of_the_second_version_make_up_the_whole(full: Store, size: int, delimiter: str) -> None:
    whole = listed(full, f"delimiter={delimiter}")
    entries: tuple[list[str], list[str]] = ([], [])
    token = ""
    while True:
        query = f"list-type=2&delimiter={delimiter}&max-keys={size}{token}"
        keys, prefixes = listed(full, query)
        assert len(keys) + len(prefixes) <= size
        entries = (entries[0] + keys, entries[1] + prefixes)
        answer = full("GET", f"/my-bucket?{query}")
        if texts(answer, "IsTruncated") == ["false"]:
            break
        token = f"&continuation-token={texts(answer, 'NextContinuationToken')[0]}"
    assert entries == whole


def test_a_page_of_the_first_version_names_where_the_next_begins(full: Store) -> None:
    answer = full("GET", "/my-bucket?delimiter=/&max-keys=2")
    assert (texts(answer, "IsTruncated"), texts(answer, "NextMarker")) == (["true"], ["a/"])


@pytest.mark.parametrize(
    "query",
    ["max-keys=x", "max-keys=-1", "encoding-type=base64", "list-type=3", "list-type=2&continuation-token=%21"],
)
def test_an_argument_of_another_form_is_refused(full: Store, query: str) -> None:
    assert refused(full("GET", f"/my-bucket?{query}")) == (400, "InvalidArgument")


# --- deleting several -------------------------------------------------------------------------------------------


def deletion(*keys: str, more: str = "") -> bytes:
    return f"<Delete>{''.join(f'<Object><Key>{key}</Key></Object>' for key in keys)}{more}</Delete>".encode()


def test_several_objects_are_deleted_at_once(full: Store) -> None:
    answer = full("POST", "/my-bucket?delete", deletion("a/1", "ü z", "never there"))
    assert texts(answer, "Key") == ["a/1", "ü z", "never there"]
    assert listed(full, "")[0] == ["B", "a/2", "a/b/3", "b", "\U0001f600"]


def test_a_quiet_deletion_tells_of_failures_alone(full: Store) -> None:
    assert texts(full("POST", "/my-bucket?delete", deletion("B", more="<Quiet>true</Quiet>")), "Key") == []


LAUGHS = b'<!DOCTYPE Delete [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>'
OUTSIDE = b'<!DOCTYPE Delete SYSTEM "file:///etc/passwd"><Delete><Object><Key>a</Key></Object></Delete>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<Delete></Delete>",
        b"<Delete><Object/></Delete>",
        b"<Other/>",
        b"<Delete>" * 100_000,
        b'<?xml version="1.0" encoding="klingon"?><Delete/>',
        LAUGHS,
        OUTSIDE,
        deletion(*["a"] * 1001),
    ],
)
def test_a_body_that_is_no_list_of_keys_is_refused(full: Store, body: bytes) -> None:
    assert refused(full("POST", "/my-bucket?delete", body)) == (400, "MalformedXML")


def test_a_version_is_not_deleted(full: Store) -> None:
    body = b"<Delete><Object><Key>B</Key><VersionId>1</VersionId></Object></Delete>"
    assert refused(full("POST", "/my-bucket?delete", body)) == (501, "NotImplemented")


# --- activity ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "event"),
    [
        ("GET", "/", "bucket.list"),
        ("PUT", "/other-bucket", "bucket.create"),
        ("HEAD", "/my-bucket", "bucket.read"),
        ("GET", "/my-bucket", "bucket.read"),
        ("GET", "/my-bucket?location", "bucket.read"),
        ("DELETE", "/my-bucket", "bucket.delete"),
    ],
)
def test_each_operation_on_a_bucket_leaves_an_event(
    alice: Store, bucket: str, method: str, path: str, event: str
) -> None:
    alice(method, path)
    assert (last_event().action, last_event().outcome) == (f"cloud-object-storage.{event}", "success")


def test_an_event_names_who_and_what(alice: Store, bucket: str) -> None:
    event = last_event()
    assert (event.initiator_id, event.target_id) == ("IBMid-ALICE00001", bucket_crn(ACCOUNT, ACCOUNT, "my-bucket"))
