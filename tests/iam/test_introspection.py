"""``POST /identity/introspect`` and ``GET /identity/userinfo``: is it good, and whose is it?"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.test import Client

from controlplane.kernel import clock
from identity.models import ApiKey
from servers.models import BareMetalServer
from tests.iam.asking import (
    API_KEY,
    ASSUME,
    CR_TOKEN,
    INTROSPECT,
    REFRESH,
    USERINFO,
    ask,
    introspected,
    refused,
    token,
    user_info,
)
from tests.iam.conftest import BY, Robot, trust
from tests.watching import nothing_is_written
from tests.world import ACCOUNT, ALICE, World, make_profile
from trustedprofiles.models import TrustedProfile, User
from trustedprofiles.services.profiles import delete_profile

INACTIVE = {"active": False}
OF_THE_TOKEN = {"jti", "iat", "exp", "iss", "grant_type", "scope", "client_id", "acr", "amr"}


@pytest.fixture
def tokens(
    alice_key: str, alice_the_user: User, robot: Robot, identity_token: str, profile: TrustedProfile
) -> dict[str, str]:
    """One IAM token of each kind."""
    trust(profile, "user", ALICE.iam_id)
    of_alice = token(ask({**API_KEY, "apikey": alice_key}))
    return {
        "person": of_alice,
        "service-id": token(ask({**API_KEY, "apikey": robot.key})),
        "server": token(ask({**CR_TOKEN, "cr_token": identity_token, "profile_id": profile.id})),
        "assumed": token(ask({**ASSUME, "access_token": of_alice, "profile_id": profile.id})),
    }


def unverified(text: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(text, options={"verify_signature": False})
    return claims


def test_of_a_good_token_all_claims_are_told_and_to_its_bearer_those_about_its_subject(tokens: dict[str, str]) -> None:
    for kind, text in tokens.items():
        claims = unverified(text)
        with nothing_is_written():
            assert (kind, introspected(token=text)) == (kind, {"active": True, **claims})
            other_claims = {name: value for name, value in claims.items() if name not in OF_THE_TOKEN}
            assert (kind, user_info(text).json()) == (kind, {"active": True, **other_claims})


def test_of_a_good_api_key_what_its_token_would_say_of_its_subject_is_told(
    alice_key: str, robot: Robot, tokens: dict[str, str]
) -> None:
    for value, kind in ((alice_key, "person"), (robot.key, "service-id")):
        other_claims = {name: text for name, text in unverified(tokens[kind]).items() if name not in OF_THE_TOKEN}
        with nothing_is_written():
            assert introspected(apikey=value) == {"active": True, **other_claims}
        assert introspected(**{**API_KEY, "apikey": value})["account"]["bss"] == ACCOUNT


ENDINGS: dict[str, tuple[str, Callable[[Robot, TrustedProfile], Any]]] = {
    "user-deactivated": ("person assumed", lambda robot, profile: User.objects.update(is_active=False)),
    "service-id-deleted": ("service-id", lambda robot, profile: robot.service_id.delete()),
    "profile-deleted": ("server assumed", lambda robot, profile: delete_profile(profile, by=BY)),
    "server-deleted": ("server", lambda robot, profile: BareMetalServer.objects.all().delete()),
}


@pytest.mark.parametrize(("kinds", "end"), ENDINGS.values(), ids=ENDINGS)
def test_a_token_whose_subject_is_gone_is_not_active_and_others_are(
    tokens: dict[str, str], robot: Robot, profile: TrustedProfile, kinds: str, end: Callable[..., Any]
) -> None:
    end(robot, profile)
    for kind, text in tokens.items():
        is_over = kind in kinds.split()
        assert (introspected(token=text) == INACTIVE, user_info(text).json() == INACTIVE) == (is_over, is_over)


def test_an_expired_token_is_not_active(tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(seconds=3601)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert introspected(token=tokens["person"]) == user_info(tokens["person"]).json() == INACTIVE


@pytest.mark.parametrize(
    "changes", [{"disabled": True}, {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}], ids=["disabled", "expired"]
)
def test_an_api_key_that_is_not_usable_is_not_active(alice_key: str, changes: dict[str, Any]) -> None:
    ApiKey.objects.update(**changes)
    assert introspected(apikey=alice_key) == INACTIVE


def test_an_api_key_of_a_deactivated_person_is_not_active(alice_key: str, alice_the_user: User) -> None:
    User.objects.update(is_active=False)
    assert introspected(apikey=alice_key) == INACTIVE


def test_a_locked_api_key_is_active(alice_key: str) -> None:
    ApiKey.objects.update(locked=True)
    assert introspected(apikey=alice_key)["active"] is True


@pytest.mark.parametrize("value", ["x", "a.b.c", "a\0b", "ä" * 40, "k" * 5000])
def test_what_is_no_iam_token_or_api_key_is_not_active(keys: None, value: str) -> None:
    # D-150
    assert introspected(token=value) == introspected(apikey=value) == INACTIVE


def test_an_identity_token_and_a_refresh_token_are_not_active(identity_token: str, alice_key: str) -> None:
    session = ask({**API_KEY, "apikey": alice_key}, client="bx:bx").json()["refresh_token"]  # type: ignore[attr-defined]
    assert ask({**REFRESH, "refresh_token": session}, client="bx:bx").status_code == 200
    assert introspected(token=identity_token) == introspected(token=session) == INACTIVE
    assert user_info(identity_token).json() == INACTIVE


FORMS: dict[str, tuple[dict[str, str], tuple[int, str]]] = {
    "nothing": ({}, (400, "BXNIM0109E")),
    "empty": ({"token": "", "apikey": " "}, (400, "BXNIM0109E")),
    "both": ({"token": "a", "apikey": "b"}, (400, "BXNIM0106E")),
}


@pytest.mark.parametrize(("form", "expected"), FORMS.values(), ids=FORMS)
def test_introspection_needs_a_token_or_an_api_key(keys: None, form: dict[str, str], expected: tuple[int, str]) -> None:
    answer = ask(form, path=INTROSPECT)
    assert refused(answer, INTROSPECT) == expected
    assert "token" in answer.json()["errorDetails"]  # type: ignore[attr-defined]


def test_a_client_may_authenticate_and_must_be_known(alice_key: str) -> None:
    assert ask({"apikey": alice_key}, path=INTROSPECT, client="bx:bx").json()["active"] is True  # type: ignore[attr-defined]
    answer = ask({"apikey": alice_key}, path=INTROSPECT, client="no:body")
    assert refused(answer, INTROSPECT) == (401, "BXNIM0136E")


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic Yng6Yng=", "Bearer a b"])
def test_user_info_needs_a_bearer(keys: None, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer: Any = Client().get(USERINFO, headers=headers)
    assert refused(answer, USERINFO) == (401, "BXNIM0308E")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_the_scheme_is_read_in_any_case(tokens: dict[str, str]) -> None:
    assert user_info(tokens["person"], scheme="BEARER").json()["iam_id"] == ALICE.iam_id


@pytest.mark.parametrize(("path", "method", "allowed"), [(INTROSPECT, "GET", "POST"), (USERINFO, "POST", "GET")])
def test_another_method_is_told_the_right_one(keys: None, path: str, method: str, allowed: str) -> None:
    answer: Any = Client().generic(method, path)
    assert refused(answer, path) == (405, "BXNIM0060E")
    assert answer["Allow"] == allowed


def test_who_becomes_a_profile_of_another_account_is_of_that_account(
    world: World, tokens: dict[str, str], identity_token: str
) -> None:
    theirs = make_profile(world.other_account, name="theirs")
    trust(theirs, "user", ALICE.iam_id, ACCOUNT)
    assumed = token(ask({**ASSUME, "access_token": tokens["person"], "profile_id": theirs.id}))
    assert introspected(token=assumed)["account"]["bss"] == world.other_account.id
