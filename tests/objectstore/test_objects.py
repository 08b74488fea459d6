"""Objects: what was put is what is got, whole or in part, and only when asked for rightly."""

import base64
import hashlib
import zlib

import pytest

from controlplane.objectstore import request_bodies
from tests.objectstore.store import Store, last_event, refused, texts

PATH = "/my-bucket/a/b.txt"
MD5 = hashlib.md5(b"hello").digest()
ETAG = f'"{MD5.hex()}"'


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.fixture
def stored(alice: Store, bucket: str) -> Store:
    alice.put(PATH, b"hello", Content_Type="text/plain", x_amz_meta_colour="blue", Cache_Control="max-age=60")
    return alice


def test_an_object_comes_back_as_it_was_put(stored: Store) -> None:
    answer = stored("GET", PATH)
    assert (answer.status_code, answer.content) == (200, b"hello")


def test_an_object_keeps_its_headers(stored: Store) -> None:
    answer = stored("GET", PATH)
    metadata = {name: answer[name] for name in ("Content-Type", "x-amz-meta-colour", "Cache-Control", "ETag")}
    assert metadata == {
        "Content-Type": "text/plain",
        "x-amz-meta-colour": "blue",
        "Cache-Control": "max-age=60",
        "ETag": ETAG,
    }


def test_an_object_of_unsaid_type_is_just_bytes(alice: Store, bucket: str) -> None:
    alice.put(PATH, b"x")
    assert alice("GET", PATH)["Content-Type"] == "binary/octet-stream"


def test_head_answers_the_same_without_a_body(stored: Store) -> None:
    answer = stored("HEAD", PATH)
    assert (answer["Content-Length"], answer["ETag"], answer.content) == ("5", ETAG, b"")


def test_a_put_answers_the_entity_tag(alice: Store, bucket: str) -> None:
    assert alice.put(PATH, b"hello")["ETag"] == ETAG


def test_a_second_put_replaces_the_first(stored: Store) -> None:
    stored.put(PATH, b"other")
    answer = stored("GET", PATH)
    assert (answer.content, answer["Content-Type"]) == (b"other", "binary/octet-stream")


def test_a_deleted_object_is_gone(stored: Store) -> None:
    assert stored("DELETE", PATH).status_code == 204
    assert refused(stored("GET", PATH)) == (404, "NoSuchKey")


def test_deleting_what_is_not_there_succeeds(alice: Store, bucket: str) -> None:
    assert alice("DELETE", PATH).status_code == 204


@pytest.mark.parametrize("key", ["a//b", "../x", "a/./b", "ü +%", "a\nb", "/slash", "x" * 1024, "é" * 512])
def test_a_key_is_any_text(alice: Store, bucket: str, key: str) -> None:
    path = f"{bucket}/" + "".join(f"%{byte:02x}" for byte in key.encode())
    alice.put(path, key.encode())
    assert alice("GET", path).content == key.encode()


def test_a_carriage_return_in_a_key_is_listed_as_one(alice: Store, bucket: str) -> None:
    alice.put("/my-bucket/a%0d%0ab")
    assert texts(alice("GET", "/my-bucket"), "Key") == ["a\r\nb"]


def test_two_slashes_are_not_one(alice: Store, bucket: str) -> None:
    alice.put("/my-bucket/a//b", b"two")
    assert refused(alice("GET", "/my-bucket/a/b")) == (404, "NoSuchKey")


@pytest.mark.parametrize(("key", "code"), [("x" * 1025, "KeyTooLongError"), ("a%00b", "InvalidArgument")])
def test_a_key_that_cannot_be_kept_is_refused(alice: Store, bucket: str, key: str, code: str) -> None:
    assert refused(alice("PUT", f"{bucket}/{key}")) == (400, code)


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_an_object_needs_a_bucket(alice: Store, method: str) -> None:
    assert refused(alice(method, "/no-bucket/a")) == (404, "NoSuchBucket")


# --- ranges and conditions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-1", b"he", "bytes 0-1/5"),
        ("bytes=3-", b"lo", "bytes 3-4/5"),
        ("bytes=-2", b"lo", "bytes 3-4/5"),
        ("bytes=1-99", b"ello", "bytes 1-4/5"),
        ("bytes=-99", b"hello", "bytes 0-4/5"),
        (f"bytes=1-{10**30}", b"ello", "bytes 1-4/5"),
    ],
)
def test_a_range_is_a_part(stored: Store, asked: str, part: bytes, said: str) -> None:
    answer = stored("GET", PATH, Range=asked)
    assert (answer.status_code, answer.content, answer["Content-Range"]) == (206, part, said)


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "lines=1-2", "bytes=3-1", "bytes=-", "bytes=x-"])
def test_a_range_of_another_form_is_the_whole(stored: Store, asked: str) -> None:
    answer = stored("GET", PATH, Range=asked)
    assert (answer.status_code, answer.content) == (200, b"hello")


@pytest.mark.parametrize("asked", ["bytes=5-", "bytes=9-10", "bytes=-0", f"bytes={10**30}-"])
def test_a_range_behind_the_end_is_refused(stored: Store, asked: str) -> None:
    answer = stored("GET", PATH, Range=asked)
    assert (refused(answer), answer["Content-Range"]) == ((416, "InvalidRange"), "bytes */5")


def test_a_range_of_an_object_that_changed_is_the_whole(stored: Store) -> None:
    assert stored("GET", PATH, Range="bytes=0-1", If_Range='"other"').status_code == 200


def test_what_the_client_has_is_not_sent_again(stored: Store) -> None:
    answer = stored("GET", PATH, If_None_Match=ETAG)
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", ETAG)


def test_another_object_than_the_one_asked_for_is_refused(stored: Store) -> None:
    assert refused(stored("GET", PATH, If_Match='"other"')) == (412, "PreconditionFailed")


BARE = MD5.hex()
CONDITIONS = [
    ({"If_Match": BARE}, 200),
    ({"If_Match": "other"}, 412),
    ({"If_Match": f"other, {ETAG}"}, 200),
    ({"If_Match": "*"}, 200),
    ({"If_None_Match": BARE}, 304),
    ({"If_None_Match": "other"}, 200),
    ({"If_None_Match": f'W/"x", {BARE}'}, 304),
    ({"If_Unmodified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 412),
    ({"If_Match": BARE, "If_Unmodified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 200),
]


def test_an_entity_tag_counts_without_quotation_marks(stored: Store) -> None:
    """As at S3, whose clients often leave them out."""
    pairs = [(headers, stored("HEAD", PATH, **headers).status_code) for headers, _ in CONDITIONS]
    assert pairs == CONDITIONS


def test_a_copy_has_the_same_conditions(stored: Store) -> None:
    rows = []
    for headers, _ in CONDITIONS:
        copy_headers = {f"x_amz_copy_source_{name.lower()}": value for name, value in headers.items()}
        rows.append((headers, stored("PUT", "/my-bucket/copy", x_amz_copy_source=PATH, **copy_headers).status_code))
    assert rows == [(headers, 200 if status == 200 else 412) for headers, status in CONDITIONS]


def test_an_object_is_put_only_where_there_is_none(stored: Store) -> None:
    assert refused(stored("PUT", PATH, b"x", If_None_Match="*")) == (412, "PreconditionFailed")


def test_an_object_is_put_only_in_place_of_the_one_named(stored: Store) -> None:
    assert refused(stored("PUT", PATH, b"x", If_Match='"other"')) == (412, "PreconditionFailed")
    stored.put(PATH, b"x", If_Match=ETAG)


# --- bodies -----------------------------------------------------------------------------------------------------

CHECKSUMS = {
    "Content_MD5": b64(MD5),
    "x_amz_checksum_crc32": b64(zlib.crc32(b"hello").to_bytes(4, "big")),
    "x_amz_checksum_sha1": b64(hashlib.sha1(b"hello").digest()),
    "x_amz_checksum_sha256": b64(hashlib.sha256(b"hello").digest()),
}


@pytest.mark.parametrize("name", CHECKSUMS)
def test_a_body_that_has_its_checksum_is_taken(alice: Store, bucket: str, name: str) -> None:
    alice.put(PATH, b"hello", **{name: CHECKSUMS[name]})


@pytest.mark.parametrize("name", CHECKSUMS)
def test_a_body_that_has_not_its_checksum_is_refused(alice: Store, bucket: str, name: str) -> None:
    assert refused(alice("PUT", PATH, b"hullo", **{name: CHECKSUMS[name]})) == (400, "BadDigest")


def test_a_body_is_held_to_the_digest_of_its_signature(alice: Store, bucket: str) -> None:
    digest = hashlib.sha256(b"hello").hexdigest()
    alice.put(PATH, b"hello", x_amz_content_sha256=digest)
    refusal = alice("PUT", PATH, b"hullo", x_amz_content_sha256=digest)
    assert refused(refusal) == (400, "XAmzContentSHA256Mismatch")


@pytest.mark.parametrize("value", ["!", b64(b"short")])
@pytest.mark.parametrize("name", CHECKSUMS)
def test_what_is_no_checksum_is_refused(alice: Store, bucket: str, name: str, value: str) -> None:
    assert refused(alice("PUT", PATH, b"hello", **{name: value})) == (400, "InvalidDigest")


def test_a_checksum_that_is_not_computed_here_is_refused_by_name(alice: Store, bucket: str) -> None:
    answer = alice("PUT", PATH, b"hello", x_amz_checksum_crc32c="AAAAAA==")
    assert refused(answer) == (501, "NotImplemented")
    assert b"x-amz-checksum-crc32c" in answer.content


def test_a_request_brings_five_gigabytes_at_most(alice: Store, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_bodies, "LARGEST_OBJECT", 1000)
    alice.put(PATH, b"x" * 1000)
    assert refused(alice("PUT", PATH, b"x" * 1001)) == (400, "EntityTooLarge")


def test_metadata_has_two_kilobytes_at_most(alice: Store, bucket: str) -> None:
    assert refused(alice("PUT", PATH, b"x", x_amz_meta_a="x" * 2048)) == (400, "MetadataTooLarge")


CRC32 = CHECKSUMS["x_amz_checksum_crc32"].encode()
FRAMED = b"3\r\nhel\r\n2;chunk-signature=0\r\nlo\r\n0\r\nx-amz-checksum-crc32:" + CRC32 + b"\r\n\r\n"
AWS_CHUNKED = {
    "Content_Encoding": "gzip, aws-chunked",
    "x_amz_decoded_content_length": "5",
    "x_amz_trailer": "x-amz-checksum-crc32",
}


def test_a_body_in_s3s_own_chunks_is_taken_out_of_them(alice: Store, bucket: str) -> None:
    alice.put(PATH, FRAMED, **AWS_CHUNKED)
    answer = alice("GET", PATH)
    assert (answer.content, answer["Content-Encoding"]) == (b"hello", "gzip")


def test_the_streamed_payload_of_a_signature_is_in_chunks(alice: Store, bucket: str) -> None:
    """Whether Content-Encoding says so or not."""
    alice.put(PATH, b"5\r\nhello\r\n0\r\n\r\n", x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    assert alice("GET", PATH).content == b"hello"


def test_the_checksum_behind_the_chunks_counts(alice: Store, bucket: str) -> None:
    assert refused(alice("PUT", PATH, FRAMED.replace(b"hel", b"hul"), **AWS_CHUNKED)) == (400, "BadDigest")


@pytest.mark.parametrize("body", [b"", b"hello", FRAMED[:-20], b"3\r\nhello\r\n0\r\n\r\n", b"5\r\nhell"])
def test_a_body_that_is_not_in_those_chunks_is_refused(alice: Store, bucket: str, body: bytes) -> None:
    status, code = refused(alice("PUT", PATH, body, **AWS_CHUNKED))
    assert (status, code) in [(400, "IncompleteBody"), (400, "InvalidDigest")]


def test_chunks_of_another_length_than_announced_are_refused(alice: Store, bucket: str) -> None:
    answer = alice("PUT", PATH, FRAMED, **{**AWS_CHUNKED, "x_amz_decoded_content_length": "6"})
    assert refused(answer) == (400, "IncompleteBody")


# --- what is not simulated --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/my-bucket/a?versionId=1"),
        ("GET", "/my-bucket?versioning"),
        ("PUT", "/my-bucket?acl"),
        ("GET", "/my-bucket?website"),
    ],
)
def test_what_is_not_simulated_is_refused_by_name(alice: Store, bucket: str, method: str, path: str) -> None:
    answer = alice(method, path)
    assert refused(answer) == (501, "NotImplemented")
    name = path.partition("?")[2].partition("=")[0].partition("&")[0]
    assert f"?{name}".encode() in answer.content


@pytest.mark.parametrize("header", ["x_amz_acl", "x_amz_tagging", "x_amz_storage_class"])
def test_a_header_that_asks_for_more_is_refused_by_name(alice: Store, bucket: str, header: str) -> None:
    assert refused(alice("PUT", PATH, b"", **{header: "anything"})) == (501, "NotImplemented")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", PATH, "DELETE, GET, HEAD, POST, PUT"),
        ("POST", "/my-bucket", "DELETE, GET, HEAD, POST, PUT"),
        ("PUT", "/", "GET"),
    ],
)
def test_a_method_that_is_not_allowed_is_refused(alice: Store, method: str, path: str, allowed: str) -> None:
    answer = alice(method, path)
    assert (refused(answer), answer["Allow"]) == ((405, "MethodNotAllowed"), allowed)


# --- activity ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "event", "status"),
    [("PUT", "create", 200), ("GET", "read", 200), ("HEAD", "read", 200), ("DELETE", "delete", 204)],
)
def test_each_operation_on_an_object_leaves_an_event(stored: Store, method: str, event: str, status: int) -> None:
    stored(method, PATH)
    last = last_event()
    assert (last.action, last.reason_code) == (f"cloud-object-storage.object.{event}", status)
    assert last.data["object"] == "a/b.txt"


def test_a_refusal_leaves_an_event(alice: Store, bucket: str) -> None:
    alice("GET", PATH)
    last = last_event()
    assert (last.action, last.outcome, last.reason_type) == ("cloud-object-storage.object.read", "failure", "NoSuchKey")
