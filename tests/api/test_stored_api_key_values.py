"""The value of an API key of a service ID that was stored on request: who reads it, where, and under which KEK."""

import base64
import os
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from ibm_platform_services import IamIdentityV1
from ibm_platform_services.iam_identity_v1 import ApiKeyInsideCreateServiceIdRequest

from controlplane.kernel import clock
from controlplane.sealing import keks
from controlplane.sealing import rows as sealed_rows
from identity.models import StoredValue
from identity.services.kek_rotation import rotate_kek
from tests.api.apikeys import BOB, KEYS, SERVICE_IDS, make_key, make_service_id
from tests.api.calling import call, refusal
from tests.api.official import connected
from tests.policies import attribute
from tests.world import ACCOUNT, MALLORY, World

pytestmark = pytest.mark.usefixtures("world", "keys")
ROLE = "crn:v1:bluemix:public:iam::::role:"


@pytest.fixture
def stored(world: World, keys: None) -> Any:
    return make_key(iam_id=make_service_id()["iam_id"], store_value=True)


def grant(role: str) -> None:
    """Give Bob a role on the IAM identity service."""
    answer = call(
        "POST",
        "/v2/policies",
        {
            "type": "access",
            "subject": {"attributes": [attribute("iam_id", BOB.iam_id)]},
            "control": {"grant": {"roles": [{"role_id": f"{ROLE}{role}"}]}},
            "resource": {
                "attributes": [attribute("accountId", ACCOUNT), attribute("serviceName", "iam-identity")],
            },
        },
    )
    assert answer.status_code == 201, answer.content


def test_a_get_of_the_key_shows_the_value(stored: Any) -> None:
    assert call("GET", f"{KEYS}/{stored['id']}").json()["apikey"] == stored["apikey"]


def test_no_other_answer_has_the_property(stored: Any) -> None:
    path = f"{KEYS}/{stored['id']}"
    api_keys = call("GET", f"{KEYS}?scope=account").json()["apikeys"]
    update = call("PUT", path, {"description": "d"}, If_Match="*").json()
    by_value = call("GET", f"{KEYS}/details", IAM_ApiKey=stored["apikey"]).json()
    assert [body["id"] for body in (*api_keys, update, by_value) if "apikey" in body] == []


@pytest.mark.parametrize(("role", "shown"), [("Viewer", False), ("Editor", True)])
def test_the_value_is_shown_to_who_may_change_the_key_and_not_to_who_only_reads_it(
    stored: Any, role: str, shown: bool
) -> None:
    grant(role)
    answer = call("GET", f"{KEYS}/{stored['id']}", caller=BOB)
    assert (answer.status_code, "apikey" in answer.json()) == (200, shown)


def test_another_accounts_owner_finds_nothing(stored: Any) -> None:
    assert refusal(call("GET", f"{KEYS}/{stored['id']}", caller=MALLORY)) == (404, "not_found")


@pytest.mark.parametrize("said", [{}, {"store_value": False}], ids=["unsaid", "false"])
def test_a_value_is_stored_only_on_request(said: dict[str, bool]) -> None:
    key = make_key(iam_id=make_service_id()["iam_id"], **said)
    assert "apikey" not in call("GET", f"{KEYS}/{key['id']}").json()
    assert not StoredValue.objects.exists()


def test_a_key_made_with_its_service_id_is_stored_by_the_official_client() -> None:
    iam = connected(IamIdentityV1)
    first = ApiKeyInsideCreateServiceIdRequest(name="first", store_value=True)
    api_key = iam.create_service_id(account_id=ACCOUNT, name="robot", apikey=first).get_result()["apikey"]
    assert iam.get_api_key(id=api_key["id"]).get_result()["apikey"] == api_key["apikey"]


def test_another_kek_takes_over_and_the_old_one_can_go(stored: Any, settings: Any) -> None:
    old = str(settings.HOME.read_secret(keks.KEK_FILE))
    new = base64.b64encode(os.urandom(32)).decode()
    settings.BAREMINT_KEK = [new, old]
    counts = rotate_kek(now=clock.now(), progress=lambda *_: None)
    settings.BAREMINT_KEK = [new]
    assert counts.left == 0
    assert call("GET", f"{KEYS}/{stored['id']}").json()["apikey"] == stored["apikey"]


def test_a_value_moved_to_another_key_stops_the_start(stored: Any) -> None:
    other = make_key(iam_id=stored["iam_id"])
    StoredValue.objects.update(api_key=other["id"])
    with pytest.raises(ImproperlyConfigured, match="does not decrypt"):
        sealed_rows.require_fitting_kek()


def test_the_value_goes_with_the_service_id(stored: Any) -> None:
    call("DELETE", f"{SERVICE_IDS}/{stored['iam_id'].removeprefix('iam-')}")
    assert not StoredValue.objects.exists()
