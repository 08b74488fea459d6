"""IBM's own live tests of its Go SDK: each passes whose calls are all served; the others are listed with the call."""

from collections import Counter
from itertools import chain as joined

import jwt
import pytest

from tests.conformance.live_suites import SUITES, Suite, attempt, built
from tests.conformance.not_served import NOT_SERVED
from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.ready_made import ReadyMade

pytestmark = pytest.mark.conformance


@pytest.fixture
def properties(product: Product, operator: Operator) -> dict[str, str]:
    info = product.info
    claims = jwt.decode(operator.iam.authenticator.token_manager.get_token(), options={"verify_signature": False})
    account, url = info["account_id"], info["iam_url"]
    accounts = ("ACCOUNT_ID", "USER_ACCOUNT_ID", "TEST_ACCOUNT_ID")
    # There are no enterprises here: the tests that need one get this account, and are listed.
    enterprises = (
        "ENTERPRISE_ACCOUNT_ID",
        "ENTERPRISE_SUBACCOUNT_ID",
        "TEST_TARGET_ACCOUNT_ID",
        "TEST_ACCOUNT_GROUP_ID",
    )
    return {
        "URL": url,
        "AUTH_TYPE": "iam",
        "AUTH_URL": url,
        "APIKEY": info["api_key"],
        "IAM_ID": claims["iam_id"],
        "USER_ID": claims["iam_id"],
        "MEMBER_EMAIL": "member@example.com",
        "RESOURCE_CRN": info["servers"][0]["crn"],
        "ACCESS_GROUP_ID": "AccessGroupId-PublicAccess",
        "VIEWER_ROLE_ID": "crn:v1:bluemix:public:iam::::role:Viewer",
        "TEST_POLICY_TEMPLATE_ID": "none",
        "QUOTA_ID": "none",
        **dict.fromkeys((*accounts, *enterprises), account),
    }


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.package)
def test_ibms_own_tests_pass_where_all_their_calls_are_served(
    suite: Suite, ready_made: ReadyMade, properties: dict[str, str]
) -> None:
    outcome = attempt(suite, built(suite, ready_made), properties)
    expected = Counter(joined.from_iterable(NOT_SERVED.get(suite.package, {}).values()))
    unexpected = sorted((outcome.failed - expected).elements())
    assert unexpected == [], f"{unexpected}\n{outcome.text[-20_000:]}"
    assert sorted((expected - outcome.failed).elements()) == [], "These pass now: take them out of not_served.toml."
    assert outcome.ran > outcome.failed.total()
