"""Multipart uploads, as S3 has them: parts are put in any order, and are an object when all of them are named."""

import hashlib
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import pytest

from controlplane.kernel.awaited_body import AwaitedBody
from controlplane.objectstore import files, quota
from controlplane.objectstore.models import Piece, StoredObject
from controlplane.objectstore.uploads import SMALLEST_PART
from tests.objectstore.store import Store, last_event, refused, texts

PATH = "/my-bucket/large"
FIRST, SECOND, LAST = b"a" * SMALLEST_PART, b"b" * SMALLEST_PART, b"c"
MD5S = [hashlib.md5(content).digest() for content in (FIRST, SECOND, LAST)]
ETAG = f'"{hashlib.md5(b"".join(MD5S)).hexdigest()}-3"'


def begin(store: Store, path: str = PATH, **headers: str) -> str:
    [upload] = texts(store("POST", f"{path}?uploads", **headers), "UploadId")
    return upload


def part(store: Store, upload: str, number: int, content: bytes, path: str = PATH) -> str:
    return str(store.put(f"{path}?uploadId={upload}&partNumber={number}", content)["ETag"])


def listing(parts: list[tuple[int, str]]) -> bytes:
    root = Element("CompleteMultipartUpload")
    for number, etag in parts:
        child = SubElement(root, "Part")
        SubElement(child, "PartNumber").text = str(number)
        SubElement(child, "ETag").text = etag
    return tostring(root)


def complete(store: Store, upload: str, parts: list[tuple[int, str]], **headers: str) -> Any:
    return store("POST", f"{PATH}?uploadId={upload}", listing(parts), **headers)


def there() -> set[str]:
    """Names of the files on the disk that are whole."""
    return {path.name for group in files.groups() for path in group if files.NAME.fullmatch(path.name)}


@pytest.fixture
def upload(alice: Store, bucket: str) -> str:
    return begin(alice, Cache_Control="max-age=60", x_amz_meta_colour="blue")


@pytest.fixture
def parts(alice: Store, upload: str) -> list[tuple[int, str]]:
    """Put in another order than they are in."""
    tags = {number: part(alice, upload, number, content) for number, content in ((7, LAST), (1, FIRST), (2, SECOND))}
    return sorted(tags.items())


def test_parts_become_an_object_with_s3s_entity_tag(alice: Store, upload: str, parts: list[tuple[int, str]]) -> None:
    assert texts(complete(alice, upload, parts), "ETag") == [ETAG]
    head = alice("HEAD", PATH)
    head_values = [head[name] for name in ("ETag", "Content-Length", "Cache-Control", "x-amz-meta-colour")]
    assert head_values == [ETAG, str(2 * SMALLEST_PART + 1), "max-age=60", "blue"]


def test_the_bytes_of_an_object_of_parts_are_in_order(alice: Store, upload: str, parts: list[tuple[int, str]]) -> None:
    complete(alice, upload, parts)
    assert b"".join(alice("GET", PATH).streaming_content) == FIRST + SECOND + LAST  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "part_of"),
    [
        (f"bytes={SMALLEST_PART - 1}-{SMALLEST_PART}", b"ab"),
        (f"bytes={2 * SMALLEST_PART}-", b"c"),
        (f"bytes={SMALLEST_PART}-{SMALLEST_PART + 1}", b"bb"),
        ("bytes=-2", b"bc"),
    ],
)
def test_a_range_goes_across_parts(
    alice: Store, upload: str, parts: list[tuple[int, str]], asked: str, part_of: bytes
) -> None:
    complete(alice, upload, parts)
    assert alice("GET", PATH, Range=asked).content == part_of


Named = list[tuple[int, str]]
REFUSED: dict[str, tuple[Callable[[Named], Named], tuple[int, str]]] = {
    "in another order": (lambda parts: parts[::-1], (400, "InvalidPartOrder")),
    "one twice": (lambda parts: [parts[0], *parts], (400, "InvalidPartOrder")),
    "with another tag": (lambda parts: [(1, '"0"'), *parts[1:]], (400, "InvalidPart")),
    "one that was not put": (lambda parts: [*parts, (9, parts[0][1])], (400, "InvalidPart")),
    "a small one before the last": (lambda parts: [parts[2], (8, parts[0][1])], (400, "EntityTooSmall")),
    "none": (lambda parts: [], (400, "MalformedXML")),
    "number 0": (lambda parts: [(0, '"0"')], (400, "MalformedXML")),
    "number 10001": (lambda parts: [(10_001, '"0"')], (400, "MalformedXML")),
}


@pytest.mark.parametrize("named", REFUSED)
def test_parts_that_are_listed_wrongly_are_refused_and_stay(
    alice: Store, upload: str, parts: list[tuple[int, str]], named: str
) -> None:
    change, expected = REFUSED[named]
    if expected[1] == "EntityTooSmall":
        part(alice, upload, 8, FIRST)
    assert refused(complete(alice, upload, change(parts))) == expected
    assert texts(complete(alice, upload, parts), "ETag") == [ETAG]


def test_parts_that_are_not_listed_are_discarded(
    alice: Store, upload: str, parts: list[tuple[int, str]], django_capture_on_commit_callbacks: Any
) -> None:
    before = there()
    with django_capture_on_commit_callbacks(execute=True):
        complete(alice, upload, parts[:1])
    piece_files = set(Piece.objects.values_list("file", flat=True))
    assert (len(piece_files), piece_files & there(), len(before - there())) == (1, piece_files, 2)


def test_a_part_replaces_the_one_before(alice: Store, upload: str) -> None:
    part(alice, upload, 1, FIRST)
    tag = part(alice, upload, 1, b"other")
    complete(alice, upload, [(1, tag)])
    assert alice("GET", PATH).content == b"other"


@pytest.mark.parametrize("number", ["0", "10001", "x", ""])
def test_a_part_has_a_number_from_1_to_10000(alice: Store, upload: str, number: str) -> None:
    assert refused(alice("PUT", f"{PATH}?uploadId={upload}&partNumber={number}", b"x")) == (400, "InvalidArgument")


WITHOUT_UPLOAD = ("PUT", "POST", "GET", "DELETE")


@pytest.mark.parametrize("method", WITHOUT_UPLOAD)
@pytest.mark.parametrize("kind", ["unknown", "aborted", "complete", "of another key"])
def test_an_upload_that_is_not_there_has_its_code(alice: Store, upload: str, method: str, kind: str) -> None:
    path = PATH
    if kind == "unknown":
        upload = "0" * 32
    elif kind == "aborted":
        assert alice("DELETE", f"{PATH}?uploadId={upload}").status_code == 204
    elif kind == "complete":
        complete(alice, upload, [(1, part(alice, upload, 1, b"x"))])
    else:
        path = "/my-bucket/other"
    number = "&partNumber=1" if method == "PUT" else ""
    answer = alice(method, f"{path}?uploadId={upload}{number}", listing([(1, '"0"')]))
    assert refused(answer) == (404, "NoSuchUpload")


def test_an_aborted_upload_leaves_nothing(
    alice: Store, upload: str, parts: list[tuple[int, str]], django_capture_on_commit_callbacks: Any
) -> None:
    names = set(Piece.objects.values_list("file", flat=True))
    with django_capture_on_commit_callbacks(execute=True):
        alice("DELETE", f"{PATH}?uploadId={upload}")
    assert (Piece.objects.count(), names & there(), StoredObject.objects.count()) == (0, set(), 0)


def test_an_upload_is_not_an_object_before_it_is_complete(alice: Store, upload: str, parts: Named) -> None:
    assert refused(alice("GET", PATH)) == (404, "NoSuchKey")
    assert texts(alice("GET", "/my-bucket"), "Key") == []


def test_a_bucket_with_an_upload_is_not_empty(alice: Store, upload: str) -> None:
    assert refused(alice("DELETE", "/my-bucket")) == (409, "BucketNotEmpty")


def test_parts_are_listed_in_pages(alice: Store, upload: str, parts: list[tuple[int, str]]) -> None:
    first = alice("GET", f"{PATH}?uploadId={upload}&max-parts=2")
    assert [texts(first, name) for name in ("PartNumber", "IsTruncated", "NextPartNumberMarker")] == [
        ["1", "2"],
        ["true"],
        ["2"],
    ]
    rest = alice("GET", f"{PATH}?uploadId={upload}&part-number-marker=2")
    assert [texts(rest, name) for name in ("PartNumber", "Size", "IsTruncated")] == [["7"], ["1"], ["false"]]


def test_uploads_are_listed_in_pages_and_by_prefix(alice: Store, bucket: str) -> None:
    for key in ("a/1", "a/2", "b", "b"):
        begin(alice, f"/my-bucket/{key}")
    requests: list[str] = []
    query = "uploads&max-uploads=1"
    for _ in range(4):
        answer = alice("GET", f"/my-bucket?{query}")
        requests += texts(answer, "Key")
        [key], [upload] = texts(answer, "NextKeyMarker") or [""], texts(answer, "NextUploadIdMarker") or [""]
        query = f"uploads&max-uploads=1&key-marker={key}&upload-id-marker={upload}"
    assert (requests, texts(answer, "IsTruncated")) == (["a/1", "a/2", "b", "b"], ["false"])
    rolled = alice("GET", "/my-bucket?uploads&delimiter=/")
    assert (texts(rolled, "Key"), texts(rolled, "Prefix")) == (["b", "b"], ["", "a/"])


def test_a_complete_upload_is_put_only_where_there_is_nothing(alice: Store, upload: str, parts: Named) -> None:
    alice.put(PATH, b"x")
    assert refused(complete(alice, upload, parts, If_None_Match="*")) == (412, "PreconditionFailed")


def test_each_step_leaves_an_event(alice: Store, upload: str) -> None:
    actions = [last_event().action]
    tag = part(alice, upload, 1, b"x")
    actions.append(last_event().action)
    complete(alice, upload, [(1, tag)])
    actions.append(last_event().action)
    steps = [f"cloud-object-storage.object-multipart.{step}" for step in ("start", "create", "complete")]
    assert (actions, last_event().data["object"]) == (steps, "large")


def test_a_reader_lists_parts_and_changes_nothing(alice: Store, reader: Store, upload: str) -> None:
    assert reader("GET", f"{PATH}?uploadId={upload}").status_code == 200
    for method, query in (
        ("POST", "uploads"),
        ("PUT", f"uploadId={upload}&partNumber=1"),
        ("DELETE", f"uploadId={upload}"),
    ):
        assert refused(reader(method, f"{PATH}?{query}", b"x")) == (403, "AccessDenied")


def test_another_account_has_no_such_upload(alice: Store, mallory: Store, upload: str) -> None:
    mallory.put("/my-bucket")
    assert refused(mallory("GET", f"{PATH}?uploadId={upload}")) == (404, "NoSuchUpload")


# --- the quota --------------------------------------------------------------------------------------------------


def test_what_an_account_stores_has_an_end(
    alice: Store, bucket: str, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.BAREMINT_COS_QUOTA = 1
    alice.put("/my-bucket/a", b"x" * (quota.MEGABYTE - 10))
    before = there()
    answer = alice("PUT", "/my-bucket/b", b"x" * 11)
    assert refused(answer) == (403, "QuotaExceeded")
    assert "BAREMINT_COS_QUOTA" in texts(answer, "Message")[0]
    assert there() == before
    alice.put("/my-bucket/b", b"x" * 10)
    alice.put("/my-bucket/a", b"x" * (quota.MEGABYTE - 10))
    with django_capture_on_commit_callbacks(execute=True):
        alice("DELETE", "/my-bucket/a")
    alice.put("/my-bucket/c", b"x" * 300_000)


def test_parts_count_for_the_quota(alice: Store, upload: str, settings: Any) -> None:
    settings.BAREMINT_COS_QUOTA = 6
    part(alice, upload, 1, FIRST)
    part(alice, upload, 1, FIRST)
    assert refused(alice("PUT", f"{PATH}?uploadId={upload}&partNumber=2", FIRST)) == (403, "QuotaExceeded")


def test_a_body_that_is_announced_beyond_the_quota_is_not_waited_for(alice: Store, bucket: str, settings: Any) -> None:
    settings.BAREMINT_COS_QUOTA = 1
    answer = alice.client.generic(
        "PUT",
        "/cos/my-bucket/a",
        b"",
        headers=alice.headers,
        **{"wsgi.input": AwaitedBody(), "CONTENT_LENGTH": "2000000"},
    )
    assert refused(answer) == (403, "QuotaExceeded")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "expected"),
    {"x": (400, "InvalidArgument"), "-1": (400, "InvalidArgument"), "1": (400, "InvalidRequest")}.items(),
)
def test_the_size_that_a_client_expects_is_checked(
    alice: Store, upload: str, parts: list[tuple[int, str]], size: str, expected: tuple[int, str]
) -> None:
    assert refused(complete(alice, upload, parts, x_amz_mp_object_size=size)) == expected
