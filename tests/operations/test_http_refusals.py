"""What the HTTP server answers itself is in the form of the API that owns the path."""

import json
from itertools import product
from xml.etree import ElementTree

import pytest

from controlplane.console.middleware import POLICY
from controlplane.runtime.refusals import refuse
from tests.tables import check_each

VPC, IDENTITY, POLICIES = ("/v1/bare_metal_servers", "/v1/profiles", "/v1/policies")
KEYS = {
    VPC: {"errors", "status_code", "trace"},
    f"/{VPC}": {"errors", "status_code", "trace"},
    IDENTITY: {"context", "errors", "status_code", "trace"},
    POLICIES: {"errors", "status_code", "trace"},
    "/identity/token": {"errorCode", "errorMessage", "context"},
    "/nowhere": {"errors", "status_code", "trace"},
    "": {"errors", "status_code", "trace"},
}


STATUSES = [400, 408, 413, 414, 431, 500, 503]


def test_an_api_is_spoken_for_in_its_envelope() -> None:
    def check(case: tuple[int, tuple[str, set[str]]]) -> None:
        status, (path, keys) = case
        answer = refuse(status, "What is wrong.", path)
        body = json.loads(answer.body)
        assert dict(answer.headers)["Content-Type"] == "application/json"
        assert (answer.status.split()[0], body.keys()) == (str(status), keys)

    check_each(list(product(STATUSES, KEYS.items())), check)


def test_the_code_of_a_request_that_cannot_be_read_is_invalid_request() -> None:
    [error] = json.loads(refuse(431, "Too long.", VPC).body)["errors"]
    assert error == {"code": "invalid_request", "message": "Too long."}


def test_an_envelope_that_tells_of_the_request_names_the_path_and_the_id_of_the_answer() -> None:
    answer = refuse(431, "Too long.", IDENTITY)
    context = json.loads(answer.body)["context"]
    assert (context["url"], context["transaction_id"]) == (IDENTITY, dict(answer.headers)["X-Request-Id"])


def test_the_object_store_is_spoken_for_in_xml_and_in_s3s_codes() -> None:
    codes = {400: "InvalidRequest", 408: "RequestTimeout", 500: "InternalError", 503: "ServiceUnavailable"}
    for status, code in codes.items():
        answer = refuse(status, "What is wrong.", "/cos/bucket/key")
        error = ElementTree.fromstring(answer.body)
        assert dict(answer.headers)["Content-Type"] == "application/xml"
        assert (error.findtext("Code"), error.findtext("Message")) == (code, "What is wrong.")


@pytest.mark.parametrize("path", ["/", "/servers/new", "/login", "/admin/", "/admin/login/", "/admin/servers/key/add/"])
def test_a_page_is_spoken_for_by_a_page(path: str) -> None:
    answer = refuse(431, "Too <long>.", path)
    headers = dict(answer.headers)
    assert (headers["Content-Type"], headers["Content-Security-Policy"]) == ("text/html; charset=utf-8", POLICY)
    assert "<h1>Refused</h1><p>Too &lt;long&gt;.</p>" in answer.body.decode()
