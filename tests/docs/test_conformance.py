"""Every test holds the answers it gets to the document; this is how such a test would fail."""

import json
from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse

from tests.docs.conformance import faults

REFUSAL: dict[str, Any] = {"errors": [{"code": "not_found", "message": "No."}], "status_code": 404, "trace": "t"}
KEY = ("/v1/keys/{key_id}", "get")


def test_an_answer_as_documented_has_no_faults() -> None:
    assert faults(*KEY, JsonResponse(REFUSAL, status=404)) == []


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (JsonResponse(REFUSAL, status=418), "status 418 is not documented"),
        (JsonResponse({**REFUSAL, "status_code": "404"}, status=404), "'404' is not of type 'integer'"),
        (JsonResponse({"trace": "t"}, status=404), "'errors' is a required property"),
        (HttpResponse(json.dumps(REFUSAL), status=404), "Content-Type text/html"),
        (JsonResponse({"id": "r006-1"}), "'public_key' is a required property"),
    ],
    ids=["status", "type", "missing", "content-type", "shape"],
)
def test_an_answer_that_is_not_as_documented_is_a_fault(answer: HttpResponse, fault: str) -> None:
    assert any(fault in each for each in faults(*KEY, answer))


def test_a_body_where_none_is_documented_is_a_fault() -> None:
    assert faults("/v1/keys/{key_id}", "delete", HttpResponse(b"x", status=204))
