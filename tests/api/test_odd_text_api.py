"""No text of a request makes the control plane fail, at whichever operation, and its refusals are kept."""

import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from django.test import RequestFactory

from controlplane.activity.models import ActivityEvent
from controlplane.apidocs.document import document
from controlplane.apidocs.examples import example, resolved
from controlplane.kernel.wsgi import get_application
from tests.api.calling import call, refusal
from tests.api.everything import PLACEHOLDER, Everything, perform
from tests.api.test_odd_values_api import paths_of, spoilt
from tests.docs.document import Documented, guarded_operations, referenced
from tests.odd import BODY_VALUES, CHARSETS, ENCODED, FEW, queries
from tests.tables import alone, check_each
from tests.world import ACCOUNT, ALICE, World

GUARDED = guarded_operations()
READING = [each for each in GUARDED if each.method == "GET"]
OPEN_PATHS = ["/pki/ocsp/{}", "/pki/{}.crl", "/pki/{}.cer", "/{}", "/v1/{}", "/identity/{}", "/healthz/{}"]


@pytest.fixture
def alices(world: World, keys: None) -> Everything:
    return Everything(world.account, ALICE)


def parameters(operation: Documented) -> Iterator[str]:
    """Names of its query parameters."""
    for each in operation.content.get("parameters", []):
        definition = referenced(each["$ref"]) if "$ref" in each else each
        if definition["in"] == "query":
            yield definition["name"]


def failures(asked: list[Any], perform: Callable[..., Any]) -> dict[str, bytes]:
    """What of this the product answers as its own fault; 501 is documented for what is left out."""
    answers = [(" ".join(map(str, each)), perform(*each)) for each in asked]
    return {
        each[:200]: answer.content
        for each, answer in answers
        if answer.status_code >= 500 and answer.status_code != 501
    }


@pytest.mark.thorough
def test_no_text_in_place_of_an_id_makes_an_operation_fail(alices: Everything) -> None:
    pairs = []
    for each in GUARDED:
        for place in PLACEHOLDER.finditer(each.path):
            before = alices.path(each.path[: place.end()]).rpartition("/")[0]
            rest = PLACEHOLDER.sub("x", each.path[place.end() :])
            pairs += [(each, f"{before}/{value}{rest}") for value in FEW]
    assert len(pairs) > len(GUARDED)
    assert failures(pairs, lambda each, path: perform(each, path, alices.query, ALICE)) == {}


@pytest.mark.thorough
def test_no_text_of_a_query_makes_an_operation_fail(alices: Everything) -> None:
    pairs = [(each, query) for each in READING for query in queries(*parameters(each))]

    def get(each: Documented, query: str) -> Any:
        return call("GET", f"{alices.path(each.path)}?{alices.query}&{query}")

    assert failures(pairs, get) == {}


def bodies(operation: Documented) -> Iterator[Any]:
    """The smallest body it takes, with an odd value in place of each property, of those it may have, too."""
    schema = operation.content["requestBody"]["content"]["application/json"]["schema"]
    schemas = document()["components"]["schemas"]
    smallest = json.loads(json.dumps(example(schema, schemas)).replace("$ACCOUNT_ID", ACCOUNT))
    answer = resolved(schema, schemas).get("properties", {})
    for path in dict.fromkeys([*paths_of(smallest), *((name,) for name in answer)]):
        for value in BODY_VALUES:
            yield spoilt(smallest, path, value)


@pytest.mark.thorough
def test_no_text_of_a_body_makes_an_operation_fail(alices: Everything) -> None:
    pairs = [(each, body) for each in GUARDED if "requestBody" in each.content for body in bodies(each)]
    assert len(pairs) > len(GUARDED)

    def send(each: Documented, body: Any) -> Any:
        return alices.call(each.method, alices.path(each.path), body)

    assert failures(pairs, send) == {}


def test_no_text_in_a_path_makes_an_unauthenticated_operation_fail(world: World) -> None:
    def check(case: tuple[str, str]) -> None:
        path, name = case
        value = ENCODED[name]
        assert call("GET", path.format(value), caller=None).status_code < 500

    check_each(list(product(OPEN_PATHS, ENCODED)), check)


CONTENT_TYPES = [f"application/x-www-form-urlencoded; charset={each}" for each in CHARSETS]
CONTENT_TYPES += [
    "text/plain; x*=hex''%41",
    "text/plain; x*=idna''%80",
    "text/plain; x*=none''%41",
    ";",
    "\xff; \xff=\xff",
]


def test_no_content_type_keeps_a_query_from_being_read_as_utf_8(world: World) -> None:
    """Or the client would choose which of Python's codecs decodes it."""

    def check(kind: str) -> None:
        [start] = wsgi("GET", "/v1/regions", "x=%2B2AA-%00", CONTENT_TYPE=kind)
        assert start == "401 Unauthorized"

    check_each(CONTENT_TYPES, check)


@pytest.mark.parametrize(
    "accept", ["text/x; x*=idna''%80", "text/x; x*=none''%41", "application/json; indent=" + "9" * 5_000]
)
def test_no_accept_header_makes_an_operation_fail(world: World, accept: str) -> None:
    assert call("GET", f"/v1/profiles?account_id={ACCOUNT}", Accept=accept).status_code in (200, 400)


LIMITS = [("/v1/vpcs", "limit"), ("/v1/profiles", "pagesize"), ("/v1/policies", "limit"), ("/v3/tags", "limit")]
NO_LIMITS = ["0000000019999", "0" * 5_000 + "1", "1" * 5_000, "%C2%B2", "%D9%A3", "%2B1", "1_0"]


def test_a_number_is_read_whole_or_refused(world: World) -> None:
    def check(case: tuple[tuple[str, str], str]) -> None:
        (path, name), number = case
        answer = call("GET", f"{path}?version=2025-08-26&generation=2&account_id={ACCOUNT}&{name}={number}")
        assert refusal(answer)[0] == 400

    check_each(list(product(LIMITS, NO_LIMITS)), check)


def test_a_length_that_is_no_number_makes_no_question_about_a_certificate_fail(world: World) -> None:
    for length in ("\xb2", "9" * 5_000, "x"):
        assert wsgi("POST", "/pki/ocsp", "", CONTENT_LENGTH=length) == ["200 OK"]


def wsgi(method: str, path: str, query: str, **environ: str) -> list[str]:
    """Status lines of the answer of the application as the HTTP server calls it: Django's test client makes requests of
    its own class."""
    wsgi_environ = {**RequestFactory().generic(method, path).environ, "QUERY_STRING": query, **environ}
    started: list[str] = []
    b"".join(get_application()(wsgi_environ, lambda status, headers: started.append(status)))
    return started


REFUSED = {
    "a-query": ("GET", f"/v1/profiles?account_id={ACCOUNT}&name=a%00b", None, 400),
    "a-path": ("GET", "/v1/profiles/a%00b", None, 404),
    "a-property": ("POST", "/v1/profiles", {"name": "a\0b", "account_id": ACCOUNT}, 400),
    "the-name-of-a-property": ("POST", "/v1/profiles", {"a\0b": "x", "account_id": ACCOUNT}, 400),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_of_nul_leaves_its_event(world: World, method: str, path: str, body: Any, status: int) -> None:
    assert call(method, path, body, User_Agent="curl\0", X_Request_Id="a\0b").status_code == status
    event = ActivityEvent.objects.get()
    assert (event.outcome, event.reason_code) == ("failure", status)


HEADERS = ["If_Match", "User_Agent", "X_Request_Id", "Transaction_Id", "X_Correlation_Id", "IAM_ApiKey", "Accept"]
ODD_HEADERS = {"nul": "a\0b", "no-text": "\xff\xfe", "control-characters": "\x01\x7f", "a-long-number": "9" * 5_000}


def test_no_header_makes_an_operation_fail(world: World) -> None:
    def check(case: tuple[str, str]) -> None:
        header, name = case
        value = ODD_HEADERS[name]
        answer = call("PUT", "/v1/profiles/x", {"name": "x"}, **{header: value})
        assert answer.status_code in (400, 404)

    check_each(list(product(HEADERS, ODD_HEADERS)), alone(check))
