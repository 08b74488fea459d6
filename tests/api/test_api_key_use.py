"""What API keys and service IDs are good for, and until when: with real tokens."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.models import ApiKey, RefreshToken
from tests.api.apikeys import KEYS, OWN_VALUE, SERVICE_IDS, make_key, make_service_id
from tests.api.calling import call
from tests.policies import make_content
from tests.world import ACCOUNT, ALICE, World, make_profile
from trustedprofiles.models import Policy, ProfileIdentity, TrustedProfile
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.usefixtures("keys", "world")

GRANT = "urn:ibm:params:oauth:grant-type:"
BY = Party("IBMid-ALICE00001", "Alice", "User")
VPCS = "/v1/vpcs?version=2025-08-26&generation=2"
CLI = {"Authorization": "Basic Yng6Yng="}


def exchange(value: str, *, headers: dict[str, str] | None = None) -> Any:
    form = {"grant_type": f"{GRANT}apikey", "apikey": value}
    return Client().post("/identity/token", form, headers=headers or {})


def token_of(value: str) -> str:
    answer = exchange(value)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["access_token"])


def ask(token: str) -> int:
    return int(Client().get(VPCS, headers={"Authorization": f"Bearer {token}"}).status_code)


@pytest.fixture
def robot(world: World) -> Any:
    """A service ID with an API key, that may look at VPC infrastructure."""
    service_id = make_service_id(apikey={"name": "first"})
    create_policy(world.account, content=make_content(service_id["iam_id"]), api_version="v1", by=BY)
    return service_id


def test_an_api_key_of_a_service_id_makes_its_bearer_the_service_id(robot: Any) -> None:
    assert ask(token_of(robot["apikey"]["apikey"])) == 200
    events = ActivityEvent.objects.filter(initiator_id=robot["iam_id"]).values_list("action", flat=True)
    assert list(events.order_by("pk")) == ["iam-identity.serviceid-apikey.login", "is.vpc.vpc.read"]


def test_an_own_value_logs_in(world: World) -> None:
    make_key(apikey=OWN_VALUE)
    assert ask(token_of(OWN_VALUE)) == 200


def test_a_disabled_api_key_is_refused_until_it_is_enabled(robot: Any) -> None:
    value, path = robot["apikey"]["apikey"], f"{KEYS}/{robot['apikey']['id']}"
    token = token_of(value)
    call("POST", f"{path}/disable")
    assert exchange(value).json()["errorCode"] == "BXNIM0415E"
    assert ask(token) == 200
    call("DELETE", f"{path}/disable")
    assert ask(token_of(value)) == 200


def test_a_locked_api_key_logs_in_as_before(robot: Any) -> None:
    call("POST", f"{KEYS}/{robot['apikey']['id']}/lock")
    assert exchange(robot["apikey"]["apikey"]).status_code == 200


def test_an_expired_api_key_is_refused(robot: Any) -> None:
    path = f"{KEYS}/{robot['apikey']['id']}"
    call("PUT", path, {"expires_at": "2099-12-24T18:00+0000"}, If_Match="*")
    assert exchange(robot["apikey"]["apikey"]).status_code == 200
    ApiKey.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert exchange(robot["apikey"]["apikey"]).json()["errorCode"] == "BXNIM0415E"


def test_an_api_key_is_ended_by_an_end_that_is_past(robot: Any) -> None:
    """As the live test of IBM's Node SDK does; another end brings it back."""
    path, value = f"{KEYS}/{robot['apikey']['id']}", robot["apikey"]["apikey"]
    answer = call("PUT", path, {"expires_at": "2026-01-02T18:30:00+0000"}, If_Match="*")
    assert (answer.status_code, answer.json()["expires_at"]) == (200, "2026-01-02T18:30+0000")
    assert exchange(value).json()["errorCode"] == "BXNIM0415E"
    call("PUT", path, {"expires_at": "2099-12-24T18:00+0000"}, If_Match="*")
    assert exchange(value).status_code == 200


def test_a_deleted_api_key_is_refused_and_its_tokens_live_to_their_end(robot: Any) -> None:
    token = token_of(robot["apikey"]["apikey"])
    call("DELETE", f"{KEYS}/{robot['apikey']['id']}")
    assert exchange(robot["apikey"]["apikey"]).json()["errorCode"] == "BXNIM0415E"
    assert ask(token) == 200


def test_the_sessions_of_an_api_key_go_with_it() -> None:
    key = make_key()
    session = exchange(key["apikey"], headers=CLI).json()["refresh_token"]
    call("DELETE", f"{KEYS}/{key['id']}")
    form = {"grant_type": "refresh_token", "refresh_token": session}
    assert Client().post("/identity/token", form, headers=CLI).status_code == 401
    assert not RefreshToken.objects.exists()


def test_a_deleted_service_id_takes_its_api_keys_and_tokens_with_it(robot: Any) -> None:
    second = make_key(iam_id=robot["iam_id"])
    mine = make_key()
    token = token_of(second["apikey"])
    assert call("DELETE", f"{SERVICE_IDS}/{robot['id']}").status_code == 204
    assert ask(token) == 401
    assert [exchange(key["apikey"]).status_code for key in (robot["apikey"], second, mine)] == [400, 400, 200]
    assert list(ApiKey.objects.values_list("id", flat=True)) == [mine["id"]]


def test_a_deleted_service_id_takes_its_policies_and_no_others(world: World, robot: Any) -> None:
    other = create_policy(world.account, content=make_content("IBMid-BOB0000001"), api_version="v1", by=BY)
    call("DELETE", f"{SERVICE_IDS}/{robot['id']}")
    assert [policy.id for policy in Policy.objects.all()] == [other.id]


def test_no_profile_trusts_a_deleted_service_id(world: World, robot: Any) -> None:
    profile = make_profile(world.account, name="victor")
    identity = {"type": "serviceid", "identifier": robot["id"]}
    assert call("POST", f"/v1/profiles/{profile.id}/identities/serviceid", identity).status_code == 200
    before = TrustedProfile.objects.get().entity_tag
    call("DELETE", f"{SERVICE_IDS}/{robot['id']}")
    assert not ProfileIdentity.objects.exists()
    assert TrustedProfile.objects.get().entity_tag != before


def test_the_event_of_a_deleted_service_id_tells_what_went_with_it(world: World, robot: Any) -> None:
    policy = Policy.objects.get()
    call("DELETE", f"{SERVICE_IDS}/{robot['id']}")
    event = ActivityEvent.objects.order_by("-pk")[0]
    assert (event.action, event.target_id) == ("iam-identity.account-serviceid.delete", robot["crn"])
    went = {"apikeys": [robot["apikey"]["id"]], "policies": [str(policy.id)], "profiles": [], "access_groups": []}
    assert event.data == went


def test_activity_counts_the_logins_of_each_key_and_of_all_of_a_service_id(robot: Any) -> None:
    second = make_key(iam_id=robot["iam_id"])
    for value in (second["apikey"], second["apikey"], robot["apikey"]["apikey"], make_key()["apikey"]):
        exchange(value)
    of_key = call("GET", f"{KEYS}/{second['id']}?include_activity=true").json()["activity"]
    of_all = call("GET", f"{SERVICE_IDS}/{robot['id']}?include_activity=true").json()["activity"]
    assert (of_key["authn_count"], of_all["authn_count"]) == (2, 3)
    assert of_key["last_authn"] == of_all["last_authn"] == clock.now().strftime("%Y-%m-%dT%H:%M+0000")


def test_logins_that_earlier_versions_recorded_by_id_count(robot: Any) -> None:
    ActivityEvent.objects.create(
        time=clock.now(),
        action="iam-identity.serviceid-apikey.login",
        outcome="success",
        reason_code=200,
        account_id=ACCOUNT,
        initiator_id=ALICE.iam_id,
        target_id=robot["apikey"]["id"],
    )
    body = call("GET", f"{KEYS}/{robot['apikey']['id']}?include_activity=true").json()
    assert body["activity"]["authn_count"] == 1
