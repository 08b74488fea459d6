"""``assume``: the bearer of an IAM token becomes a trusted profile that has it among its identities."""

from collections.abc import Callable
from datetime import timedelta
from itertools import combinations
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from servers.models import BareMetalServer
from tests.iam.asking import API_KEY, ASSUME, CR_TOKEN, ask, claims, refused, token
from tests.iam.conftest import BY, Robot, trust
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import TrustedProfile
from trustedprofiles.services.identities import delete_identity
from trustedprofiles.services.profiles import delete_profile

KINDS = ("id", "name", "crn")


@pytest.fixture
def alice(alice_key: str) -> str:
    """An IAM token of Alice's."""
    return token(ask({**API_KEY, "apikey": alice_key}))


@pytest.fixture
def mallory(mallory_key: str) -> str:
    return token(ask({**API_KEY, "apikey": mallory_key}))


@pytest.fixture
def trusting(world: World) -> TrustedProfile:
    """A profile that trusts Alice."""
    profile = make_profile(world.account, name="admins")
    trust(profile, "user", ALICE.iam_id)
    return profile


def assume(access_token: str, *, query: str = "", client: str = "", **selector: str) -> Any:
    return ask({**ASSUME, "access_token": access_token, **selector}, query=query, client=client)


# --- which profile ---------------------------------------------------------------------------------------------


def selecting(profile: TrustedProfile, *kinds: str) -> dict[str, str]:
    profile_form = {f"profile_{kind}": getattr(profile, kind) for kind in kinds}
    return profile_form | ({"account": profile.account_id} if kinds == ("name",) else {})


@pytest.mark.parametrize("kinds", [kinds for size in (1, 2, 3) for kinds in combinations(KINDS, size)], ids="-".join)
def test_one_profile_is_named_in_one_way_or_in_several(
    alice: str, trusting: TrustedProfile, kinds: tuple[str, ...]
) -> None:
    assert claims(assume(alice, **selecting(trusting, *kinds)))["iam_id"] == trusting.iam_id


@pytest.mark.parametrize("kinds", list(combinations(KINDS, 2)), ids="-".join)
def test_two_names_that_mean_two_profiles_mean_none(
    world: World, alice: str, trusting: TrustedProfile, kinds: tuple[str, str]
) -> None:
    other = make_profile(world.account, name="other")
    trust(other, "user", ALICE.iam_id)
    profile_form = {f"profile_{kinds[0]}": getattr(trusting, kinds[0]), f"profile_{kinds[1]}": getattr(other, kinds[1])}
    assert refused(assume(alice, **profile_form)) == (400, "BXNIM0397E")


def test_a_name_needs_its_account(alice: str, trusting: TrustedProfile) -> None:
    answer = assume(alice, profile_name=trusting.name)
    assert refused(answer) == (400, "BXNIM0109E")
    assert "'account'" in answer.json()["errorDetails"]


def test_the_account_may_stand_in_the_query(alice: str, trusting: TrustedProfile) -> None:
    assert assume(alice, query=f"?account={ACCOUNT}", profile_name=trusting.name).status_code == 200


@pytest.mark.parametrize("kinds", [("id",), ("crn",), ("name",)])
def test_a_profile_of_another_account_than_named_is_none(
    alice: str, trusting: TrustedProfile, kinds: tuple[str]
) -> None:
    selector = selecting(trusting, *kinds) | {"account": OTHER_ACCOUNT}
    assert refused(assume(alice, **selector)) == (400, "BXNIM0397E")


def test_no_profile_at_all_is_a_bad_request(alice: str) -> None:
    assert refused(assume(alice)) == (400, "BXNIM0109E")


@pytest.mark.parametrize("access_token", ["", " "])
def test_no_token_is_a_bad_request(trusting: TrustedProfile, keys: None, access_token: str) -> None:
    assert refused(assume(access_token, profile_id=trusting.id)) == (400, "BXNIM0109E")


# --- trust -----------------------------------------------------------------------------------------------------


def test_a_profile_that_does_not_trust_the_bearer_says_so_and_where_to_read_more(world: World, alice: str) -> None:
    untrusting = make_profile(world.account, name="untrusting")
    answer = assume(alice, profile_id=untrusting.id)
    assert refused(answer) == (400, "BXNIM0398E")
    url = urlsplit(answer.json()["more_info"])
    assert url.path == "/_baremint/explain"
    assert parse_qs(url.query) == {"subject": [ALICE.iam_id], "profile": [untrusting.id]}
    assert f"POST /v1/profiles/{untrusting.id}/identities/user" in answer.json()["errorDetails"]


def test_owning_the_account_is_not_enough(world: World, alice: str) -> None:
    assert world.account.owner_iam_id == ALICE.iam_id
    assert refused(assume(alice, profile_id=make_profile(world.account).id)) == (400, "BXNIM0398E")


def test_a_link_does_not_let_people_in(alice: str, profile: TrustedProfile) -> None:
    assert refused(assume(alice, profile_id=profile.id)) == (400, "BXNIM0398E")


def test_an_identity_does_not_let_servers_in(identity_token: str, trusting: TrustedProfile) -> None:
    answer = ask({**CR_TOKEN, "cr_token": identity_token, "profile_id": trusting.id})
    assert refused(answer) == (400, "BXNIM0398E")


def test_trust_that_was_taken_back_is_gone_at_once(alice: str, trusting: TrustedProfile) -> None:
    delete_identity(trusting.identities.get(), by=BY)
    assert refused(assume(alice, profile_id=trusting.id)) == (400, "BXNIM0398E")


def test_a_user_of_another_account_gets_in_when_the_identity_lists_it(mallory: str, trusting: TrustedProfile) -> None:
    trust(trusting, "user", MALLORY.iam_id, OTHER_ACCOUNT)
    token_claims = claims(assume(mallory, profile_id=trusting.id))
    assert (token_claims["iam_id"], token_claims["account"]["bss"]) == (trusting.iam_id, ACCOUNT)


def test_a_user_of_another_account_is_refused_unless_the_identity_lists_the_account(
    mallory: str, trusting: TrustedProfile
) -> None:
    trust(trusting, "user", MALLORY.iam_id)
    assert refused(assume(mallory, profile_id=trusting.id)) == (400, "BXNIM0397E")


def test_a_user_of_the_own_account_is_refused_when_only_others_are_listed(alice: str, trusting: TrustedProfile) -> None:
    trust(trusting, "user", ALICE.iam_id, OTHER_ACCOUNT)
    assert refused(assume(alice, profile_id=trusting.id)) == (400, "BXNIM0398E")


@pytest.mark.parametrize("kind", ["id", "crn"])
def test_another_accounts_profile_looks_exactly_like_none(mallory: str, trusting: TrustedProfile, kind: str) -> None:
    value = getattr(trusting, kind)
    bodies = [assume(mallory, **{f"profile_{kind}": each}).json() for each in (value, f"{value[:-4]}ffff")]
    for body in bodies:
        body.pop("context")
    assert bodies[0] == bodies[1]


def test_another_accounts_profile_by_name_looks_like_none(mallory: str, trusting: TrustedProfile) -> None:
    bodies = [
        assume(mallory, profile_name=name, account=ACCOUNT).json() for name in (trusting.name, "there-is-no-such")
    ]
    for body in bodies:
        body.pop("context")
    assert bodies[0] == bodies[1]


def test_a_service_id_gets_in(robot: Robot, trusting: TrustedProfile) -> None:
    trust(trusting, "serviceid", robot.service_id.id)
    bearer = token(ask({**API_KEY, "apikey": robot.key}))
    token_claims = claims(assume(bearer, profile_id=trusting.id))
    assert token_claims["authn"] == {
        "sub": robot.service_id.id,
        "iam_id": robot.service_id.iam_id,
        "sub_type": "ServiceId",
        "name": "robot",
    }


def test_a_service_id_that_is_not_listed_is_refused(robot: Robot, trusting: TrustedProfile) -> None:
    bearer = token(ask({**API_KEY, "apikey": robot.key}))
    answer = assume(bearer, profile_id=trusting.id)
    assert refused(answer) == (400, "BXNIM0398E")
    assert f"POST /v1/profiles/{trusting.id}/identities/serviceid" in answer.json()["errorDetails"]


@pytest.fixture
def as_reader(identity_token: str, profile: TrustedProfile) -> str:
    """The token of a server that is a trusted profile already."""
    return token(ask({**CR_TOKEN, "cr_token": identity_token, "profile_id": profile.id}))


def test_a_server_gets_in_by_its_crn(as_reader: str, server: BareMetalServer, trusting: TrustedProfile) -> None:
    # D-62
    trust(trusting, "crn", server.crn)
    token_claims = claims(assume(as_reader, profile_id=trusting.id))
    assert (token_claims["iam_id"], token_claims["authn"]["sub"]) == (trusting.iam_id, server.crn)


def test_the_profile_that_a_server_assumed_may_not_assume_another(as_reader: str, trusting: TrustedProfile) -> None:
    answer = assume(as_reader, profile_id=trusting.id)
    assert refused(answer) == (400, "BXNIM0398E")
    assert "/identities/crn" in answer.json()["errorDetails"]


def test_an_assumed_profile_is_not_an_identity_that_may_assume(
    alice: str, world: World, trusting: TrustedProfile
) -> None:
    second = make_profile(world.account, name="second")
    trust(second, "user", ALICE.iam_id)
    assumed = token(assume(alice, profile_id=trusting.id))
    assert refused(assume(assumed, profile_id=second.id)) == (400, "BXNIM0398E")


# --- the token given -------------------------------------------------------------------------------------------


def test_the_claims_are_the_profiles_and_say_who_assumed_it(alice: str, trusting: TrustedProfile) -> None:
    token_claims = claims(assume(alice, profile_id=trusting.id))
    assert (token_claims["sub"], token_claims["identifier"], token_claims["sub_type"]) == (
        trusting.id,
        trusting.id,
        "Profile",
    )
    assert (token_claims["name"], token_claims["realmid"], token_claims["grant_type"]) == (
        "admins",
        "iam",
        ASSUME["grant_type"],
    )
    assert token_claims["account"] == {"valid": True, "bss": ACCOUNT, "frozen": True}
    assert (token_claims["authn"]["iam_id"], token_claims["authn"]["sub"]) == (ALICE.iam_id, ALICE.iam_id)
    assert token_claims["exp"] - token_claims["iat"] == 3600


@pytest.mark.parametrize("client", ["", "bx:bx", "kube:kube"])
def test_the_assume_grant_gives_no_refresh_token(alice: str, trusting: TrustedProfile, client: str) -> None:
    assert assume(alice, client=client, profile_id=trusting.id).json()["refresh_token"] == "not_supported"


def test_the_assume_grant_leaves_one_event_from_the_bearer_about_the_profile(
    alice: str, trusting: TrustedProfile
) -> None:
    before = ActivityEvent.objects.count()
    assume(alice, profile_id=trusting.id)
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.action, event.initiator_id, event.target_id, event.outcome) == (
        "iam-identity.profile-assume.login",
        ALICE.iam_id,
        trusting.crn,
        "success",
    )


def test_a_refused_bearer_leaves_one_event_in_its_own_account(mallory: str, trusting: TrustedProfile) -> None:
    before = ActivityEvent.objects.count()
    assume(mallory, profile_id=trusting.id)
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.initiator_id, event.account_id, event.reason_code) == (MALLORY.iam_id, OTHER_ACCOUNT, 400)


Gone = Callable[[Robot, TrustedProfile], Any]
GONE: dict[str, Gone] = {
    "profile": lambda robot, profile: delete_profile(profile, by=BY),
    "service-id": lambda robot, profile: robot.service_id.delete(),
}


@pytest.mark.parametrize("go", GONE.values(), ids=GONE.keys())
def test_the_token_is_good_until_the_profile_or_who_assumed_it_goes(
    robot: Robot, trusting: TrustedProfile, world: World, go: Gone
) -> None:
    trust(trusting, "serviceid", robot.service_id.id)
    assumed = token(assume(token(ask({**API_KEY, "apikey": robot.key})), profile_id=trusting.id))
    other = make_profile(world.account, name="other")
    assert refused(assume(assumed, profile_id=other.id)) == (400, "BXNIM0398E")
    go(robot, trusting)
    assert refused(assume(assumed, profile_id=other.id)) == (401, "BXNIM0407E")


def test_the_token_that_a_server_assumed_is_good_until_the_server_goes(
    as_reader: str, server: BareMetalServer, trusting: TrustedProfile, world: World
) -> None:
    # D-76
    trust(trusting, "crn", server.crn)
    assumed = token(assume(as_reader, profile_id=trusting.id))
    server.delete()
    assert refused(assume(assumed, profile_id=make_profile(world.account).id)) == (401, "BXNIM0407E")


def test_an_expired_token_is_not_supported(
    alice: str, trusting: TrustedProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + timedelta(seconds=3601)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert refused(assume(alice, profile_id=trusting.id)) == (400, "BXNIM0405E")
