"""No text of a request makes the object store fail, and its refusals are kept."""

import base64

import pytest

from tests.objectstore.store import Store, last_event
from tests.odd import ENCODED

pytestmark = pytest.mark.thorough

QUERIES = ("prefix", "delimiter", "marker", "max-keys", "encoding-type")
QUERIES_2 = ("prefix", "start-after", "continuation-token", "max-keys")
HEADERS = (
    "ibm-service-instance-id",
    "Range",
    "If-Match",
    "If-Modified-Since",
    "x-amz-meta-a",
    "Content-MD5",
    "Expires",
)
ODD_HEADERS = {"nul": "a\0b", "no-text": "\xff\xfe", "digits": "9" * 5_000, "range": f"bytes=0-{'9' * 5_000}"}


@pytest.mark.parametrize("value", ENCODED.values(), ids=ENCODED)
def test_no_text_of_a_query_makes_a_list_fail(alice: Store, bucket: str, value: str) -> None:
    queries = [f"?{name}={value}" for name in (*QUERIES, value)]
    queries += [f"?list-type=2&{name}={value}" for name in QUERIES_2]
    assert [each for each in queries if alice("GET", bucket + each).status_code == 500] == []


@pytest.mark.parametrize("value", ENCODED.values(), ids=ENCODED)
def test_no_text_in_a_path_makes_an_operation_fail(alice: Store, bucket: str, value: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        for path in (f"/{value}", f"{bucket}/{value}", f"/{value}/{value}"):
            assert alice(method, path).status_code < 500


@pytest.mark.parametrize("value", ODD_HEADERS.values(), ids=ODD_HEADERS)
@pytest.mark.parametrize("name", HEADERS)
def test_no_header_makes_an_operation_fail(alice: Store, bucket: str, name: str, value: str) -> None:
    headers = {name.replace("-", "_"): value}
    assert alice("PUT", f"{bucket}/a", b"x", **headers).status_code < 500
    assert alice("GET", f"{bucket}/a", **headers).status_code < 500


@pytest.mark.parametrize("key", ["\0", "a\0b"])
def test_a_page_token_with_nul_is_none_of_the_store(alice: Store, bucket: str, key: str) -> None:
    token = base64.urlsafe_b64encode(key.encode()).decode()
    assert alice("GET", f"{bucket}?list-type=2&continuation-token={token}").status_code == 400


@pytest.mark.parametrize("number", ["0000000019999", "9" * 25, "1" * 5_000, "%C2%B2", "%2B1"])
def test_a_number_that_is_none_is_refused(alice: Store, bucket: str, number: str) -> None:
    assert alice("GET", f"{bucket}?max-keys={number}").status_code == 400


@pytest.mark.parametrize("path", ["/my-bucket?prefix=a%00b", "/my-bucket/a%00b", "/a%00b"])
def test_a_refusal_of_nul_leaves_its_event(alice: Store, bucket: str, path: str) -> None:
    assert alice("GET", path, User_Agent="a\0b").status_code == 400
    assert (last_event().outcome, last_event().reason_code) == ("failure", 400)
