"""No text of a request makes the metadata service fail, and its refusals are kept."""

import json
from itertools import product
from typing import Any

import pytest

from tests.inside.program import Inside, last_event
from tests.odd import BODY_VALUES, ENCODED
from tests.tables import alone, check_each

HEADERS = ("Metadata-Flavor", "Authorization", "User-Agent", "X-Request-Id", "Host", "Range", "Accept")
ODD_HEADERS = {"nul": "ibm\0", "no-text": "\xff\xfe", "digits": "9" * 5_000}


@pytest.fixture
def program(inside: Inside, keys: None) -> Inside:
    inside.client.raise_request_exception = False
    return inside


def test_no_text_of_a_path_or_query_makes_an_operation_fail(program: Inside) -> None:
    def check(name: str) -> None:
        value = ENCODED[name]
        for path in (f"/{value}", f"/identity/v1/{value}", f"/identity/v1/token/{value}"):
            assert program.call("PUT", path, {}).status_code == 404
        for query in (f"version={value}", f"{value}={value}"):
            assert program.call("PUT", "/identity/v1/token", {}, query=query).status_code == 400

    check_each(ENCODED, alone(check))


@pytest.mark.parametrize("value", [*BODY_VALUES, "\ud800"], ids=repr)
@pytest.mark.parametrize("name", ["expires_in", "nonce", "a\0b"])
def test_no_body_makes_a_token_fail(program: Inside, name: str, value: Any) -> None:
    assert program.token(json.dumps({name: value}).encode()).status_code == 400
    assert (last_event().outcome, last_event().reason_code) == ("failure", 400)


@pytest.mark.parametrize("value", BODY_VALUES, ids=repr)
@pytest.mark.parametrize("name", ["id", "crn", "name", "a\0b"])
def test_no_trusted_profile_makes_an_iam_token_fail(program: Inside, name: str, value: Any) -> None:
    assert program.iam_token({"trusted_profile": {name: value}}).status_code == 400
    assert (last_event().outcome, last_event().reason_code) == ("failure", 400)


def test_no_header_makes_a_token_fail(program: Inside) -> None:
    def check(case: tuple[str, str]) -> None:
        name, kind_of_value = case
        value = ODD_HEADERS[kind_of_value]
        assert program.token({}, **{name.replace("-", "_"): value}).status_code < 500

    check_each(list(product(HEADERS, ODD_HEADERS)), alone(check))
