"""Copies of objects, and parts that are copied; and the list of buckets with where they are."""

import hashlib

import pytest

from controlplane.objectstore import files, selectors
from controlplane.objectstore.models import Bucket, StoredObject
from controlplane.objectstore.object_reader import Reader
from controlplane.objectstore.uploads import SMALLEST_PART
from tests.objectstore.store import Store, last_event, refused, texts
from tests.objectstore.test_uploads import FIRST, LAST, PATH, begin, complete, part, there

SOURCE = "/my-bucket/source"


@pytest.fixture
def stored(alice: Store, bucket: str) -> Store:
    alice.put("/other-bucket")
    alice.put(SOURCE, b"hello", Content_Type="text/plain", x_amz_meta_colour="blue")
    return alice


def test_a_copy_has_the_bytes_and_the_headers(stored: Store) -> None:
    answer = stored("PUT", "/other-bucket/copy", x_amz_copy_source="my-bucket/source")
    got = stored("GET", "/other-bucket/copy")
    assert (got.content, got["Content-Type"], got["x-amz-meta-colour"]) == (b"hello", "text/plain", "blue")
    assert texts(answer, "ETag") == [got["ETag"]]


def test_a_copy_may_have_other_headers(stored: Store) -> None:
    stored("PUT", SOURCE, x_amz_copy_source=SOURCE, x_amz_metadata_directive="REPLACE", x_amz_meta_size="1")
    got = stored("GET", SOURCE)
    assert (got.content, "x-amz-meta-colour" in got, got["x-amz-meta-size"]) == (b"hello", False, "1")


REFUSED = {
    "onto itself": ({"x_amz_copy_source": SOURCE}, SOURCE, (400, "InvalidRequest")),
    "no key": ({"x_amz_copy_source": "/my-bucket"}, PATH, (400, "InvalidArgument")),
    "no such object": ({"x_amz_copy_source": "/my-bucket/none"}, PATH, (404, "NoSuchKey")),
    "no such bucket": ({"x_amz_copy_source": "/no-bucket/none"}, PATH, (404, "NoSuchBucket")),
    "a version": ({"x_amz_copy_source": f"{SOURCE}?versionId=1"}, PATH, (501, "NotImplemented")),
    "another directive": (
        {"x_amz_copy_source": SOURCE, "x_amz_metadata_directive": "MERGE"},
        PATH,
        (400, "InvalidArgument"),
    ),
    "another tag": (
        {"x_amz_copy_source": SOURCE, "x_amz_copy_source_if_match": '"0"'},
        PATH,
        (412, "PreconditionFailed"),
    ),
    "the same tag": (
        {"x_amz_copy_source": SOURCE, "x_amz_copy_source_if_none_match": '"5d41402abc4b2a76b9719d911017c592"'},
        PATH,
        (412, "PreconditionFailed"),
    ),
    "with a key of its own": (
        {"x_amz_copy_source": SOURCE, "x_amz_copy_source_server_side_encryption_customer_key": "x"},
        PATH,
        (501, "NotImplemented"),
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_copied_is_refused(stored: Store, kind: str) -> None:
    headers, path, expected = REFUSED[kind]
    assert refused(stored("PUT", path, **headers)) == expected


def test_who_copies_must_be_allowed_to_read_the_source(stored: Store, mallory: Store) -> None:
    """Of another account's bucket nothing is known."""
    mallory.put("/her-bucket")
    assert refused(mallory("PUT", "/her-bucket/x", x_amz_copy_source=SOURCE)) == (404, "NoSuchBucket")


def test_a_reader_copies_nothing(stored: Store, reader: Store) -> None:
    assert refused(reader("PUT", "/other-bucket/x", x_amz_copy_source=SOURCE)) == (403, "AccessDenied")


def test_a_copy_leaves_an_event_for_each_side(stored: Store) -> None:
    stored("PUT", "/other-bucket/copy", x_amz_copy_source=SOURCE)
    last = last_event()
    assert (last.action, last.data["object"], last.target_name) == (
        "cloud-object-storage.object-copy.read",
        "source",
        "my-bucket",
    )


def test_parts_are_copied_whole_and_by_range(stored: Store) -> None:
    upload = begin(stored)
    query = f"{PATH}?uploadId={upload}&partNumber="
    [tag] = texts(stored("PUT", f"{query}1", x_amz_copy_source=SOURCE, x_amz_copy_source_range="bytes=1-3"), "ETag")
    complete(stored, upload, [(1, tag)])
    assert stored("GET", PATH).content == b"ell"


@pytest.mark.parametrize(
    ("asked", "code"), [("bytes=1-5", (416, "InvalidRange")), ("bytes=3-1", (400, "InvalidArgument"))]
)
def test_a_range_that_is_not_there_is_not_copied(stored: Store, asked: str, code: tuple[int, str]) -> None:
    query = f"{PATH}?uploadId={begin(stored)}&partNumber=1"
    assert refused(stored("PUT", query, x_amz_copy_source=SOURCE, x_amz_copy_source_range=asked)) == code


def test_a_copy_of_an_object_of_parts_has_the_tag_of_its_bytes(stored: Store) -> None:
    upload = begin(stored)
    complete(stored, upload, [(1, part(stored, upload, 1, b"hello"))])
    stored("PUT", "/other-bucket/copy", x_amz_copy_source=PATH)
    assert stored("HEAD", "/other-bucket/copy")["ETag"] == stored("HEAD", SOURCE)["ETag"]


def test_buckets_are_listed_with_their_locations_in_pages(stored: Store) -> None:
    first = stored("GET", "/?extended&max-keys=1")
    names = ("Name", "LocationConstraint", "IsTruncated", "NextMarker")
    assert [texts(first, name) for name in names] == [
        ["my-bucket"],
        ["us-south-standard"],
        ["true"],
        ["my-bucket"],
    ]
    rest = stored("GET", "/?extended&marker=my-bucket")
    assert (texts(rest, "Name"), texts(rest, "IsTruncated")) == (["other-bucket"], ["false"])
    assert texts(stored("GET", "/?extended&prefix=oth"), "Name") == ["other-bucket"]


READS: dict[str, tuple[str, str, dict[str, str]]] = {
    "object copy": ("PUT", "/my-bucket/copy", {"x_amz_copy_source": PATH}),
    "part copy": ("PUT", "/my-bucket/parts", {"x_amz_copy_source": PATH}),
    "range of two parts": ("GET", PATH, {"Range": f"bytes={SMALLEST_PART - 1}-{SMALLEST_PART}"}),
}
CHANGES: dict[str, tuple[str, bytes, int]] = {"deleted": ("DELETE", b"", 404), "replaced": ("PUT", b"new " * 2**21, 2)}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("read", READS)
def test_an_object_changes_while_it_is_read(
    alice: Store, bucket: str, monkeypatch: pytest.MonkeyPatch, read: str, change: str
) -> None:
    """A reader that has had the first part meets the other object, or none."""
    upload = begin(alice)
    complete(alice, upload, [(1, part(alice, upload, 1, FIRST)), (2, part(alice, upload, 2, LAST))])
    verb, content, status = CHANGES[change]
    before, opened = there(), iter((False, True))
    following = Reader._next

    def meanwhile(reader: Reader, offset: int) -> None:
        if next(opened, False):
            alice(verb, PATH, content)
            files.remove(before)
        following(reader, offset)

    monkeypatch.setattr(Reader, "_next", meanwhile)
    method, path, headers = READS[read]
    if read == "part copy":
        path = f"{path}?uploadId={begin(alice, path)}&partNumber=1"
    assert alice(method, path, **headers).status_code // (1 if status == 404 else 100) == status


@pytest.mark.parametrize("content", [b"new", b"longer than before"])
@pytest.mark.parametrize("method", ["GET", "PUT"], ids=["read", "copy"])
def test_an_answer_is_about_one_object(
    stored: Store, monkeypatch: pytest.MonkeyPatch, method: str, content: bytes
) -> None:
    """Which is replaced after it was found, before its bytes are."""
    find, replacements = selectors.find_object, iter([content])

    def meanwhile(bucket: Bucket, key: str) -> StoredObject:
        stored_object = find(bucket, key)
        for each in replacements:
            stored.put(SOURCE, each)
        return stored_object

    monkeypatch.setattr(selectors, "find_object", meanwhile)
    if method == "PUT":
        stored.put("/my-bucket/copy", x_amz_copy_source=SOURCE)
    got = stored("GET", SOURCE if method == "GET" else "/my-bucket/copy")
    assert (got.content, got["ETag"]) == (content, f'"{hashlib.md5(content).hexdigest()}"')
