"""``refresh_token``: a client goes on after its access token has expired, as long as the API key is there."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import serializers

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from identity.models import ApiKey, RefreshToken
from tests.iam.asking import API_KEY, REFRESH, ask, claims, refused, token
from tests.world import ALICE

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def open_session(key: str, client: str = "bx:bx") -> str:
    return str(ask({**API_KEY, "apikey": key}, client=client).json()["refresh_token"])  # type: ignore[attr-defined]


def refresh(value: str, client: str = "bx:bx") -> Any:
    return ask({**REFRESH, "refresh_token": value}, client=client)


@pytest.fixture
def session(alice_key: str) -> str:
    """A refresh token of Alice's, for the client bx."""
    return open_session(alice_key)


def later(monkeypatch: pytest.MonkeyPatch, **delta: int) -> None:
    then = clock.now() + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: then)


@pytest.mark.parametrize("client", ["bx:bx", "kube:kube"])
def test_a_client_gets_a_new_access_token_and_keeps_its_refresh_token(alice_key: str, client: str) -> None:
    value = open_session(alice_key, client)
    answer = refresh(value, client)
    token_claims = claims(answer)
    assert (token_claims["iam_id"], token_claims["client_id"]) == (ALICE.iam_id, client.partition(":")[0])
    assert (answer.json()["refresh_token"], answer.json()["expires_in"]) == (value, 3600)


def test_a_refresh_token_works_many_times(session: str) -> None:
    assert len({token(refresh(session)) for _ in range(3)}) == 3


def test_a_refresh_token_works_after_the_access_token_has_expired(
    session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, hours=71, minutes=59)
    assert refresh(session).status_code == 200


def test_a_refresh_token_ends_after_72_hours_with_a_code_of_its_own(
    session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, hours=72)
    assert refused(refresh(session)) == (400, "BXNIM0408E")


def test_refreshing_does_not_prolong_the_session(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = RefreshToken.objects.get().expires_at
    later(monkeypatch, hours=71)
    refresh(session)
    assert RefreshToken.objects.get().expires_at == before


@pytest.mark.parametrize("client", ["", "kube:kube"], ids=["none", "another"])
def test_another_client_cannot_use_a_refresh_token(session: str, client: str) -> None:
    assert refused(refresh(session, client)) == (401, "BXNIM0407E")


@pytest.mark.parametrize(
    "value", ["not_supported", "made-up", "a\0b", "r" * 5000], ids=["none", "made-up", "nul", "long"]
)
def test_what_is_no_refresh_token_is_refused_and_leaves_nothing(alice_key: str, value: str) -> None:
    before = ActivityEvent.objects.count()
    assert refused(refresh(value)) == (401, "BXNIM0407E")
    assert ActivityEvent.objects.count() == before


def test_a_token_of_another_kind_is_not_supported(alice_key: str) -> None:
    assert refused(refresh(token(ask({**API_KEY, "apikey": alice_key}, client="bx:bx")))) == (400, "BXNIM0405E")


def test_an_api_key_is_no_refresh_token(alice_key: str) -> None:
    assert refused(refresh(alice_key)) == (401, "BXNIM0407E")


def test_a_refresh_without_a_token_is_a_bad_request(alice_key: str) -> None:
    assert refused(ask(REFRESH, client="bx:bx")) == (400, "BXNIM0109E")


def test_a_deleted_api_key_takes_its_sessions_along(session: str) -> None:
    ApiKey.objects.all().delete()
    assert refused(refresh(session)) == (401, "BXNIM0407E")


@pytest.mark.parametrize("changes", [{"disabled": True}, {"expires_at": LONG_AGO}], ids=["disabled", "expired"])
def test_an_api_key_that_is_not_usable_refreshes_nothing(session: str, changes: dict[str, Any]) -> None:
    ApiKey.objects.update(**changes)
    assert refused(refresh(session)) == (400, "BXNIM0415E")


def test_a_refresh_leaves_one_event_without_the_token(session: str) -> None:
    before = ActivityEvent.objects.count()
    refresh(session)
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.action, event.initiator_id) == ("iam-identity.user-refreshtoken.login", ALICE.iam_id)
    assert session not in serializers.serialize("json", [event])


def test_only_the_hash_of_a_refresh_token_is_stored(session: str) -> None:
    [row] = RefreshToken.objects.values()
    assert row["sha256"] == hashlib.sha256(session.encode()).hexdigest()
    assert row.keys() == {"sha256", "api_key_id", "client_id", "created_at", "expires_at"}
    assert row["client_id"] == "bx"


def test_expired_sessions_of_a_key_go_when_it_opens_another(
    alice_key: str, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, hours=73)
    open_session(alice_key)
    assert RefreshToken.objects.count() == 1
