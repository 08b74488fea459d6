"""No text of a form makes the token service fail."""

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent
from servers.models import BareMetalServer
from tests.iam.asking import FORM, PATH
from tests.odd import ENCODED
from tests.tables import check_each
from trustedprofiles.models import TrustedProfile

GRANTS = {
    "urn:ibm:params:oauth:grant-type:apikey": ("apikey", "account"),
    "urn:ibm:params:oauth:grant-type:cr-token": ("cr_token", "profile_id", "profile_crn", "profile_name"),
    "urn:ibm:params:oauth:grant-type:assume": (
        *("access_token", "profile_id", "profile_crn", "profile_name", "account"),
    ),
    "refresh_token": ("refresh_token",),
}
CRN = "crn:v1:bluemix:public:iam-identity::a/{0}::profile:{0}"


def status(form: str, query: str = "") -> int:
    return Client(raise_request_exception=False).post(f"{PATH}{query}", form, content_type=FORM).status_code


@pytest.mark.parametrize("grant", GRANTS)
def test_no_text_of_a_form_makes_a_grant_fail(keys: None, grant: str) -> None:
    def check(value: str) -> None:
        assert status("&".join(f"{name}={value}" for name in ("grant_type", *GRANTS[grant]))) == 400
        assert 400 <= status("&".join([f"grant_type={grant}", *(f"{name}={value}" for name in GRANTS[grant])])) < 500
        assert 400 <= status(f"grant_type={grant}&{value}={value}", f"?account={value}") < 500

    check_each(ENCODED.values(), check)


def test_no_account_beside_a_good_api_key_makes_the_grant_fail(alice_key: str) -> None:
    form = f"grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey={alice_key}"

    def check(value: str) -> None:
        assert 400 <= status(f"{form}&account={value}") < 500
        assert 400 <= status(form, f"?account={value}") < 500

    check_each(ENCODED.values(), check)


def test_no_profile_beside_a_good_token_makes_the_grant_fail(
    identity_token: str, server: BareMetalServer, profile: TrustedProfile
) -> None:
    form = f"grant_type=urn:ibm:params:oauth:grant-type:cr-token&cr_token={identity_token}"

    def check(value: str) -> None:
        forms = [f"profile_id={value}", f"profile_name={value}", f"profile_crn={CRN.format(value)}"]
        assert all(400 <= status(f"{form}&{each}") < 500 for each in forms)

    check_each(ENCODED.values(), check)


def test_a_refused_form_leaves_its_event_whatever_the_agent_is(
    identity_token: str, server: BareMetalServer, profile: TrustedProfile
) -> None:
    form = f"grant_type=urn:ibm:params:oauth:grant-type:cr-token&cr_token={identity_token}&profile_name=unknown"
    answer = Client().post(PATH, form, content_type=FORM, headers={"User-Agent": "a\0b", "X-Request-Id": "\0"})
    assert answer.status_code == 400
    event = ActivityEvent.objects.order_by("-id")[0]
    assert (event.outcome, event.initiator_agent) == ("failure", "a b")
