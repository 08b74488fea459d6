"""A user who is not active any more acts no more: by no API key, no session, no token, and as no other identity."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from controlplane.kernel import clock
from controlplane.kernel.errors import Unauthenticated
from identity.services.iam_tokens import verify_iam_token
from tests.iam.asking import API_KEY, ASSUME, REFRESH, ask, refused, token
from tests.iam.conftest import Robot, trust
from tests.world import ALICE, World, make_profile
from trustedprofiles.models import User


@pytest.fixture
def alice(world: World) -> User:
    return User.objects.create_user("alice", iam_id=ALICE.iam_id, account=world.account)


@pytest.fixture
def deactivate(alice: User) -> Callable[[], None]:
    def act() -> None:
        alice.is_active = False
        alice.save()

    return act


def login(key: str, client: str = "") -> Any:
    return ask({**API_KEY, "apikey": key}, client=client)


def test_the_api_key_of_a_deactivated_person_is_refused(alice_key: str, deactivate: Callable[[], None]) -> None:
    deactivate()
    assert refused(login(alice_key)) == (400, "BXNIM0415E")


def test_the_session_of_a_deactivated_person_ends(alice_key: str, deactivate: Callable[[], None]) -> None:
    session = login(alice_key, "bx:bx").json()["refresh_token"]
    deactivate()
    assert refused(ask({**REFRESH, "refresh_token": session}, client="bx:bx"))[0] == 400


def test_a_token_from_before_the_deactivation_is_refused(alice_key: str, deactivate: Callable[[], None]) -> None:
    value = token(login(alice_key))
    verify_iam_token(value, now=clock.now())
    deactivate()
    with pytest.raises(Unauthenticated, match="its user was deactivated"):
        verify_iam_token(value, now=clock.now())


def test_the_token_of_a_profile_that_a_deactivated_person_assumed_is_refused(
    world: World, alice_key: str, deactivate: Callable[[], None]
) -> None:
    profile = make_profile(world.account, name="admins")
    trust(profile, "user", ALICE.iam_id)
    value = token(ask({**ASSUME, "access_token": token(login(alice_key)), "profile_id": profile.id}))
    verify_iam_token(value, now=clock.now())
    deactivate()
    with pytest.raises(Unauthenticated):
        verify_iam_token(value, now=clock.now())


def test_the_console_signs_a_deactivated_person_out(alice: User, deactivate: Callable[[], None]) -> None:
    browser = Client(headers={"Accept": "text/html"})
    browser.force_login(alice)
    assert browser.get("/profiles").status_code == 200
    deactivate()
    assert browser.get("/profiles")["Location"].startswith("/login")


def test_service_ids_of_the_account_go_on(robot: Robot, deactivate: Callable[[], None]) -> None:
    deactivate()
    verify_iam_token(token(login(robot.key)), now=clock.now())


def test_a_person_who_is_active_again_is_let_in_again(
    alice: User, alice_key: str, deactivate: Callable[[], None]
) -> None:
    deactivate()
    User.objects.filter(pk=alice.pk).update(is_active=True)
    verify_iam_token(token(login(alice_key)), now=clock.now())


def test_people_cannot_be_deleted_in_the_admin(alice: User) -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    assert browser.get(f"/admin/trustedprofiles/user/{alice.pk}/change/").status_code == 200
    assert browser.post(f"/admin/trustedprofiles/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=alice.pk).exists()
