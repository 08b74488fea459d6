"""IBM's own live tests of its Go SDK: each passes whose calls are all served; the others are listed with the reason."""

import tomllib
from pathlib import Path

import jwt
import pytest

from tests.conformance.live_suites import SUITES, Suite, attempt, built
from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.ready_made import ReadyMade

pytestmark = pytest.mark.conformance

NOT_SERVED = tomllib.loads((Path(__file__).parent / "not_served.toml").read_text())
"""By package: the title of each test that fails, and the first of its calls that is not served."""


@pytest.fixture
def properties(product: Product, operator: Operator) -> dict[str, str]:
    info = product.info
    claims = jwt.decode(operator.iam.authenticator.token_manager.get_token(), options={"verify_signature": False})
    account, url = info["account_id"], info["iam_url"]
    return {
        "URL": url,
        "AUTH_TYPE": "iam",
        "AUTH_URL": url,
        "APIKEY": info["api_key"],
        "IAM_ID": claims["iam_id"],
        # There are no enterprises here: the tests that need one get this account, and are listed.
        **dict.fromkeys(
            ("ACCOUNT_ID", "TEST_ACCOUNT_ID", "ENTERPRISE_ACCOUNT_ID", "ENTERPRISE_SUBACCOUNT_ID"), account
        ),
    }


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.package)
def test_ibms_own_tests_pass_where_all_their_calls_are_served(
    suite: Suite, ready_made: ReadyMade, properties: dict[str, str]
) -> None:
    outcome = attempt(suite, built(suite, ready_made), properties)
    expected = NOT_SERVED[suite.package]
    unexpected = sorted(outcome.failed - expected.keys())
    assert unexpected == [], outcome.text[-20_000:]
    assert sorted(expected.keys() - outcome.failed) == [], "These pass now: take them out of not_served.toml."
    assert outcome.ran > len(outcome.failed)
