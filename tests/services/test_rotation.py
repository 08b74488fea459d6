"""Rotation against the database: one active key, whatever interferes, and nothing signed before it stops verifying."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from identity import key_cache, signing
from identity.key_periods import configured_key_times
from identity.key_schedule import HandOver, Purpose
from identity.models import KeyPair
from identity.selectors import KeySeries, published_keys
from identity.services import key_rotation
from identity.services.iam_tokens import verify_iam_token
from tests.services.test_token_verification import iam_token

pytestmark = pytest.mark.usefixtures("keys")

IAM = KeyPair.Purpose.IAM
LINE = KeySeries("iam", "us-south")


def kids(state: str, purpose: str = IAM) -> list[str]:
    return list(KeyPair.objects.filter(purpose=purpose, state=state).values_list("kid", flat=True))


def test_a_token_signed_before_a_rotation_verifies_after_it() -> None:
    token = iam_token()
    key_rotation.rotate_now(IAM, now=clock.now())
    assert verify_iam_token(token, now=clock.now()).name == "Alice"


def test_a_token_signed_before_two_rotations_verifies_after_them() -> None:
    token = iam_token()
    for _ in range(2):
        key_rotation.rotate_now(IAM, now=clock.now())
    assert verify_iam_token(token, now=clock.now()).name == "Alice"


def test_new_tokens_are_signed_by_the_new_key() -> None:
    new = key_rotation.rotate_now(IAM, now=clock.now()).key
    assert key_cache.signer(IAM).kid == new.kid


@pytest.mark.parametrize("purpose", ["identity", "iam", "tls"])
def test_the_private_half_of_a_retiring_key_is_wiped(purpose: Purpose) -> None:
    [old] = kids("active", purpose)
    key_rotation.rotate_now(purpose, now=clock.now())
    row = KeyPair.objects.get(kid=old)
    assert (bytes(row.ciphertext), bytes(row.nonce), row.kek_id) == (b"", b"", "")


def test_the_jwks_publishes_the_active_key_first_and_the_retiring_one_last() -> None:
    key_rotation.rotate_now(IAM, now=clock.now())
    assert [key["kid"] for key in published_keys(IAM)] == [*kids("active"), *kids("prepared"), *kids("retiring")]


def test_the_jwks_has_no_private_member() -> None:
    assert {member for key in published_keys(IAM) for member in key} == {"kty", "n", "e", "alg", "kid", "use"}


def test_ticks_between_rotations_change_nothing() -> None:
    assert key_rotation.run_due_steps(now=clock.now() + timedelta(hours=15)) == 0


@pytest.mark.parametrize("purpose", list(KeyPair.Purpose))
def test_ticks_after_the_period_hand_over_once(purpose: Purpose, settings: Any) -> None:
    later = clock.now() + configured_key_times()[purpose].period + timedelta(hours=1)
    before = KeyPair.objects.get(purpose=purpose, state="active").generation
    for _ in range(3):
        key_rotation.run_due_steps(now=later)
    assert KeyPair.objects.get(purpose=purpose, state="active").generation == before + 1


@pytest.mark.parametrize("purpose", list(KeyPair.Purpose))
def test_a_rotation_asked_for_hands_over_to_the_key_that_was_published_before(purpose: Purpose) -> None:
    [successor] = kids("prepared", purpose)
    assert key_rotation.rotate_now(purpose, now=clock.now()).key.kid == successor
    assert (len(kids("active", purpose)), len(kids("prepared", purpose))) == (1, 1)


@pytest.mark.parametrize("purpose", ["iam", "intermediate", "root"])
def test_a_rotation_says_how_long_verifiers_may_not_know_the_key(purpose: Purpose, settings: Any) -> None:
    waiting = configured_key_times()["root" if purpose == "intermediate" else purpose].publish_before
    early_by = key_rotation.rotate_now(purpose, now=clock.now()).early_by
    assert waiting - timedelta(minutes=1) < early_by <= waiting


def test_a_rotation_of_a_key_that_all_verifiers_know_is_not_early() -> None:
    later = clock.now() + timedelta(hours=15)
    assert key_rotation.rotate_now("iam", now=later).early_by == timedelta(0)


def test_a_hand_over_that_another_worker_made_first_is_not_made_twice() -> None:
    [old], [successor] = kids("active"), kids("prepared")
    step = HandOver(old, successor)
    assert key_rotation._take(LINE, step, now=clock.now(), by=key_rotation.SYSTEM)
    assert not key_rotation._take(LINE, step, now=clock.now(), by=key_rotation.SYSTEM)
    assert kids("active") == [successor]


def test_a_successor_that_vanished_meanwhile_leaves_the_old_key_signing() -> None:
    [old], [successor] = kids("active"), kids("prepared")
    KeyPair.objects.filter(kid=successor).update(state="retired")
    assert not key_rotation._take(LINE, HandOver(old, successor), now=clock.now(), by=key_rotation.SYSTEM)
    assert kids("active") == [old]


def test_the_database_refuses_a_second_active_key() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        KeyPair.objects.filter(purpose=IAM, state="prepared").update(state="active")


@pytest.mark.parametrize(
    ("before", "after"),
    [("active", "prepared"), ("retiring", "active"), ("retired", "retiring"), ("retired", "prepared")],
)
def test_the_database_refuses_every_way_back(before: str, after: str) -> None:
    [kid] = kids("prepared")
    KeyPair.objects.filter(kid=kid).delete()
    [kid] = kids("active")
    KeyPair.objects.filter(kid=kid).update(state=before)
    with pytest.raises(IntegrityError, match="moves forward only"), transaction.atomic():
        KeyPair.objects.filter(kid=kid).update(state=after)


def test_a_rotation_leaves_one_event() -> None:
    key_rotation.rotate_now(IAM, now=clock.now())
    assert ActivityEvent.objects.filter(action="baremint.key.rotate", data__new=kids("active")[0]).count() == 1


def test_nothing_is_signed_as_of_a_time_before_its_key() -> None:
    """The machine's clock was put back: a token would be older than the key that signed it."""
    key = KeyPair.objects.get(kid=kids("active")[0])
    assert key.activated_at
    assert signing.sign({}, purpose=IAM, at=key.activated_at - timedelta(seconds=60))[1] == key.kid
    with pytest.raises(ApiError, match="behind the iam key"):
        signing.sign({}, purpose=IAM, at=key.activated_at - timedelta(seconds=61))


def test_each_token_of_the_same_second_is_different() -> None:
    # D-03
    assert signing.token_hash(iam_token()) != signing.token_hash(iam_token(jti="another"))


def test_keys_of_a_region_that_is_no_longer_the_configured_one_make_nothing_due(settings: Any) -> None:
    for purpose in ("root", "intermediate", "tls", "iam"):
        KeyPair.objects.filter(purpose=purpose).update(region="au-syd")
    key_rotation.run_due_steps(now=clock.now())
    in_a_month = clock.now() + timedelta(days=31)
    key_rotation.run_due_steps(now=in_a_month)
    key_rotation.run_due_steps(now=in_a_month)
    due_at = key_rotation.due_at(in_a_month)
    assert due_at is not None
    assert due_at > in_a_month
